#include "base/error.h"
#include "wire/resp/reply.h"
#include "wire/resp/reply_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drs::resp {
namespace {

using Kind = ReplyProblem::Kind;

/// All types, nested; 12 replies, 5 problems.
const std::string kReplies =
    "+OK\r\n"
    ":-12\r\n"
    "$5\r\na\r\nbc\r\n"
    "$0\r\n\r\n"
    "$-1\r\n"
    "-WRONGTYPE Operation against a key\r\n"
    "*3\r\n+OK\r\n-ERR inner\r\n*2\r\n:1\r\n-ERR deep\r\n"
    ">2\r\n+message\r\n-ERR not ours\r\n"
    "*-1\r\n"
    "|1\r\n+ttl\r\n:3600\r\n%2\r\n+a\r\n~2\r\n#t\r\n#f\r\n+b\r\n,1.5\r\n"
    "!9\r\nERR bulky\r\n"
    "=7\r\ntxt:abc\r\n"
    "*0\r\n";

struct Seen {
  std::uint64_t replies = 0;
  std::vector<ReplyProblem> problems;
};

Seen scan(std::string_view bytes, std::size_t piece) {
  ReplyScanner scanner;
  Seen seen;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto progress = scanner.feed(bytes.substr(at, piece), seen.problems);
    EXPECT_EQ(progress.bytes, std::min(piece, bytes.size() - at));
    seen.replies += progress.replies;
  }
  EXPECT_EQ(scanner.complete(), seen.replies);
  EXPECT_TRUE(scanner.idle());
  return seen;
}

bool refused(std::string_view bytes) {
  ReplyScanner scanner;
  std::vector<ReplyProblem> problems;
  try {
    scanner.feed(bytes, problems);
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::badReply);
    return true;
  }
  return false;
}

TEST(RespReplyScanner, CountsRepliesOfAllTypesWhereverTheyAreCut) {
  for (std::size_t piece = 1; piece <= kReplies.size(); ++piece) {
    const Seen seen = scan(kReplies, piece);
    ASSERT_EQ(seen.replies, 12U) << piece;
    ASSERT_EQ(seen.problems.size(), 5U) << piece;
    EXPECT_EQ(seen.problems[0].kind, Kind::error);
    EXPECT_EQ(seen.problems[0].index, 5U);
    EXPECT_EQ(seen.problems[0].text, "WRONGTYPE Operation against a key");
    EXPECT_EQ(seen.problems[1].kind, Kind::inner);
    EXPECT_EQ(seen.problems[1].index, 6U);
    EXPECT_EQ(seen.problems[1].position, 1U);
    EXPECT_EQ(seen.problems[1].text, "ERR inner");
    EXPECT_EQ(seen.problems[2].kind, Kind::inner);
    EXPECT_EQ(seen.problems[2].position, 2U) << "the element of the outer array";
    EXPECT_EQ(seen.problems[3].kind, Kind::nullArray);
    EXPECT_EQ(seen.problems[3].index, 7U);
    EXPECT_EQ(seen.problems[4].kind, Kind::error);
    EXPECT_EQ(seen.problems[4].index, 9U);
    EXPECT_EQ(seen.problems[4].text, "ERR bulky");
  }
}

TEST(RespReplyScanner, StopsBehindAsManyRepliesAsAsked) {
  ReplyScanner scanner;
  std::vector<ReplyProblem> problems;
  const auto progress = scanner.feed("+OK\r\n+OK\r\n$3\r\nabc\r\nREDIS0011", problems, 3);
  EXPECT_EQ(progress.replies, 3U);
  EXPECT_EQ(progress.bytes, 19U);
  EXPECT_EQ(scanner.feed("", problems, 0).bytes, 0U);
}

TEST(RespReplyScanner, IsNotIdleInsideAReply) {
  ReplyScanner scanner;
  std::vector<ReplyProblem> problems;
  for (const std::string_view begun : {"+O", "+OK\r", "*1\r\n", "$3\r\na", "$3\r\nabc", "|1\r\n+a\r\n+b\r\n", "$3"}) {
    scanner.reset();
    scanner.feed(begun, problems);
    EXPECT_FALSE(scanner.idle()) << begun;
    EXPECT_EQ(scanner.complete(), 0U);
  }
}

