#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace drs {
namespace {

TEST(BoundedQueue, KeepsOrderAndDrainsAfterClose) {
  BoundedQueue<int> queue(100);
  const std::stop_source stop;
  EXPECT_TRUE(queue.push(1, 10, stop.get_token()));
  EXPECT_TRUE(queue.push(2, 10, stop.get_token()));
  EXPECT_EQ(queue.bytes(), 20U);
  queue.close();
  EXPECT_FALSE(queue.push(3, 10, stop.get_token()));
  EXPECT_EQ(queue.pop(stop.get_token()), 1);
  EXPECT_EQ(queue.pop(stop.get_token()), 2);
  EXPECT_EQ(queue.pop(stop.get_token()), std::nullopt);
}

TEST(BoundedQueue, FullQueueBlocksTheProducerUntilThereIsRoom) {
  BoundedQueue<int> queue(10);
  std::stop_source stop;
  ASSERT_TRUE(queue.push(1, 10, stop.get_token()));
  std::jthread producer([&] { EXPECT_TRUE(queue.push(2, 10, stop.get_token())); });
  EXPECT_EQ(queue.pop(stop.get_token()), 1);
  producer.join();
  EXPECT_EQ(queue.pop(stop.get_token()), 2);
}

TEST(BoundedQueue, ItemLargerThanTheLimitPassesAlone) {
  BoundedQueue<int> queue(10);
  const std::stop_source stop;
  EXPECT_TRUE(queue.push(1, 1000, stop.get_token()));
  EXPECT_EQ(queue.tryPop(), 1);
  EXPECT_EQ(queue.tryPop(), std::nullopt);
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(BoundedQueue, StopWakesBothSides) {
  BoundedQueue<int> full(1);
  BoundedQueue<int> empty(1);
  std::stop_source stop;
  ASSERT_TRUE(full.push(1, 1, stop.get_token()));
  std::jthread producer([&] { EXPECT_FALSE(full.push(2, 1, stop.get_token())); });
  std::jthread consumer([&] { EXPECT_EQ(empty.pop(stop.get_token()), std::nullopt); });
  stop.request_stop();
}

TEST(BoundedQueue, ManyThreadsLoseNothing) {
  BoundedQueue<int> queue(64);
  const std::stop_source stop;
  std::atomic<long> sum{0};
  {
    std::vector<std::jthread> consumers;
    for (int c = 0; c < 3; ++c) {
      consumers.emplace_back([&] {
        while (const auto item = queue.pop(stop.get_token())) sum += *item;
      });
    }
    {
      std::vector<std::jthread> producers;
      for (int p = 0; p < 3; ++p) {
        producers.emplace_back([&] {
          for (int i = 1; i <= 1000; ++i) ASSERT_TRUE(queue.push(i, 7, stop.get_token()));
        });
      }
    }
    queue.close();
  }
  EXPECT_EQ(sum, 3L * 1000 * 1001 / 2);
}

}  // namespace
}  // namespace drs
