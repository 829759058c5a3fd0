#include "pipeline/large_rows.h"

namespace drs {
namespace {

constexpr std::chrono::milliseconds kLook{100};  ///< how soon a stop is seen

}  // namespace

std::shared_ptr<const void> LargeRows::enter(const std::stop_token& stop, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) {
    if (!free_.try_acquire_for(kLook)) continue;
    return {nullptr, [self = shared_from_this()](const void* /*nothing*/) { self->free_.release(); }};
  }
  return nullptr;
}

}  // namespace drs