TEST(RespReplyScanner, RefusesWhatIsNoReply) {
  for (const std::string_view bytes :
       {"HTTP/1.1 400\r\n", "+OK\rX", "$3\r\nabcd\r\n", "$-2\r\n", "*-3\r\n", "%-1\r\n", "$\r\n", "$1-\r\n", "$?\r\n",
        "*99999999999999999999\r\n", "*1\r\n>1\r\n", "$3\r\nabc\n\n"})
    EXPECT_TRUE(refused(bytes)) << bytes;
  std::string deep;
  for (std::size_t i = 0; i < ReplyScanner::kMaxDepth; ++i) deep += "*1\r\n";
  EXPECT_FALSE(refused(deep));
  EXPECT_TRUE(refused(deep + "*1\r\n"));
}

TEST(RespReplyScanner, KeepsNoMoreThanTheBeginningOfAnError) {
  ReplyScanner scanner;
  std::vector<ReplyProblem> problems;
  scanner.feed("-", problems);
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 100; ++i) scanner.feed(piece, problems);
  scanner.feed("\r\n-short\r\n", problems);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].text.size(), ReplyScanner::kMaxErrorBytes);
  EXPECT_EQ(problems[1].text, "short");
}

TEST(RespReply, ReadsTrees) {
  for (std::size_t piece = 1; piece <= kReplies.size(); piece += 3) {
    ReplyReader reader;
    std::vector<Reply> replies;
    for (std::size_t at = 0; at < kReplies.size(); at += piece) {
      reader.append(std::string_view(kReplies).substr(at, piece));
      while (auto reply = reader.next()) replies.push_back(std::move(*reply));
    }
    ASSERT_EQ(replies.size(), 12U);
    EXPECT_TRUE(replies[0].is("OK"));
    EXPECT_EQ(replies[1].integer(), -12);
    EXPECT_EQ(replies[2].text(), "a\r\nbc");
    EXPECT_EQ(replies[3].kind(), Reply::Kind::text);
    EXPECT_TRUE(replies[4].isNull());
    EXPECT_EQ(replies[5].errorCode(), "WRONGTYPE");
    EXPECT_EQ(replies[6].at(2).at(1).text(), "ERR deep");
    EXPECT_TRUE(replies[6].at(9).at(1).isNull());
    EXPECT_TRUE(replies[7].isNull());
    EXPECT_EQ(replies[8].kind(), Reply::Kind::map);
    EXPECT_EQ(replies[8].find("a").at(0).integer(), 1);
    EXPECT_EQ(replies[8].find("b").text(), "1.5");
    EXPECT_TRUE(replies[8].find("c").isNull());
    EXPECT_EQ(replies[9].text(), "ERR bulky");
    EXPECT_EQ(replies[10].text(), "abc");
    EXPECT_EQ(replies[11].kind(), Reply::Kind::array);
    EXPECT_EQ(replies[6].describe(), "[OK, (error) ERR inner, [(integer) 1, (error) ERR deep]]");
  }
}

TEST(RespReply, IntegersAreWholeNumbersAlone) {
  EXPECT_EQ(Reply(Reply::Kind::text, "42").integer(), 42);
  EXPECT_EQ(Reply(Reply::Kind::text, "42x").integer(), std::nullopt);
  EXPECT_EQ(Reply(Reply::Kind::text, "").integer(), std::nullopt);
  EXPECT_EQ(Reply(Reply::Kind::error, "42").integer(), std::nullopt);
  ReplyReader reader;
  reader.append(":12x\r\n");
  EXPECT_THROW((void)reader.next(), Error);
}

TEST(RespReply, KeepsItsLimits) {
  ReplyReader small({100, 10});
  small.append("$95\r\n" + std::string(95, 'x'));
  EXPECT_FALSE(small.next());
  small.append("\r\n");
  EXPECT_THROW((void)small.next(), Error);
  ReplyReader few({1000, 10});
  few.append("*10\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n");
  EXPECT_THROW((void)few.next(), Error);
}

TEST(RespReply, GivesBackWhatStandsBehindTheReplies) {
  ReplyReader reader;
  reader.append("+OK\r\nREDIS0011");
  EXPECT_TRUE(reader.next()->is("OK"));
  EXPECT_EQ(reader.takeRest(), "REDIS0011");
  reader.append("+OK\r\n");
  EXPECT_TRUE(reader.next()->is("OK"));
}

}  // namespace
}  // namespace drs::resp
