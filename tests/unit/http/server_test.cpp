#include "http/server.h"

#include "base/task_group.h"
#include "raw_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <semaphore>

namespace drs::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::string_literals;

/// A server that echoes the method, the target and the body; "/wait" blocks until released, "/throw" and "/error" fail.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options_.handlerThreads = 3;
    options_.limits.headerBytes = 8U << 10U;
    options_.limits.bodyBytes = 1U << 20U;
  }

  void start() {
    ServerHooks hooks;
    hooks.handle = [this](const Request& request) { return handle(request); };
    hooks.refuse = [](const Error& error, const Request&) {
      return Response::text(std::string(message(error.msg()).symbol), message(error.msg()).http);
    };
    hooks.admit = admit_;
    hooks.observe = [this](const Request&, int status, std::chrono::microseconds) { lastStatus_ = status; };
    server_ = std::make_unique<Server>(options_, std::move(hooks), Log());
  }

  Response handle(const Request& request) {
    if (request.target == "/wait") {
      ++running_;
      release_.acquire();
    }
    if (request.target == "/throw") throw std::runtime_error("secret detail");
    if (request.target == "/error") throw Error(Msg::unknownJob, {"x"});
    if (request.target == "/none") return Response::noContent();
    if (request.target == "/header") return {200, "text/plain", "", {{"X-Evil", "a\r\nX-Injected: b"}}};
    if (request.target == "/large") return Response::text(std::string(3U << 20U, 'x'));
    return Response::text(request.method + " " + request.target + " " + request.body);
  }

  RawClient client(const char* from = "127.0.0.1") { return RawClient(server_->port(), from); }
  static std::string get(const std::string& target, const std::string& more = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: test\r\n" + more + "\r\n";
  }
  static std::string post(const std::string& body, const std::string& more = "") {
    return "POST /p HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" +
           body;
  }
  static int status(const std::string& answer) { return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0; }
  static std::string body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
  static std::string field(const std::string& answer, const std::string& name) {
    const std::size_t at = answer.find("\r\n" + name + ": ");
    if (at == std::string::npos || at > answer.find("\r\n\r\n")) return "(none)";
    const std::size_t start = at + name.size() + 4;
    return answer.substr(start, answer.find("\r\n", start) - start);
  }
  void expectHealthy() {
    RawClient one = client();
    ASSERT_TRUE(one.send(get("/ok")));
    EXPECT_EQ(status(one.answer()), 200);
  }

  ServerOptions options_;
  std::function<void(const Request&)> admit_;
  std::atomic<int> running_ = 0;
  std::atomic<int> lastStatus_ = 0;
  std::counting_semaphore<> release_{0};
  std::unique_ptr<Server> server_;  // last: its threads use the others
};

TEST_F(ServerTest, AnswersWithTheHeadersThatClientsRelyOn) {
  start();
  RawClient one = client();
  one.send(get("/a?b=c"));
  const std::string answer = one.answer();
  EXPECT_EQ(status(answer), 200);
  EXPECT_EQ(body(answer), "GET /a?b=c ");
  EXPECT_EQ(field(answer, "Content-Length"), "11");
  EXPECT_EQ(field(answer, "Connection"), "keep-alive");
  EXPECT_TRUE(field(answer, "Date").ends_with(" GMT")) << answer;
  const std::string id = field(answer, "X-Request-Id");
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST_F(ServerTest, KeepsAConnectionAndGivesEveryRequestAnId) {
  start();
  RawClient one = client();
  std::string last;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(one.send(post("body " + std::to_string(i))));
    const std::string answer = one.answer();
    EXPECT_EQ(body(answer), "POST /p body " + std::to_string(i));
    EXPECT_NE(field(answer, "X-Request-Id"), last);
    last = field(answer, "X-Request-Id");
  }
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient one = client();
  std::string all;
  for (int i = 0; i < 50; ++i) all += i % 2 == 0 ? get("/" + std::to_string(i)) : post(std::to_string(i));
  one.send(all);
  for (int i = 0; i < 50; ++i) {
    const std::string wanted = i % 2 == 0 ? "GET /" + std::to_string(i) + " " : "POST /p " + std::to_string(i);
    EXPECT_EQ(body(one.answer()), wanted);
  }
}

