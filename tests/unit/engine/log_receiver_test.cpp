#include "engine/mysql/log_receiver.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>

namespace drs::mysql {
namespace {

/// Packets whose length and bytes follow from their number, then an error. A packet is overwritten by the next one, as
/// a connection's buffer is.
class Packets {
 public:
  Packets(std::size_t count, std::size_t most) : count_(count), most_(most) {}

  static std::string at(std::size_t number, std::size_t most) {
    std::minstd_rand random(static_cast<unsigned>(number + 1));
    const std::size_t kinds[] = {1, 40, 300, 9000, LogReceiver::kLargeBytes - 1, LogReceiver::kLargeBytes, most};
    std::string out(1 + random() % std::min(most, kinds[random() % 7]), '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  }
  std::string_view next() {
    while (blocked && !interrupted) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (interrupted || number_ == count_) throw Error(Msg::connectionLost, {"a server", "the end"}, Origin::source);
    buffer_.assign(buffer_.size(), '?');
    buffer_ = at(number_++, most_);
    return buffer_;
  }
  std::atomic<bool> interrupted = false, blocked = false;

 private:
  const std::size_t count_, most_;
  std::size_t number_ = 0;
  std::string buffer_;
};

void expectAll(std::size_t count, std::size_t most, unsigned pauseEvery) {
  Packets packets(count, most);
  LogReceiver receiver([&] { return packets.next(); }, [&] { packets.interrupted = true; });
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view packet = receiver.read();
    if (pauseEvery != 0 && i % pauseEvery == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    ASSERT_TRUE(packet == Packets::at(i, most)) << i;  // still the same behind the pause
  }
  for (int again = 0; again < 2; ++again) {
    try {
      (void)receiver.read();
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.msg(), Msg::connectionLost);
    }
  }
}

TEST(LogReceiver, givesAllPacketsInTheirOrderAndThenTheError) {
  expectAll(0, 10, 0);
  expectAll(10'000, 600, 0);
  expectAll(500, 200U << 10U, 0);
}

TEST(LogReceiver, keepsAPacketWhileItIsLookedAt) {
  expectAll(1'000, 20'000, 7);
  expectAll(100, 200U << 10U, 3);
}

TEST(LogReceiver, endsWhileItsRingIsFull) {
  for (const std::size_t most : {std::size_t{5'000}, std::size_t{200U << 10U}}) {
    Packets packets(100'000, most);
    LogReceiver receiver([&] { return packets.next(); }, [&] { packets.interrupted = true; });
    for (std::size_t i = 0; i < 50; ++i) ASSERT_TRUE(receiver.read() == Packets::at(i, most));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST(LogReceiver, endsWhileItWaitsForAPacket) {
  Packets packets(10, 100);
  packets.blocked = true;
  const LogReceiver receiver([&] { return packets.next(); }, [&] { packets.interrupted = true; });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace
}  // namespace drs::mysql
