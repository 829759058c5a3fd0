#include "job/pace.h"

#include <chrono>

namespace drs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kWindow{10};
constexpr milliseconds kSampleEvery{250};
constexpr seconds kSettled{1};
/// The rate without a limit is kept for long, so that it takes a longer look.
constexpr seconds kWellSettled{3};
/// A shorter break lies between two pieces of work and will come again.
constexpr seconds kPause{2};
/// What comes within a tenth of the limit is held back by it.
constexpr double kNearLimit = 0.9;

std::uint64_t perSecond(std::uint64_t count, double span) {
  return static_cast<std::uint64_t>(static_cast<double>(count) / span);
}

}  // namespace

Pace::Pace(const Clock& clock) : clock_(clock), idleSince_(clock.steady()) {}

void Pace::restart() {
  window_.clear();
  window_.push_back({clock_.steady(), rows_, bytes_});
}

int Pace::begin() {
  const std::lock_guard lock(mutex_);
  if (seats_.empty() && (window_.empty() || clock_.steady() - idleSince_ >= kPause)) restart();
  int seat = 0;
  while (!seats_.insert(seat).second) ++seat;
  return seat;
}

void Pace::end(int seat) {
  const std::lock_guard lock(mutex_);
  seats_.erase(seat);
  if (seats_.empty()) idleSince_ = clock_.steady();
}

void Pace::add(std::uint64_t rows, std::uint64_t bytes, std::uint64_t limit) {
  const std::lock_guard lock(mutex_);
  rows_ += rows;
  bytes_ += bytes;
  if (limit != rate_.limit) {  // these rows came under the old one
    restart();
    rate_.limit = limit;
  }
  const auto now = clock_.steady();
  measure(now);
  if (now - window_.back().at < kSampleEvery) return;
  window_.push_back({now, rows_, bytes_});
  while (window_.size() > 2 && now - window_[1].at >= kWindow) window_.pop_front();
}

void Pace::measure(std::chrono::steady_clock::time_point now) {
  const Sample& first = window_.front();
  if (now - first.at < kSettled) return;
  const double span = std::chrono::duration<double>(now - first.at).count();
  rate_.rows = perSecond(rows_ - first.rows, span);
  rate_.bytes = perSecond(bytes_ - first.bytes, span);
  const bool held = static_cast<double>(rate_.bytes) >= kNearLimit * static_cast<double>(rate_.limit);
  if ((rate_.limit == 0 || !held) && now - first.at >= kWellSettled) rate_.unlimited = rate_.bytes;
}

JobRate Pace::rate() const {
  const std::lock_guard lock(mutex_);
  return rate_;
}

}  // namespace drs
