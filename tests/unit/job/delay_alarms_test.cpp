#include "job/delay_alarms.h"

#include "base/error.h"
#include "support/store_fixture.h"

#include <gtest/gtest.h>

#include <chrono>

namespace drs {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::jobOf;
using testing::specOf;

class DelayAlarms : public testing::StoreTest {
 protected:
  JobRecord streaming(const AlarmNotify& notify, const std::string& jobType = "cloudDataGuard") {
    JobRecord record = jobOf("one");
    JobSpec spec = specOf("one");
    spec.baseInfo.jobType = jobType;
    spec.alarmNotify = notify;
    record.spec = std::make_shared<const JobSpec>(spec);
    record.streamStartedMillis = clock->now();
    job_ = add(record, Phase::streaming);
    addTask(job_, TaskKind::stream);
    stream_ = claim(*store, "w", TaskClass::stream, 1).at(0);
    return job_;
  }

  static AlarmNotify notify(std::int64_t delay, std::int64_t rpo = 0, std::int64_t rto = 0) {
    AlarmNotify out;
    out.alarmToUser = true;
    out.delayTime = delay;
    out.rpoDelay = rpo;
    out.rtoDelay = rto;
    return out;
  }

  /// What the stream says, and what the clock's look makes of it: the number of jobs with an alarm.
  std::size_t say(seconds total, seconds read) {
    stream_.progress.delayMillis = std::chrono::milliseconds(total).count();
    stream_.progress.readMillis = std::chrono::milliseconds(read).count();
    stream_.progress.updateMillis = clock->now();
    store->saveProgress({stream_});
    return look();
  }
  std::size_t look() {
    std::size_t alarms = 0;
    store->write([&](StoreTransaction& tx) { alarms = watchDelays(tx); });
    return alarms;
  }
  /// The same delays for a while, looked at every ten seconds.
  std::size_t stay(seconds span, seconds total, seconds read) {
    std::size_t alarms = 0;
    for (seconds passed{0}; passed < span; passed += seconds(10)) {
      clock->advance(seconds(10));
      alarms = say(total, read);
    }
    return alarms;
  }
  /// Of the job's log, oldest first: "Warn …", "Info …".
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const EventRecord& event : store->view().events(job_.id, std::nullopt, {0, 100}).items)
      out.insert(out.begin(), std::string(toText(event.level)) + " " + event.message);
    return out;
  }

  JobRecord job_;
  TaskRecord stream_;
};

TEST_F(DelayAlarms, ADelayAboveItsThresholdForSixMinutesIsToldOnceAndItsEndToo) {
  streaming(notify(60), "sync");
  EXPECT_EQ(say(seconds(1), seconds(0)), 0);
  EXPECT_EQ(stay(minutes(6), seconds(61), seconds(0)), 0);
  EXPECT_TRUE(lines().empty());
  EXPECT_EQ(stay(seconds(10), seconds(75), seconds(0)), 1);
  const std::string alarm =
      "Warn The delay from the source to the target has been above 60 s for 6 minutes (alarm_notify.delay_time); it is "
      "75 s";
  EXPECT_EQ(lines(), (std::vector<std::string>{alarm}));
  EXPECT_EQ(stay(minutes(20), seconds(75), seconds(0)), 1);
  EXPECT_EQ(lines().size(), 1);
  EXPECT_EQ(stay(seconds(10), seconds(60), seconds(0)), 0);
  EXPECT_EQ(lines().back(), "Info The delay from the source to the target is within 60 s again (delay_time)");
  EXPECT_EQ(lines().size(), 2);
}

TEST_F(DelayAlarms, ADelayThatFallsBelowItsThresholdInBetweenBeginsAnew) {
  streaming(notify(60));
  say(seconds(0), seconds(0));
  stay(minutes(5), seconds(100), seconds(0));
  stay(seconds(10), seconds(60), seconds(0));
  EXPECT_EQ(stay(minutes(6), seconds(100), seconds(0)), 0);
  EXPECT_TRUE(lines().empty());
}

