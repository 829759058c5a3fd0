#include "http/client.h"

#include "base/error.h"
#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <stdlib.h>

namespace drs::http {
namespace {

using ::testing::HasSubstr;

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() { std::signal(SIGPIPE, SIG_IGN); }

  void start(const ServerOptions& options = {}) {
    ServerHooks hooks;
    hooks.handle = [](const Request& request) {
      Response out = Response::text(request.method + " " + request.target + " " + request.body,
                                    request.target == "/404" ? 404 : 200);
      out.headers.emplace_back("X-Host", std::string(request.header("Host").value_or("")));
      out.headers.emplace_back("X-More", std::string(request.header("X-More").value_or("")));
      return out;
    };
    hooks.refuse = [](const Error& error, const Request&) {
      return Response::text(error.text(), message(error.msg()).http);
    };
    server_ = std::make_unique<Server>(options, std::move(hooks), Log());
    authority_ = "127.0.0.1:" + std::to_string(server_->port());
  }

  static Msg failure(const std::string& url, const ClientOptions& options = {}) {
    try {
      (void)call("GET", url, {}, "", options);
    } catch (const Error& error) {
      return error.msg();
    }
    ADD_FAILURE() << "no error for " << url;
    return Msg::internal;
  }

  std::unique_ptr<Server> server_;
  std::string authority_;
};

TEST_F(ClientTest, SendsAndReceives) {
  start();
  Headers headers;
  headers.add("X-More", "value");
  const ClientResponse response = call("POST", "http://" + authority_ + "/a?b=c", headers, "the body");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "POST /a?b=c the body");
  EXPECT_EQ(response.headers.find("x-host"), authority_);
  EXPECT_EQ(response.headers.find("x-more"), "value");
}

TEST_F(ClientTest, EveryStatusIsAnAnswer) {
  start();
  EXPECT_EQ(call("GET", "http://" + authority_ + "/404", {}, "").status, 404);
  EXPECT_EQ(call("HEAD", "http://" + authority_ + "/", {}, "").body, "");
}

TEST_F(ClientTest, LargeBodiesGoBothWays) {
  start();
  const std::string body(5U << 20U, 'x');
  EXPECT_EQ(call("PUT", "http://" + authority_ + "/", {}, body).body.size(), body.size() + 6);
  ClientOptions small;
  small.maxBodyBytes = 1000;
  EXPECT_THROW((void)call("PUT", "http://" + authority_ + "/", {}, body, small), Error);
}

TEST_F(ClientTest, FailuresAreTold) {
  start();
  const std::string closed = authority_;
  server_.reset();
  EXPECT_EQ(failure("http://" + closed + "/"), Msg::cannotConnect);
  EXPECT_EQ(failure("http://no.such.host.invalid/"), Msg::cannotResolve);
  EXPECT_EQ(failure("ftp://127.0.0.1/"), Msg::badConfig);
}

TEST_F(ClientTest, ASilentPeerCostsTheTimeOutOnly) {
  ServerHooks hooks;
  hooks.handle = [](const Request&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    return Response::text("late");
  };
  hooks.refuse = [](const Error&, const Request&) { return Response(); };
  const Server slow({}, std::move(hooks), Log());
  ClientOptions options;
  options.total = std::chrono::milliseconds(200);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(failure("http://127.0.0.1:" + std::to_string(slow.port()) + "/", options), Msg::connectionLost);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(1400));
}

TEST_F(ClientTest, TlsIsVerified) {
  std::string folder = (std::filesystem::temp_directory_path() / "drs-tls-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto certificate = [&](const std::string& name, const std::string& san) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test -addext "
        "subjectAltName=" +
        san + " -keyout " + folder + "/" + name + ".key -out " + folder + "/" + name + ".pem 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  };
  certificate("good", "IP:127.0.0.1");
  certificate("other", "DNS:elsewhere");
  ServerOptions options;
  options.tlsCertFile = folder + "/good.pem";
  options.tlsKeyFile = folder + "/good.key";
  start(options);
  ClientOptions trusting;
  trusting.caFile = folder + "/good.pem";
  EXPECT_EQ(call("GET", "https://" + authority_ + "/tls", {}, "", trusting).body, "GET /tls ");
  EXPECT_EQ(failure("https://" + authority_ + "/"), Msg::tlsFailed) << "an unknown CA";
  EXPECT_EQ(failure("http://" + authority_ + "/"), Msg::connectionLost) << "plain HTTP on a TLS port";

  options.tlsCertFile = folder + "/other.pem";
  options.tlsKeyFile = folder + "/other.key";
  start(options);
  trusting.caFile = folder + "/other.pem";
  EXPECT_EQ(failure("https://" + authority_ + "/", trusting), Msg::tlsFailed) << "a certificate for another host";

  options.tlsKeyFile = folder + "/good.key";
  EXPECT_THROW(start(options), Error) << "a key of another certificate";
  std::filesystem::remove_all(folder);
}

TEST(ParseUrl, TakesItApart) {
  const Url one = parseUrl("http://host:8080/a?b=c");
  EXPECT_EQ(std::tie(one.tls, one.host, one.port, one.authority, one.target),
            std::make_tuple(false, std::string("host"), 8080, std::string("host:8080"), std::string("/a?b=c")));
  const Url two = parseUrl("https://[::1]:99");
  EXPECT_EQ(std::tie(two.tls, two.host, two.port, two.target),
            std::make_tuple(true, std::string("::1"), 99, std::string("/")));
  EXPECT_EQ(parseUrl("https://h").port, 443);
  EXPECT_EQ(parseUrl("http://h?q").target, "/?q");
  for (const char* bad : {"", "h", "http://", "http://:80", "http://h:", "http://h:x", "http://h:99999", "http://h:0",
                          "http://u@h/", "http://[::1/", "http://h/a b", "http://h/\r\nX: y"}) {
    EXPECT_THROW((void)parseUrl(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace drs::http
