#include "base/error.h"
#include "engine/redis/cluster_nodes.h"
#include "engine/redis/info.h"
#include "engine/redis/servers.h"

#include <gtest/gtest.h>

namespace drs::redis {
namespace {

using resp::Reply;

// --- INFO ----------------------------------------------------------------------------------------------------------

TEST(RedisInfo, ReadsValuesKeyspaceAndReplicas) {
  const Info info(
      "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:2\r\n"
      "slave0:ip=10.0.0.2,port=6380,state=online,offset=1234,lag=0\r\n"
      "slave10:ip=::1,port=6381,state=wait_bgsave,offset=0,lag=0\r\nslave_expires_tracked_keys:0\r\n"
      "# Keyspace\r\ndb10:keys=3,expires=1,avg_ttl=5,subexpiry=2\r\ndb0:keys=7,expires=0,avg_ttl=0\r\nodd line\r\n"
      "executable:/a:b\r\ndb2:keys=0,expires=0\r\ndbx:keys=1");
  EXPECT_TRUE(info.is("role", "master"));
  EXPECT_EQ(info.find("executable"), "/a:b");
  EXPECT_EQ(info.number("connected_slaves"), 2U);
  EXPECT_EQ(info.number("run_id"), std::nullopt);
  EXPECT_EQ(info.find("nothing"), std::nullopt);
  const auto keyspace = info.keyspace();
  ASSERT_EQ(keyspace.size(), 2U);
  EXPECT_EQ(keyspace[0].database, 0U);
  EXPECT_EQ(keyspace[0].keys, 7U);
  EXPECT_EQ(keyspace[1].database, 10U);
  EXPECT_EQ(keyspace[1].fieldExpires, 2U);
  const auto replicas = info.replicas();
  ASSERT_EQ(replicas.size(), 2U);
  EXPECT_EQ(replicas[0].host, "10.0.0.2");
  EXPECT_TRUE(replicas[0].online);
  EXPECT_EQ(replicas[0].offset, 1234U);
  EXPECT_EQ(replicas[1].host, "::1");
  EXPECT_FALSE(replicas[1].online);
}

TEST(RedisInfo, ValkeySaysWhichRedisItIsLikeAndIsNot) {
  const Info info("redis_version:7.2.4\nserver_name:valkey\nvalkey_version:9.1.2\n");
  EXPECT_TRUE(info.isValkey());
  EXPECT_EQ(info.version(), 90102U);
  EXPECT_EQ(info.versionText(), "Valkey 9.1.2");
  EXPECT_EQ(Info("").version(), std::nullopt);
  EXPECT_EQ(Info("").versionText(), "a server of unknown version");
}

TEST(RedisInfo, ReadsVersions) {
  EXPECT_EQ(parseVersion("2.8.24"), 20824U);
  EXPECT_EQ(parseVersion("8.0"), 80000U);
  EXPECT_EQ(parseVersion("255.255.255"), 2559999U);
  EXPECT_EQ(parseVersion("7.0.15-rc1"), 70015U);
  for (const char* text : {"", "7", "v7.0", "unstable", "."}) EXPECT_EQ(parseVersion(text), std::nullopt) << text;
}

// --- clusters ------------------------------------------------------------------------------------------------------

constexpr const char* kNodes =
    "07c37df 127.0.0.1:30004@31004,hostname4 slave e7d1eec 0 1426238317239 4 connected\n"
    "67ed2db 127.0.0.1:30002@31002 master - 0 1426238316232 2 connected 5461-10922\n"
    "292f8b3 127.0.0.1:30003@31003 master,fail - 0 1426238318243 3 disconnected 10923-16382\r\n"
    "6ec2392 :0 slave,noaddr 67ed2db 1426238317239 0 5 disconnected\n"
    "e7d1eec :30001@31001 myself,master - 0 0 1 connected 0-5460 16383 [93->-292f8b3] [77-<-67ed2db]\n"
    "old3 [::1]:7000 master - 0 0 0 connected\n";

TEST(RedisClusterNodes, ReadsWhoServesWhat) {
  const auto nodes = parseClusterNodes(kNodes, "n1");
  ASSERT_EQ(nodes.size(), 6U);
  EXPECT_EQ(nodes[0].masterId, "e7d1eec");
  EXPECT_EQ(nodes[0].address.text(), "127.0.0.1:30004");
  EXPECT_EQ(nodes[1].slots, (std::vector<SlotRange>{{5461, 10922}}));
  EXPECT_TRUE(nodes[2].failed);
  EXPECT_FALSE(nodes[2].slots.empty());
  EXPECT_TRUE(nodes[3].failed);
  EXPECT_TRUE(nodes[4].myself);
  EXPECT_TRUE(nodes[4].address.host.empty());
  EXPECT_EQ(nodes[4].slots, (std::vector<SlotRange>{{0, 5460}, {16383, 16383}}));
  EXPECT_EQ(nodes[4].openSlots, (std::vector<std::uint16_t>{93, 77}));
  EXPECT_EQ(nodes[5].address.host, "::1");
  EXPECT_EQ(uncoveredSlots(nodes), "");
}

TEST(RedisClusterNodes, NamesSlotsThatNobodyHas) {
  auto nodes = parseClusterNodes(kNodes, "n1");
  nodes[1].slots = {{5461, 5461}, {5463, 10920}};
  EXPECT_EQ(uncoveredSlots(nodes), "5462, 10921-10922");
  for (ClusterNode& node : nodes) node.slots.clear();
  EXPECT_EQ(uncoveredSlots(nodes), "0-16383");
  for (std::uint16_t slot = 0; slot < 100; slot += 2) nodes[0].slots.emplace_back(slot, slot);
  EXPECT_TRUE(uncoveredSlots(nodes).ends_with("19, …")) << uncoveredSlots(nodes);
}

TEST(RedisClusterNodes, RefusesWhatIsNone) {
  for (const char* text : {"", "hello", "a b c\n", "id 1.2.3.4 master - 0 0 0 connected"})
    EXPECT_THROW((void)parseClusterNodes(text, "n1"), Error) << text;
}

Reply text(const char* value) {
  return {Reply::Kind::text, value};
}
Reply list(std::vector<Reply> elements) {
  return {Reply::Kind::array, std::move(elements)};
}
Reply number(std::int64_t value) {
  return Reply(value);
}

TEST(RedisClusterSlots, ReadsMastersWithTheirReplicas) {
  const Reply reply = list({list({number(0), number(100), list({text("h1"), number(1), text("a")}),
                                  list({text("h2"), number(2), text("b")})}),
                            list({number(200), number(300), list({text("h1"), number(1), text("a")})}),
                            list({number(101), number(199), list({text("h3"), number(3)})})});
  const auto nodes = parseClusterSlots(reply, "n1");
  ASSERT_EQ(nodes.size(), 3U);
  EXPECT_EQ(nodes[0].slots, (std::vector<SlotRange>{{0, 100}, {200, 300}}));
  EXPECT_EQ(nodes[1].masterId, "a");
  EXPECT_TRUE(nodes[1].slots.empty());
  EXPECT_EQ(nodes[2].id, "h3:3");
}

TEST(RedisClusterSlots, RefusesRangesThatAreNone) {
  const auto node = [] { return list({text("h"), number(1), text("a")}); };
  EXPECT_THROW((void)parseClusterSlots(list({}), "n1"), Error);
  EXPECT_THROW((void)parseClusterSlots(list({list({number(5), number(4), node()})}), "n1"), Error);
  EXPECT_THROW((void)parseClusterSlots(list({list({number(0), number(16384), node()})}), "n1"), Error);
  EXPECT_THROW((void)parseClusterSlots(list({list({number(0), number(1)})}), "n1"), Error);
  EXPECT_THROW((void)parseClusterSlots(list({list({number(0), number(1), list({text("h"), number(70000)})})}), "n1"),
               Error);
}

// --- addresses -----------------------------------------------------------------------------------------------------

EngineJob jobTo(const char* ip, const char* port = nullptr) {
  EngineJob job;
  EndpointInfo info;
  info.endpoint.ip = ip;
  if (port != nullptr) info.endpoint.dbPort = port;
  info.endpoint.dbUser = "u";
  info.endpoint.dbPassword = Secret{"sealed", true};
  job.spec.sourceEndpoint = {info};
  job.spec.targetEndpoint = {info};
  job.open = [](const Secret& secret, const std::string& path) { return path + "=" + secret.text; };
  auto instances = std::make_shared<InstanceCatalogue>();
  (*instances)["i1"] = {"i1", "redis", "r1,r2:6400", "r", 6500};
  job.instances = instances;
  return job;
}

TEST(RedisAddresses, GivesThePortThatIsMissing) {
  const AddressList plain = addressesOf(jobTo("a,b:1,[::1]:2"), Side::source);
  ASSERT_EQ(plain.addresses.size(), 3U);
  EXPECT_EQ(plain.addresses[0].port, 6379);
  EXPECT_EQ(plain.addresses[1].port, 1);
  EXPECT_EQ(plain.addresses[2].host, "::1");
  EXPECT_EQ(addressesOf(jobTo("a", "7777"), Side::source).addresses[0].port, 7777);
  const AddressList sentinels = addressesOf(jobTo("sentinel://main@s1,s2:5"), Side::target);
  EXPECT_EQ(sentinels.sentinelName, "main");
  EXPECT_EQ(sentinels.addresses.at(0).port, 26379);
  EXPECT_EQ(sentinels.addresses.at(1).port, 5);
}

TEST(RedisAddresses, RefusesWithThePath) {
  const auto refusal = [](const EngineJob& job) -> std::string {
    try {
      (void)addressesOf(job, Side::target);
    } catch (const Error& error) {
      return error.args().at(0);
    }
    return "not refused";
  };
  EXPECT_EQ(refusal(jobTo("a,,b")), "target_endpoint[0].endpoint.ip");
  EXPECT_EQ(refusal(jobTo("a", "70000")), "target_endpoint[0].endpoint.db_port");
  EngineJob none = jobTo("");
  none.spec.targetEndpoint[0].endpoint.instanceId = "i9";
  EXPECT_EQ(refusal(none), "i9");
}

TEST(RedisAddresses, LooksInstancesUp) {
  EngineJob job = jobTo("");
  job.spec.sourceEndpoint[0].endpoint.instanceId = "i1";
  const AddressList list = addressesOf(job, Side::source);
  EXPECT_EQ(list.addresses.at(0).port, 6500);
  EXPECT_EQ(list.addresses.at(1).port, 6400);
}

TEST(RedisOptions, OpensSecretsByTheirPath) {
  const EngineJob job = jobTo("a");
  const ConnectOptions source = optionsOf(job, Side::source, {"h", 1});
  EXPECT_EQ(source.password, "source_endpoint[0].endpoint.db_password=sealed");
  EXPECT_EQ(source.user, "u");
  EXPECT_EQ(source.origin, Origin::source);
  EXPECT_FALSE(source.tls);
  EXPECT_EQ(optionsOf(job, Side::target, {"h", 1}).password, "target_endpoint[0].endpoint.db_password=sealed");
}

TEST(RedisOptions, TlsTakesTheCertificateOfTheRequest) {
  EngineJob job = jobTo("a");
  SslConfig ssl;
  ssl.sslLink = true;
  job.spec.sourceEndpoint[0].ssl = ssl;
  EXPECT_TRUE(optionsOf(job, Side::source, {"h", 1}).tls);
  job.spec.sourceEndpoint[0].ssl->sslCertKey = Secret{"no certificate", false};
  EXPECT_THROW((void)optionsOf(job, Side::source, {"h", 1}), Error);
}

}  // namespace
}  // namespace drs::redis