TEST_F(ServerTest, ARequestMayArriveByteByByte) {
  start();
  RawClient one = client();
  for (const char c : post("slow")) ASSERT_TRUE(one.send(std::string_view(&c, 1)));
  EXPECT_EQ(body(one.answer()), "POST /p slow");
}

TEST_F(ServerTest, ChunkedBodiesAreRead) {
  start();
  RawClient one = client();
  one.send(
      "POST /p HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n" +
      get("/next"));
  EXPECT_EQ(body(one.answer()), "POST /p hello world");
  EXPECT_EQ(body(one.answer()), "GET /next ");
}

TEST_F(ServerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  start();
  RawClient one = client();
  one.send("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status(one.answer()), 100);
  one.send("body");
  EXPECT_EQ(body(one.answer()), "POST /p body");
}

TEST_F(ServerTest, HeadAndNoContentHaveNoBody) {
  start();
  RawClient one = client();
  one.send("HEAD /a HTTP/1.1\r\nHost: t\r\n\r\n");
  one.send(get("/none") + get("/after"));
  // The body that HEAD announces is not sent: the next answer follows its header at once.
  std::string answers = one.answer() + one.answer();
  while (answers.find("GET /after") == std::string::npos && !answers.empty()) {
    const std::string more = one.answer();
    ASSERT_FALSE(more.empty());
    answers += more;
  }
  EXPECT_NE(answers.find("Content-Length: 8\r\n"), std::string::npos) << answers;
  EXPECT_NE(answers.find("204 No Content"), std::string::npos);
  EXPECT_EQ(answers.find("HEAD /a"), std::string::npos);
}

TEST_F(ServerTest, Http10AndConnectionCloseEndTheConnection) {
  start();
  RawClient old = client();
  old.send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(field(old.answer(), "Connection"), "close");
  EXPECT_TRUE(old.closes());
  RawClient polite = client();
  polite.send(get("/a", "Connection: close\r\n"));
  EXPECT_EQ(field(polite.answer(), "Connection"), "close");
  EXPECT_TRUE(polite.closes());
}

TEST_F(ServerTest, HalfClosedClientsStillGetTheirAnswer) {
  start();
  RawClient one = client();
  one.send(get("/a"));
  one.finishSending();
  EXPECT_EQ(status(one.answer()), 200);
  EXPECT_TRUE(one.closes());
}

TEST_F(ServerTest, FailuresOfHandlersBecomeAnswers) {
  start();
  RawClient one = client();
  one.send(get("/error") + get("/throw") + get("/ok"));
  EXPECT_EQ(status(one.answer()), message(Msg::unknownJob).http);
  const std::string failed = one.answer();
  EXPECT_EQ(status(failed), 500);
  EXPECT_EQ(failed.find("secret"), std::string::npos);
  EXPECT_EQ(status(one.answer()), 200) << "the connection goes on";
}

TEST_F(ServerTest, LineBreaksInHeaderValuesAreTakenOut) {
  start();
  RawClient one = client();
  one.send(get("/header"));
  const std::string answer = one.answer();
  EXPECT_EQ(field(answer, "X-Evil"), "aX-Injected: b");
  EXPECT_EQ(field(answer, "X-Injected"), "(none)");
}

TEST_F(ServerTest, LargeAnswersArriveWhole) {
  start();
  RawClient one = client();
  one.send(get("/large"));
  EXPECT_EQ(body(one.answer()).size(), 3U << 20U);
}

TEST_F(ServerTest, MalformedRequestsAreAnswered400AndTheConnectionEnds) {
  start();
  const std::string head = "POST /p HTTP/1.1\r\nHost: t\r\n";
  const std::vector<std::string> all{"nonsense\r\n\r\n",
                                     "GET / HTTP/9.9\r\nHost: t\r\n\r\n",
                                     "GET /a b HTTP/1.1\r\nHost: t\r\n\r\n",
                                     "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
                                     "GET * HTTP/1.1\r\nHost: t\r\n\r\n",
                                     "GET / HTTP/1.1\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: t\r\nBad Name: x\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: t\r\nno colon\r\n\r\n",
                                     head + "Content-Length: x\r\n\r\n",
                                     head + "Content-Length: -1\r\n\r\n",
                                     head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                                     head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                     head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
                                     head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                                     head + "Transfer-Encoding: gzip\r\n\r\n",
                                     "GET /\0 HTTP/1.1\r\nHost: t\r\n\r\n"s,
                                     "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"};
  for (const std::string& bad : all) {
    RawClient one = client();
    one.send(bad + get("/smuggled"));
    const std::string answer = one.answer();
    EXPECT_EQ(status(answer), 400) << bad << "\n" << answer;
    EXPECT_EQ(field(answer, "Connection"), "close");
    EXPECT_EQ(one.answer(), "") << "a second answer to " << bad;
  }
  EXPECT_EQ(lastStatus_, 400);
  expectHealthy();
}

TEST_F(ServerTest, HeadersThatAreTooLargeAreAnswered431) {
  start();
  RawClient large = client();
  large.send("GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n");
  EXPECT_EQ(status(large.answer()), 431);
  RawClient endless = client();
  endless.send("GET /" + std::string(9'000, 'a'));
  EXPECT_EQ(status(endless.answer()), 431);
  RawClient fits = client();
  fits.send(get("/", "X: " + std::string(7'000, 'a') + "\r\n"));
  EXPECT_EQ(status(fits.answer()), 200);
}

TEST_F(ServerTest, BodiesThatAreTooLargeAreAnswered413EvenWhileTheyAreSent) {
  start();
  RawClient announced = client();
  ASSERT_TRUE(announced.send("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 20000000\r\n\r\n"));
  EXPECT_TRUE(announced.send(std::string(20'000'000, 'x'))) << "the server closed before the body was sent";
  EXPECT_EQ(status(announced.answer()), 413);
  RawClient chunked = client();
  chunked.send("POST /p HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n" +
               std::string(0x200000, 'x'));
  EXPECT_EQ(status(chunked.answer()), 413);
  RawClient huge = client();
  huge.send("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 18446744073709551615\r\n\r\n");
  EXPECT_EQ(status(huge.answer()), 413);
  RawClient fits = client();
  fits.send(post(std::string(1U << 20U, 'x')));
  EXPECT_EQ(status(fits.answer()), 200);
}

TEST_F(ServerTest, LargeBodiesOfStrangersAreRefusedBeforeTheyAreRead) {
  admit_ = [](const Request& request) {
    if (!request.header("X-Known")) throw Error(Msg::notAuthenticated, {"x"});
  };
  start();
  RawClient stranger = client();
  stranger.send("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 200000\r\n\r\n");
  EXPECT_EQ(status(stranger.answer()), 401);
  RawClient small = client();
  small.send(post("small"));
  EXPECT_EQ(status(small.answer()), 200) << "small bodies are the handler's concern";
  RawClient known = client();
  known.send(post(std::string(200'000, 'x'), "X-Known: 1\r\n"));
  EXPECT_EQ(status(known.answer()), 200);
}

TEST_F(ServerTest, MemoryForLargeBodiesIsBoundedForAllTogether) {
  options_.limits.allBodiesBytes = 1'500'000;
  start();
  RawClient first = client();
  first.send("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\nx");
  RawClient second = client();
  int got = 0;
  for (int i = 0; i < 100 && got != 503; ++i) {  // until the server has seen the first one
    RawClient next = client();
    next.send(post(std::string(1'000'000, 'y')));
    got = status(next.answer());
  }
  EXPECT_EQ(got, 503);
  first.send(std::string(999'999, 'x'));
  EXPECT_EQ(status(first.answer()), 200);
  second.send(post(std::string(1'000'000, 'y')));
  EXPECT_EQ(status(second.answer()), 200) << "the memory was given back";
}

TEST_F(ServerTest, SlowHeadersAndBodiesAndIdleConnectionsAreCutOff) {
  options_.limits.idle = milliseconds(300);
  options_.limits.header = milliseconds(300);
  options_.limits.body = milliseconds(300);
  start();
  RawClient idle = client();
  RawClient header = client();
  RawClient body = client();
  header.send("GET / HTTP/1.1\r\nHost: t\r\nX: ");
  body.send("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc");
  const auto began = std::chrono::steady_clock::now();
  // A byte now and then must not prolong the time.
  auto drip = std::async(std::launch::async, [&] {
    while (header.send("a") && std::chrono::steady_clock::now() - began < seconds(3))
      std::this_thread::sleep_for(milliseconds(50));
  });
  EXPECT_TRUE(idle.closes(seconds(3)));
  EXPECT_TRUE(header.closes(seconds(3)));
  EXPECT_TRUE(body.closes(seconds(3)));
  drip.get();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(3));
  expectHealthy();
}

TEST_F(ServerTest, ClientsThatDoNotReadTheirAnswerAreCutOff) {
  options_.limits.write = milliseconds(300);
  start();
  RawClient lazy = client();
  std::string many;
  for (int i = 0; i < 20; ++i) many += get("/large");
  lazy.send(many);
  std::this_thread::sleep_for(milliseconds(1500));
  std::size_t whole = 0;
  while (lazy.answer().size() > (3U << 20U)) ++whole;
  EXPECT_LT(whole, 20U);
  expectHealthy();
}

TEST_F(ServerTest, AFullServerDropsTheConnectionsOfTheBusiestAddress) {
  options_.limits.connections = 20;
  start();
  RawClient honest = client("127.0.0.2");
  honest.send(get("/ok"));
  EXPECT_EQ(status(honest.answer()), 200);
  std::vector<std::unique_ptr<RawClient>> flood;
  for (int i = 0; i < 100; ++i) {
    flood.push_back(std::make_unique<RawClient>(server_->port()));
    flood.back()->send("GET / HTTP/1.1\r\nX: ");
  }
  EXPECT_TRUE(flood.front()->closes());
  honest.send(get("/again"));
  EXPECT_EQ(status(honest.answer()), 200) << "the connection of another address was dropped";
  RawClient late = client("127.0.0.2");
  late.send(get("/new"));
  EXPECT_EQ(status(late.answer()), 200);
}

TEST_F(ServerTest, RunningRequestsAreNeverDroppedForNewConnections) {
  options_.limits.connections = 4;
  start();
  RawClient busy = client();
  busy.send(get("/wait"));
  while (running_ == 0) std::this_thread::yield();
  std::vector<std::unique_ptr<RawClient>> flood;
  for (int i = 0; i < 20; ++i) flood.push_back(std::make_unique<RawClient>(server_->port()));
  EXPECT_TRUE(flood.front()->closes());
  release_.release();
  EXPECT_EQ(body(busy.answer()), "GET /wait ");
}

TEST_F(ServerTest, BlockedHandlersLeaveTheOtherThreads) {
  start();
  RawClient one = client();
  RawClient two = client();
  one.send(get("/wait"));
  two.send(get("/wait"));
  while (running_ < 2) std::this_thread::yield();
  expectHealthy();
  release_.release(2);
  EXPECT_EQ(status(one.answer()), 200);
  EXPECT_EQ(status(two.answer()), 200);
}

TEST_F(ServerTest, StopFinishesRunningRequestsAndClosesIdleConnections) {
  start();
  RawClient idle = client();
  idle.send(get("/ok"));
  EXPECT_EQ(status(idle.answer()), 200);
  RawClient busy = client();
  busy.send(get("/wait"));
  while (running_ == 0) std::this_thread::yield();
  auto stopping = std::async(std::launch::async, [&] { server_->stop(seconds(20)); });
  EXPECT_TRUE(idle.closes());
  EXPECT_EQ(stopping.wait_for(milliseconds(100)), std::future_status::timeout);
  release_.release();
  const std::string answer = busy.answer();
  EXPECT_EQ(body(answer), "GET /wait ");
  EXPECT_EQ(field(answer, "Connection"), "close");
  stopping.get();
  EXPECT_THROW(client(), std::runtime_error) << "it still accepts";
}

TEST_F(ServerTest, StopCutsOffWhatDoesNotEndInTime) {
  start();
  RawClient slow = client();
  slow.send("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc");
  std::this_thread::sleep_for(milliseconds(100));
  const auto began = std::chrono::steady_clock::now();
  server_->stop(milliseconds(300));
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(3));
  EXPECT_TRUE(slow.closes());
  server_->stop(milliseconds(300));  // a second time does nothing
}

TEST_F(ServerTest, StopCutsOffThoughItsThreadIsBusy) {
  std::atomic<bool> busy = false;
  admit_ = [&](const Request&) {
    busy = true;
    std::this_thread::sleep_for(milliseconds(300));
  };
  options_.ioThreads = 1;
  start();
  RawClient slow = client();
  slow.send("POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 200000\r\n\r\n");
  while (!busy) std::this_thread::yield();
  server_->stop(milliseconds(10));
  EXPECT_TRUE(slow.closes(milliseconds(500)));
}

TEST_F(ServerTest, ManyConnectionsAtOnce) {
  options_.ioThreads = 2;
  start();
  std::atomic<int> good = 0;
  TaskGroup group;
  for (int t = 0; t < 8; ++t) {
    group.start("client", [&](const std::stop_token&) {
      for (int c = 0; c < 10; ++c) {
        RawClient one(server_->port());
        for (int i = 0; i < 20; ++i) {
          one.send(post(std::to_string(i)));
          good += one.answer().ends_with("POST /p " + std::to_string(i)) ? 1 : 0;
        }
      }
    });
  }
  group.wait();
  EXPECT_EQ(good, 8 * 10 * 20);
}

TEST_F(ServerTest, WrongOptionsAreRefusedWithTheReason) {
  const auto reason = [this] {
    try {
      start();
    } catch (const Error& error) {
      return error.text();
    }
    return std::string("it started");
  };
  options_.host = "no.such.host.invalid";
  EXPECT_NE(reason().find("cannot listen on no.such.host.invalid:0"), std::string::npos);
  options_.host = "127.0.0.1";
  start();
  options_.port = server_->port();
  const std::unique_ptr<Server> first = std::move(server_);
  EXPECT_NE(reason().find("in use"), std::string::npos);
  options_.port = 0;
  options_.tlsCertFile = "/nonexistent/cert.pem";
  EXPECT_NE(reason().find("/nonexistent/cert.pem"), std::string::npos);
}

TEST_F(ServerTest, WhatKeepsItFromListeningCanBeAskedBefore) {
  EXPECT_NO_THROW(requireUsable(options_));
  start();
  options_.port = server_->port();
  EXPECT_THROW(requireUsable(options_), Error) << "the port is taken";
  server_.reset();
  EXPECT_NO_THROW(requireUsable(options_));
  start();  // what was asked holds nothing back
  expectHealthy();
  server_.reset();
  options_.tlsCertFile = options_.tlsKeyFile = "/nonexistent.pem";
  EXPECT_THROW(requireUsable(options_), Error);
}

}  // namespace
}  // namespace drs::http
