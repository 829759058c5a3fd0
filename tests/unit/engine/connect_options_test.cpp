#include "crypto/encoding.h"
#include "engine/certificate.h"
#include "engine/mysql/connection.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

EngineJob jobTo(const Endpoint& endpoint) {
  EngineJob job;
  EndpointInfo info;
  info.endpoint = endpoint;
  job.spec.sourceEndpoint = {info};
  job.spec.targetEndpoint = {info};
  job.open = [](const Secret& secret, const std::string& path) { return path + "=" + secret.text; };
  auto instances = std::make_shared<InstanceCatalogue>();
  (*instances)["i1"] = {"i1", "mysql", "db1,db2:3307", "r", 3310};
  job.instances = instances;
  return job;
}

Msg refusal(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.msg();
  }
  return Msg::internal;
}

TEST(ParseAddresses, ReadsNamesPortsAndIpv6) {
  const auto list = parseAddresses("db1,10.0.0.5:3307,[::1]:3308,fe80::1", 3306, "ip");
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0].host, "db1");
  EXPECT_EQ(list[0].port, 3306);
  EXPECT_EQ(list[1].port, 3307);
  EXPECT_EQ(list[2].host, "::1");
  EXPECT_EQ(list[2].port, 3308);
  EXPECT_EQ(list[3].host, "fe80::1");
}

TEST(ParseAddresses, RefusesWhatTheClientLibraryWouldTakeForSomethingElse) {
  for (const char* text :
       {"", "a,,b", "a:0", "a:70000", "[::1", "host=evil;ssl_ca=/etc/passwd", "a b", "sentinel://m@h:1"})
    EXPECT_EQ(refusal([&] { (void)parseAddresses(text, 3306, "ip"); }), Msg::valueNotAllowed) << text;
}

TEST(ConnectOptions, OpensSecretsByTheirPath) {
  Endpoint endpoint;
  endpoint.ip = "db9";
  endpoint.dbPort = "3399";
  endpoint.dbUser = "u";
  endpoint.dbPassword = Secret{"sealed", true};
  const ConnectOptions source = connectOptions(jobTo(endpoint), Side::source);
  EXPECT_EQ(source.password, "source_endpoint[0].endpoint.db_password=sealed");
  EXPECT_EQ(source.addresses.at(0).port, 3399);
  EXPECT_EQ(source.origin, Origin::source);
  EXPECT_FALSE(source.tls);
  EXPECT_EQ(connectOptions(jobTo(endpoint), Side::target).password, "target_endpoint[0].endpoint.db_password=sealed");
}

TEST(ConnectOptions, FindsInstancesInTheCatalogue) {
  Endpoint endpoint;
  endpoint.instanceId = "i1";
  const auto addresses = connectOptions(jobTo(endpoint), Side::target).addresses;
  ASSERT_EQ(addresses.size(), 2U);
  EXPECT_EQ(addresses[0].port, 3310);
  EXPECT_EQ(addresses[1].port, 3307);
  endpoint.instanceId = "i2";
  EXPECT_EQ(refusal([&] { (void)connectOptions(jobTo(endpoint), Side::target); }), Msg::unknownInstance);
}

TEST(ConnectOptions, TakesTheLocalAddressOfTheNode) {
  Endpoint endpoint;
  endpoint.ip = "db9";
  EngineJob job = jobTo(endpoint);
  job.spec.nodeInfo.vpc.emplace().customNodeIp = "10.0.0.7,10.0.0.8";
  EXPECT_EQ(connectOptions(job, Side::source).bindAddress, "10.0.0.7");
}

TEST(Certificate, ChecksBase64SumAndContentWithoutShowingIt) {
  EXPECT_EQ(refusal([] { (void)decodeCertificate({"***", "", "", ""}, "ssl"); }), Msg::valueNotAllowed);
  EXPECT_EQ(refusal([] { (void)decodeCertificate({toBase64("-----BEGIN nothing"), "", "", ""}, "ssl"); }),
            Msg::valueNotAllowed);
  EXPECT_EQ(refusal([] { (void)decodeCertificate({toBase64("no certificate"), "pw", "", "a.p12"}, "ssl"); }),
            Msg::valueNotAllowed);
  try {
    (void)decodeCertificate({toBase64("-----BEGIN CERTIFICATE-----"), "", std::string(64, '0'), ""},
                            "source_endpoint[0].ssl");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.text().find("source_endpoint[0].ssl.ssl_cert_check_sum"), std::string::npos);
    EXPECT_EQ(error.text().find("BEGIN"), std::string::npos);
  }
}

TEST(Quote, DoublesQuotesAndHidesBackslashes) {
  EXPECT_EQ(quoteName("a`b"), "`a``b`");
  EXPECT_EQ(quoteName(TableName{"d", "t"}), "`d`.`t`");
  EXPECT_EQ(quoteText("it's"), "'it''s'");
  EXPECT_EQ(quoteText("a\\b"), "_utf8mb4 X'615C62'");
}

}  // namespace
}  // namespace drs::mysql
