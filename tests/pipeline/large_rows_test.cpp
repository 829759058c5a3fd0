#include "pipeline/large_rows.h"

#include <gtest/gtest.h>

#include <thread>

namespace drs {
namespace {

using std::chrono::milliseconds;

TEST(LargeRows, OneAtATime) {
  const auto rows = std::make_shared<LargeRows>();
  const std::stop_source stop;
  auto first = rows->enter(stop.get_token());
  ASSERT_NE(first.use_count(), 0);
  EXPECT_EQ(rows->enter(stop.get_token(), milliseconds(1)).use_count(), 0) << "nobody waits for ever";
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(50));
    first.reset();
  });
  EXPECT_NE(rows->enter(stop.get_token()).use_count(), 0) << "the second one enters when the first is dropped";
  later.join();
}

TEST(LargeRows, AStopEndsTheWaiting) {
  const auto rows = std::make_shared<LargeRows>();
  std::stop_source stop;
  const auto first = rows->enter(stop.get_token());
  stop.request_stop();
  EXPECT_EQ(rows->enter(stop.get_token()).use_count(), 0);
}

}  // namespace
}  // namespace drs
