#include "engine/redis/arrivals.h"
#include "engine/redis/control_keys.h"
#include "engine/redis/deadlines.h"
#include "engine/redis/key_set.h"
#include "engine/redis/lane_roster.h"
#include "engine/redis/spool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

// The parts of a Redis lane that need no server.

namespace drs::redis {
namespace {

using std::chrono::milliseconds;

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/opendrs-spool-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { Spool::remove(folder_); }
  static std::string readAll(Spool& spool, std::uint64_t from, std::size_t piece = 1U << 16U) {
    std::string out;
    std::string buffer(piece, '\0');
    while (const std::size_t got = spool.read(from + out.size(), buffer.data(), buffer.size(), milliseconds(0), {}))
      out.append(buffer, 0, got);
    return out;
  }
  std::string folder_;
};

TEST_F(SpoolTest, GivesBackWhatWasAppended) {
  Spool spool(folder_, 64U << 20U);
  spool.start("abc", 1001);
  EXPECT_EQ(readAll(spool, 1001), "");
  ASSERT_TRUE(spool.append("hello "));
  ASSERT_TRUE(spool.append("world"));
  EXPECT_EQ(spool.end(), 1012U);
  EXPECT_EQ(readAll(spool, 1001, 3), "hello world");
  EXPECT_EQ(readAll(spool, 1007), "world");
}

TEST_F(SpoolTest, IsFullUntilSomethingIsReleased) {
  constexpr std::size_t kPiece = 1U << 20U;
  Spool spool(folder_, 32U << 20U);
  spool.start("abc", 0);
  const std::string piece(kPiece, 'x');
  std::size_t pieces = 0;
  while (spool.append(piece)) ++pieces;
  EXPECT_EQ(pieces, 32U);
  spool.release(15 * kPiece);
  EXPECT_FALSE(spool.append(piece)) << "half of a file was released";
  spool.release(16 * kPiece);
  EXPECT_TRUE(spool.append(piece));
  EXPECT_EQ(readAll(spool, 16 * kPiece).size(), 17 * kPiece);
}

TEST_F(SpoolTest, IsTakenOverByTheNextProcess) {
  const std::uint64_t end = 100 + (17U << 20U) + 4;
  {
    Spool spool(folder_, 64U << 20U);
    spool.start("abc", 100);
    ASSERT_TRUE(spool.append(std::string(17U << 20U, 'a')));
    ASSERT_TRUE(spool.append("tail"));
  }
  {
    Spool spool(folder_, 64U << 20U);
    EXPECT_THROW(Spool(folder_, 64U << 20U), Error) << "it is in use";
    EXPECT_FALSE(spool.reopen("other", 100));
    EXPECT_FALSE(spool.reopen("abc", 99)) << "not kept";
    EXPECT_FALSE(spool.reopen("abc", end + 1)) << "a gap";
    ASSERT_TRUE(spool.reopen("abc", end - 4));
    EXPECT_EQ(spool.end(), end);
    ASSERT_TRUE(spool.append(" more"));
    EXPECT_EQ(readAll(spool, end - 4), "tail more");
    spool.rename("next");
  }
  Spool again(folder_, 64U << 20U);
  EXPECT_TRUE(again.reopen("next", end));
}

TEST_F(SpoolTest, EndsWhereItWasClosed) {
  Spool spool(folder_, 64U << 20U);
  spool.start("abc", 0);
  ASSERT_TRUE(spool.append("x"));
  spool.close();
  char byte = 0;
  EXPECT_EQ(spool.read(0, &byte, 1, milliseconds(10'000), {}), 1U);
  EXPECT_EQ(spool.read(1, &byte, 1, milliseconds(10'000), {}), 0U);
  EXPECT_TRUE(spool.isClosed());
}

TEST(ControlKeys, AreReadAsTheyAreWritten) {
  LaneMark mark{7,  12, LaneMark::State::following,   true, false, std::string(40, 'a'), 99, 3,
                98, 0,  "incr at offset 99: ERR x y", {}};
  const auto read = parseMark(toText(mark));
  ASSERT_TRUE(read);
  EXPECT_EQ(toText(*read), toText(mark));
  EXPECT_EQ(read->failure, mark.failure);
  EXPECT_EQ(read->sequence, 12U);
  EXPECT_TRUE(read->wasEmpty);
  EXPECT_FALSE(read->holds);
  EXPECT_TRUE(parseMark(toText(LaneMark())));
  for (const char* bad :
       {"", "1", "2 1 1 loading 0 0 - 0 0 0 ", "1 1 1 running 0 0 - 0 0 0 ", "1 x 1 loading 0 0 - 0 0 0 "})
    EXPECT_FALSE(parseMark(bad)) << bad;
  const auto fence = parseFence(toText(Fence{4, 77}));
  ASSERT_TRUE(fence);
  EXPECT_EQ(fence->plan, 4U);
  EXPECT_EQ(fence->epoch, 77U);
  EXPECT_FALSE(parseFence("1 4"));
  EXPECT_FALSE(parseFence("1 4 7x"));
}

struct DeadlineCase {
  std::vector<std::string_view> arguments;
  std::int64_t millis;  ///< 0: none
};

TEST(Deadlines, AreFoundInWhatSourcesSend) {
  const std::vector<DeadlineCase> cases = {
      {{"SET", "k", "v", "PXAT", "1700000000123"}, 1'700'000'000'123},
      {{"set", "k", "v", "exat", "1700000000"}, 1'700'000'000'000},
      {{"SET", "k", "PXAT"}, 0},
      {{"SET", "PXAT", "5"}, 0},
      {{"SET", "k", "v", "PX", "5000"}, 5000},
      {{"SETEX", "k", "5", "v"}, 5000},
      {{"psetex", "k", "5", "v"}, 5},
      {{"GETEX", "k", "PXAT", "77"}, 77},
      {{"PEXPIREAT", "k", "1700000000123"}, 1'700'000'000'123},
      {{"PEXPIREAT", "k", "x"}, 0},
      {{"EXPIREAT", "k", "9223372036854775807"}, 0},
      {{"RESTORE", "k", "1700000000123", "payload", "REPLACE", "ABSTTL"}, 1'700'000'000'123},
      {{"RESTORE", "k", "5000", "ABSTTL"}, 0},
      {{"HSET", "k", "PXAT", "5"}, 0},
  };
  for (const DeadlineCase& c : cases) {
    const auto found = deadlineOf(resp::findCommand(c.arguments), c.arguments);
    EXPECT_EQ(found ? found->millis : 0, c.millis) << c.arguments[0] << " " << c.arguments[1];
  }
}

TEST(Deadlines, AreReplaced) {
  const std::vector<std::string_view> set = {"SET", "k", "v", "EXAT", "17"};
  resp::Encoder out;
  appendWithDeadline(out, resp::findCommand(set), set, *deadlineOf(resp::findCommand(set), set), kHeldDeadline);
  EXPECT_EQ(out.bytes(), "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$4\r\nEXAT\r\n$10\r\n4102444800\r\n");
  out.clear();
  appendWithDeadline(out, resp::findCommand(set), set, *deadlineOf(resp::findCommand(set), set), kHeldDeadline, false);
  EXPECT_TRUE(out.bytes().starts_with("*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$2\r\nEX\r\n$10\r\n")) << out.bytes();
  const std::vector<std::string_view> less = {"PEXPIREAT", "k", "17", "LT"};
  out.clear();
  appendWithDeadline(out, resp::findCommand(less), less, *deadlineOf(resp::findCommand(less), less), kHeldDeadline);
  EXPECT_EQ(out.bytes(), "*3\r\n$9\r\nPEXPIREAT\r\n$1\r\nk\r\n$13\r\n4102444800000\r\n");
}

TEST_F(SpoolTest, KeySetsKnowWhatWasAdded) {
  constexpr int kKeys = 2'500'000;  // three runs
  KeySet keys(folder_);
  for (int i = 0; i < kKeys; ++i) keys.add(static_cast<std::uint64_t>(i % 2), std::to_string(i));
  keys.close();
  for (int i = 0; i < kKeys; i += 977) {
    EXPECT_TRUE(keys.contains(static_cast<std::uint64_t>(i % 2), std::to_string(i)));
    EXPECT_FALSE(keys.contains(static_cast<std::uint64_t>(1 - i % 2), std::to_string(i)));
    EXPECT_FALSE(keys.contains(0, "x" + std::to_string(i)));
  }
  KeySet none(folder_);
  none.close();
  EXPECT_FALSE(none.contains(0, ""));
}

TEST(Arrivals, TellHowLongTheOldestWaits) {
  Arrivals arrivals;
  const auto start = Arrivals::Time{} + std::chrono::hours(1);
  EXPECT_FALSE(arrivals.last());
  EXPECT_EQ(arrivals.waiting(0, start), milliseconds(0));
  for (int i = 1; i <= 10'000; ++i) arrivals.note(static_cast<std::uint64_t>(i * 10), start + milliseconds(i));
  const auto now = start + milliseconds(10'000);
  EXPECT_EQ(arrivals.waiting(100'000, now), milliseconds(0));
  arrivals.note(100'010, now);
  EXPECT_EQ(arrivals.waiting(100'000, now + milliseconds(7)), milliseconds(7));
  EXPECT_EQ(arrivals.waiting(100'010, now + milliseconds(7)), milliseconds(0));
  EXPECT_EQ(arrivals.last(), now);
}

TEST(Slots, AreReadAsTheyAreWritten) {
  EXPECT_EQ(encodeSlots({}), "");
  EXPECT_TRUE(decodeSlots("").empty());
  const std::vector<SlotRange> slots = {{0, 5460}, {7000, 7000}};
  EXPECT_EQ(encodeSlots(slots), "0-5460,7000-7000");
  EXPECT_EQ(decodeSlots("0-5460,7000-7000"), slots);
  for (const char* bad : {"1", "1-", "a-b", "1-2;3-4", "1-99999"}) EXPECT_THROW((void)decodeSlots(bad), Error) << bad;
}

}  // namespace
}  // namespace drs::redis
