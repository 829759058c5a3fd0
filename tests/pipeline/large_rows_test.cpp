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
  ASSERT_TRUE(first);
  EXPECT_FALSE(rows->enter(stop.get_token(), milliseconds(1))) << "it gives up in time";
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(50));
    first.reset();
  });
  EXPECT_TRUE(rows->enter(stop.get_token())) << "the second one enters when the first is dropped";
  later.join();
}

TEST(LargeRows, OneReaderAtATimeAndItsRowsPass) {
  const auto rows = std::make_shared<LargeRows>();
  const std::stop_source stop;
  auto reader = rows->mayRead(stop.get_token(), milliseconds(1000));
  ASSERT_TRUE(reader);
  EXPECT_FALSE(rows->mayRead(stop.get_token(), milliseconds(1)));
  EXPECT_TRUE(rows->enter(stop.get_token())) << "the reader's own row";
  reader.reset();
  EXPECT_TRUE(rows->mayRead(stop.get_token(), milliseconds(1000)));
}

TEST(LargeRows, AStopEndsTheWaiting) {
  const auto rows = std::make_shared<LargeRows>();
  std::stop_source stop;
  const auto first = rows->enter(stop.get_token());
  stop.request_stop();
  EXPECT_FALSE(rows->enter(stop.get_token()));
}

}  // namespace
}  // namespace drs
