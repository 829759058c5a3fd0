#include "base/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace drs {
namespace {

using namespace std::chrono_literals;

TEST(TaskGroup, FirstErrorWinsAndStopsTheOthers) {
  TaskGroup group;
  std::atomic<bool> stopped{false};
  group.start("waits", [&](const std::stop_token& stop) { stopped = !sleepFor(60s, stop); });
  group.start("fails", [](const std::stop_token&) { throw std::runtime_error("broken"); });
  EXPECT_THROW(group.wait(), std::runtime_error);
  EXPECT_TRUE(stopped);
}

TEST(TaskGroup, StopOfTheParentReachesTheThreads) {
  std::stop_source parent;
  TaskGroup group(parent.get_token());
  std::atomic<bool> stopped{false};
  group.start("waits", [&](const std::stop_token& stop) { stopped = !sleepFor(60s, stop); });
  parent.request_stop();
  group.wait();
  EXPECT_TRUE(stopped);
}

TEST(TaskGroup, DestructorJoins) {
  std::atomic<bool> ended{false};
  {
    TaskGroup group;
    group.start("waits", [&](const std::stop_token& stop) {
      sleepFor(60s, stop);
      ended = true;
    });
  }
  EXPECT_TRUE(ended);
}

TEST(SleepFor, LastsWhenNobodyStops) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(sleepFor(20ms, {}));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 20ms);
}

}  // namespace
}  // namespace drs