TEST_F(DelayAlarms, WhatIsCaughtUpWithAtTheBeginningIsNoAlarmButForTheRto) {
  streaming(notify(60, 60, 60));
  EXPECT_EQ(stay(minutes(30), seconds(5000), seconds(4000)), 1);
  ASSERT_EQ(lines().size(), 1);
  EXPECT_NE(lines()[0].find("(RTO) has been above 60 s"), std::string::npos) << lines()[0];
}

TEST_F(DelayAlarms, RpoAndRtoAreToldApart) {
  streaming(notify(0, 30, 20));
  say(seconds(0), seconds(0));
  stay(minutes(7), seconds(40), seconds(35));
  ASSERT_EQ(lines().size(), 1);
  EXPECT_NE(lines()[0].find("(RPO) has been above 30 s for 6 minutes (alarm_notify.rpo_delay); it is 35 s"),
            std::string::npos)
      << lines()[0];
  stay(minutes(7), seconds(40), seconds(5));
  ASSERT_EQ(lines().size(), 3);
  EXPECT_NE(lines()[1].find("(RPO) is within 30 s again"), std::string::npos) << lines()[1];
  EXPECT_NE(lines()[2].find("(RTO) has been above 20 s"), std::string::npos) << lines()[2];
}

TEST_F(DelayAlarms, RpoAndRtoAreOfDisasterRecoveryOnly) {
  streaming(notify(0, 30, 20), "sync");
  say(seconds(0), seconds(0));
  EXPECT_EQ(stay(minutes(10), seconds(100), seconds(50)), 0);
  EXPECT_TRUE(lines().empty());
}

TEST_F(DelayAlarms, ASourceThatCannotBeReadCountsAsDelay) {
  streaming(notify(0, 60, 60));
  say(seconds(0), seconds(0));
  for (int i = 0; i < 42; ++i) {  // no figures for seven minutes, the first of which is within the threshold
    clock->advance(seconds(10));
    look();
  }
  EXPECT_TRUE(lines().empty());
  clock->advance(seconds(10));
  EXPECT_EQ(look(), 1);
  ASSERT_EQ(lines().size(), 1);
  EXPECT_NE(lines()[0].find("(RPO)"), std::string::npos) << lines()[0];
}

TEST_F(DelayAlarms, APauseIsNoDelay) {
  streaming(notify(60));
  say(seconds(0), seconds(0));
  stay(minutes(4), seconds(100), seconds(0));
  store->write([&](StoreTransaction& tx) {
    JobRecord job = *tx.job(job_.id);
    job.desired = Desired::pause;
    tx.update(job);
  });
  EXPECT_EQ(stay(minutes(30), seconds(100), seconds(0)), 0);
  store->write([&](StoreTransaction& tx) {
    JobRecord job = *tx.job(job_.id);
    job.desired = Desired::run;
    tx.update(job);
  });
  EXPECT_EQ(stay(minutes(6), seconds(100), seconds(0)), 0);
  EXPECT_EQ(stay(seconds(10), seconds(100), seconds(0)), 1);
}

TEST_F(DelayAlarms, NobodyIsToldWhoDoesNotWantToBe) {
  AlarmNotify silent = notify(60, 60, 60);
  silent.alarmToUser = false;
  streaming(silent);
  say(seconds(0), seconds(0));
  EXPECT_EQ(stay(minutes(10), seconds(100), seconds(100)), 0);
  EXPECT_TRUE(lines().empty());
}

TEST_F(DelayAlarms, ARestartOfTheServiceDoesNotTellItTwice) {
  streaming(notify(60));
  say(seconds(0), seconds(0));
  stay(minutes(7), seconds(100), seconds(0));
  EXPECT_EQ(lines().size(), 1);
  store = open();
  EXPECT_EQ(stay(minutes(7), seconds(100), seconds(0)), 1);
  EXPECT_EQ(lines().size(), 1);
}

}  // namespace
}  // namespace drs
