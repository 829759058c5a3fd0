#include "job/source_cares.h"

#include "base/error.h"

#include <algorithm>

namespace drs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

/// Then the copy makes room for those of other jobs, and comes back.
constexpr seconds kCarePatience{10};
constexpr milliseconds kMostWithin{30'000};
constexpr milliseconds kNoticeable{100};  ///< longer than a question takes
/// A job that is held back asks again sooner than that.
constexpr seconds kFresh{15};
constexpr seconds kForgotten{120};

}  // namespace

bool SourceWatch::mayOpen(const std::stop_token& stop) {
  return care_ == nullptr || gauge_ == nullptr || care_->pass(*gauge_, stop, kCarePatience, note_);
}

void SourceWatch::holdWithin(const std::stop_token& stop) {
  if (care_ == nullptr || gauge_ == nullptr || held_ >= kMostWithin) return;
  const auto begin = SteadyClock::now();
  try {
    (void)care_->pass(*gauge_, stop, kMostWithin - held_, note_);
  } catch (const Error& error) {
    if (!stop.stop_requested()) log_.warn("how busy the source is cannot be asked: {}", error.text());
  }
  const auto took = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - begin);
  if (took >= kNoticeable) held_ += took;
}

SourceCares::Shared SourceCares::get(const std::string& jobId, const std::shared_ptr<const JobSpec>& spec,
                                     const std::function<std::unique_ptr<LoadGauge>()>& make) {
  const std::lock_guard lock(mutex_);
  const Time now = SteadyClock::now();
  std::erase_if(entries_, [now](const auto& entry) { return now - entry.second.usedAt > kForgotten; });
  Entry& entry = entries_[jobId];
  if (!entry.care || entry.spec != spec) entry = {spec, std::make_shared<SourceCare>(), {}, now};
  entry.usedAt = now;
  Shared shared{entry.care, entry.gauge.lock()};
  if (!shared.gauge) {
    shared.gauge = make();
    entry.gauge = shared.gauge;
  }
  return shared;
}

std::size_t SourceCares::heldBack() const {
  const std::lock_guard lock(mutex_);
  const Time now = SteadyClock::now();
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), [now](const auto& entry) {
    return entry.second.care->busy() && now - entry.second.usedAt < kFresh;
  }));
}

}  // namespace drs
