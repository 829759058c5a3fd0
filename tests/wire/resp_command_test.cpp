#include "base/error.h"
#include "wire/resp/command_parser.h"
#include "wire/resp/encoder.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace drs::resp {
namespace {

using Status = CommandParser::Status;

std::string encoded(std::initializer_list<std::string_view> arguments) {
  Encoder encoder;
  encoder.command(arguments);
  return std::string(encoder.bytes());
}

std::string failure(std::string_view bytes, CommandLimits limits = {}) {
  CommandParser parser(limits);
  try {
    (void)parser.parse(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::logCorrupt);
    return error.text();
  }
  return "";
}

TEST(RespEncoder, WritesCommandsAsServersReadThem) {
  Encoder encoder;
  encoder.command({"SET", "k", ""});
  encoder.begin(4).argument("A").argument(std::int64_t{-12}).argument(std::numeric_limits<std::uint64_t>::max());
  encoder.argumentHead(3).raw("ab").raw("c\r\n");
  EXPECT_EQ(
      encoder.bytes(),
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n*4\r\n$1\r\nA\r\n$3\r\n-12\r\n$20\r\n18446744073709551615\r\n$3\r\nabc"
      "\r\n");
}

TEST(RespEncoder, KeepsItsMemoryWhenCleared) {
  Encoder encoder;
  encoder.reserve(1000);
  const void* const memory = encoder.bytes().data();
  for (int i = 0; i < 100; ++i) {
    encoder.clear();
    encoder.command({"SET", "key", std::string(500, 'x')});
    EXPECT_EQ(encoder.bytes().data(), memory);
  }
}

TEST(RespCommandParser, FindsCommandsHeartbeatsAndWhatIsBehind) {
  const std::string set = encoded({"SET", std::string_view("k\0\r\n", 4), ""});
  const std::string stream = set + "\n\r\n" + encoded({"ping"}) + "*1";
  CommandParser parser;
  std::string_view window = stream;
  auto result = parser.parse(window);
  EXPECT_EQ(result.status, Status::command);
  EXPECT_EQ(result.size, set.size());
  ASSERT_EQ(parser.arguments().size(), 3U);
  EXPECT_EQ(parser.arguments()[1], std::string_view("k\0\r\n", 4));
  EXPECT_EQ(parser.arguments()[1].data(), stream.data() + 17) << "a slice, no copy";
  window.remove_prefix(result.size);
  result = parser.parse(window);
  EXPECT_EQ(result.status, Status::heartbeat);
  EXPECT_EQ(result.size, 1U);
  window.remove_prefix(1);
  result = parser.parse(window);
  EXPECT_EQ(result.status, Status::heartbeat);
  EXPECT_EQ(result.size, 2U);
  window.remove_prefix(2);
  result = parser.parse(window);
  EXPECT_EQ(result.status, Status::command);
  EXPECT_EQ(parser.arguments(), std::vector<std::string_view>{"ping"});
  window.remove_prefix(result.size);
  EXPECT_EQ(parser.parse(window).status, Status::incomplete);
}

TEST(RespCommandParser, GoesOnWhereItStoppedWhereverTheBytesAreCut) {
  const std::string command = encoded({"MSET", "a", std::string(40, 'x'), "", "\r\n", "b", "2"});
  for (std::size_t cut = 0; cut < command.size(); ++cut) {
    CommandParser parser;
    const std::string first = command.substr(0, cut);
    const auto part = parser.parse(first);
    ASSERT_EQ(part.status, Status::incomplete) << cut;
    EXPECT_GT(part.size, cut);
    EXPECT_LE(part.size, command.size()) << "a lower bound, cut at " << cut;
    const std::string moved = command + "*1\r\n";
    const auto whole = parser.parse(moved);
    ASSERT_EQ(whole.status, Status::command) << cut;
    EXPECT_EQ(whole.size, command.size());
    EXPECT_EQ(parser.arguments()[2], std::string(40, 'x'));
    EXPECT_EQ(parser.arguments()[4], "\r\n");
  }
  CommandParser bytewise;
  for (std::size_t size = 0; size < command.size(); ++size)
    ASSERT_EQ(bytewise.parse(std::string_view(command).substr(0, size)).status, Status::incomplete);
  EXPECT_EQ(bytewise.parse(command).status, Status::command);
}

TEST(RespCommandParser, SaysHowLongACommandWillBeAsSoonAsItIsKnown) {
  const std::string head = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\nx";
  CommandParser parser;
  const auto result = parser.parse(head);
  EXPECT_EQ(result.status, Status::incomplete);
  EXPECT_EQ(result.size, head.size() - 1 + 1'000'000 + 2);
  CommandParser early;
  EXPECT_EQ(early.parse("*1000\r\n").size, 7U + 1000 * 6);
}

TEST(RespCommandParser, ALongCommandInSmallPiecesIsLookedAtOnce) {
  std::string command = "*200001\r\n$4\r\nMSET\r\n";
  for (int i = 0; i < 200'000; ++i) command += "$1\r\nk\r\n";
  CommandParser parser;
  for (std::size_t size = 1; size < command.size(); size += 7)
    ASSERT_EQ(parser.parse(std::string_view(command).substr(0, size)).status, Status::incomplete);
  EXPECT_EQ(parser.parse(command).status, Status::command);
  EXPECT_EQ(parser.arguments().size(), 200'001U);
}

TEST(RespCommandParser, RefusesWhatIsNoCommand) {
  EXPECT_NE(failure("PING\r\n").find("out of step"), std::string::npos);
  EXPECT_NE(failure("*0\r\n"), "");
  EXPECT_NE(failure("*-1\r\n"), "");
  EXPECT_NE(failure("*\r\n"), "");
  EXPECT_NE(failure("*01\r\n"), "");
  EXPECT_NE(failure("*1x"), "");
  EXPECT_NE(failure("*1\rx"), "");
  EXPECT_NE(failure("*1\r\n+"), "");
  EXPECT_NE(failure("*1\r\n$-1\r\n"), "");
  EXPECT_NE(failure("*1\r\n$1\r\nabc"), "");
  EXPECT_NE(failure("*1\r\n$1\r\na\nc"), "");
  EXPECT_NE(failure("*99999999999999999999999999"), "");
  EXPECT_NE(failure("\rx"), "");
}

TEST(RespCommandParser, KeepsTheLimitsOfServers) {
  EXPECT_EQ(failure("*2147483647\r\n"), "");
  EXPECT_NE(failure("*2147483648\r\n"), "");
  EXPECT_EQ(failure("*1\r\n$536870912\r\n"), "");
  EXPECT_NE(failure("*1\r\n$536870913\r\n"), "");
  CommandLimits raised;
  raised.bulkBytes = std::size_t{1} << 33U;
  EXPECT_EQ(failure("*1\r\n$8589934592\r\n", raised), "");
}

TEST(RespCommandParser, NamesTheOffsetOfTheStream) {
  CommandParser parser;
  parser.countFrom(1'000'000);
  const std::string ping = encoded({"PING"});
  (void)parser.parse(ping);
  try {
    (void)parser.parse("*1\r\n:1\r\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.args().at(0), "offset " + std::to_string(1'000'000 + ping.size() + 4));
  }
}

TEST(RespCommandParser, TakesInlineCommandsIfTold) {
  CommandLimits limits;
  limits.inlineCommands = true;
  CommandParser parser(limits);
  EXPECT_EQ(parser.parse("SELECT  ").status, Status::incomplete);
  const auto result = parser.parse("SELECT  3 \r\nPING");
  EXPECT_EQ(result.status, Status::command);
  EXPECT_EQ(result.size, 12U);
  EXPECT_EQ(parser.arguments(), (std::vector<std::string_view>{"SELECT", "3"}));
  EXPECT_EQ(parser.parse(" \r\n").status, Status::heartbeat);
  EXPECT_NE(failure("SET k \"a b\"\r\n", limits), "");
  EXPECT_NE(failure(std::string(70'000, 'x'), limits), "");
}

}  // namespace
}  // namespace drs::resp
