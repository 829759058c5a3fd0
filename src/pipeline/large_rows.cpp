#include "pipeline/large_rows.h"

namespace drs {
namespace {

constexpr std::chrono::milliseconds kLook{100};  ///< how soon a stop is seen

}  // namespace

std::shared_ptr<const void> LargeRows::mayRead(const std::stop_token& stop, std::chrono::milliseconds patience) {
  return take(reading_, stop, patience);
}

std::shared_ptr<const void> LargeRows::enter(const std::stop_token& stop, std::chrono::milliseconds patience) {
  return take(free_, stop, patience);
}

std::shared_ptr<const void> LargeRows::take(std::binary_semaphore& from, const std::stop_token& stop,
                                            std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) {
    if (!from.try_acquire_for(kLook)) continue;
    return {this, [self = shared_from_this(), &from](const void* /*nothing*/) { from.release(); }};
  }
  return nullptr;
}

}  // namespace drs
