#include "pipeline/source_care.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace drs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Says what it is told to.
class ScriptedGauge final : public LoadGauge {
 public:
  [[nodiscard]] std::string excess(const std::stop_token& /*stop*/) override {
    ++looks;
    if (fails) throw Error(Msg::connectionLost, {"source", "gone"});
    return answer;
  }
  std::string answer;
  bool fails = false;
  int looks = 0;
};

class SourceCareTest : public ::testing::Test {
 protected:
  bool pass(milliseconds patience = milliseconds(0)) {
    return care_.pass(gauge_, stop_.get_token(), patience, [this](const std::string& line) { notes_.push_back(line); });
  }
  /// Looks once a second, as the copies do.
  void passEverySecond(int times) {
    for (int i = 0; i < times; ++i) {
      now_ += seconds(1);
      (void)pass();
    }
  }

  SourceCare::Clock::time_point now_ = SourceCare::Clock::now();
  SourceCare care_{[this] { return now_; }};
  ScriptedGauge gauge_;
  std::stop_source stop_;
  std::vector<std::string> notes_;
};

TEST_F(SourceCareTest, AsksOnceASecond) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pass());
  EXPECT_EQ(gauge_.looks, 1);
  now_ += milliseconds(1001);
  EXPECT_TRUE(pass());
  EXPECT_EQ(gauge_.looks, 2);
  EXPECT_TRUE(notes_.empty());
}

TEST_F(SourceCareTest, HoldsWhileTheSourceIsBusyAndSaysSoTwice) {
  gauge_.answer = "60 running threads";
  EXPECT_FALSE(pass());
  EXPECT_TRUE(care_.busy());
  passEverySecond(10);
  gauge_.answer = "";
  passEverySecond(2);
  EXPECT_TRUE(care_.busy()) << "one calm second is no calm";
  passEverySecond(1);
  EXPECT_FALSE(care_.busy());
  EXPECT_TRUE(pass());
  ASSERT_EQ(notes_.size(), 2U);
  EXPECT_EQ(notes_[0], "The copy is held back: 60 running threads");
  EXPECT_EQ(notes_[1], "The copy goes on; it was held back for 13 s");
}

TEST_F(SourceCareTest, ASourceAtTheEdgeDoesNotFillTheLog) {
  for (int i = 0; i < 100; ++i) {  // five seconds each
    gauge_.answer = "busy";
    passEverySecond(1);
    gauge_.answer = "";
    passEverySecond(4);
  }
  EXPECT_LE(notes_.size(), 18U) << "a pair each minute at most";
  gauge_.answer = "busy";
  passEverySecond(70);
  ASSERT_FALSE(notes_.empty());
  EXPECT_EQ(notes_.back(), "The copy is held back: busy") << "a hold that lasts is noted in any case";
}

TEST_F(SourceCareTest, AStopEndsTheWaiting) {
  SourceCare care;
  gauge_.answer = "busy";
  std::jthread stopper([this] {
    std::this_thread::sleep_for(milliseconds(50));
    stop_.request_stop();
  });
  const auto begin = SourceCare::Clock::now();
  EXPECT_FALSE(care.pass(gauge_, stop_.get_token(), seconds(60), [](const std::string&) {}));
  EXPECT_LT(SourceCare::Clock::now() - begin, seconds(5));
}

TEST_F(SourceCareTest, WaitsNoLongerThanItsPatience) {
  SourceCare care;
  gauge_.answer = "busy";
  const auto begin = SourceCare::Clock::now();
  EXPECT_FALSE(care.pass(gauge_, stop_.get_token(), milliseconds(300), [](const std::string&) {}));
  EXPECT_GE(SourceCare::Clock::now() - begin, milliseconds(250));
}

TEST_F(SourceCareTest, ASourceThatDoesNotAnswerIsAnError) {
  gauge_.fails = true;
  EXPECT_THROW((void)pass(), Error);
  gauge_.fails = false;
  EXPECT_TRUE(pass()) << "the next one asks again";
}

}  // namespace
}  // namespace drs
