#include "pipeline/scheduler.h"

#include "base/error.h"

#include <algorithm>
#include <utility>

namespace drs {

bool Scheduler::mayStart(const ConflictKeys& keys, std::size_t bytes) const {
  if (inFlight_ == 0) return true;
  if (!hasFree() || bytes_ + bytes > maxBytes_) return false;
  return std::none_of(flights_.begin(), flights_.end(),
                      [&](const auto& flight) { return flight && flight->keys.conflictsWith(keys); });
}

std::size_t Scheduler::start(ConflictKeys keys, std::size_t bytes) {
  const auto free = std::find_if(flights_.begin(), flights_.end(), [](const auto& flight) { return !flight; });
  if (free == flights_.end()) throw Error(Msg::internal, {"a batch was started although every applier is at work"});
  *free = Flight{std::move(keys), bytes};
  bytes_ += bytes;
  ++inFlight_;
  return static_cast<std::size_t>(free - flights_.begin());
}

void Scheduler::finish(std::size_t slot) {
  bytes_ -= flights_.at(slot).value().bytes;
  flights_[slot].reset();
  --inFlight_;
}

}  // namespace drs
