#include "pipeline/throttle.h"

#include "base/task_group.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace drs {
namespace {

/// No wait is longer, so that a change of the rules or of the hour is noticed soon.
constexpr std::chrono::milliseconds kLongestWait{200};
constexpr UnixMillis kHourMillis = 3'600'000;
/// What a moment without readers (between two pieces, on a busy machine) may make up for: a fiftieth of ten seconds.
constexpr double kSavedSeconds = 0.2;

bool holds(const SpeedRule& rule, int hour) {
  if (rule.firstHour <= rule.lastHour) return rule.firstHour <= hour && hour <= rule.lastHour;
  return hour >= rule.firstHour || hour <= rule.lastHour;
}

std::chrono::milliseconds waitFor(double bytes, std::uint64_t limit) {
  const double millis = std::ceil(bytes * 1000.0 / static_cast<double>(limit));
  if (millis >= static_cast<double>(kLongestWait.count())) return kLongestWait;
  return std::chrono::milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(millis)));
}

}  // namespace

std::uint64_t speedAt(const std::vector<SpeedRule>& rules, UnixMillis now) {
  const int hour = static_cast<int>(now / kHourMillis % 24);
  const auto rule = std::find_if(rules.begin(), rules.end(), [hour](const SpeedRule& r) { return holds(r, hour); });
  return rule == rules.end() ? 0 : rule->bytesPerSecond;
}

Throttle::Throttle(const Clock& clock, std::vector<SpeedRule> rules, Sleep sleep)
    : clock_(clock),
      sleep_(sleep ? std::move(sleep) : Sleep(sleepFor)),
      rules_(std::move(rules)),
      filledAt_(clock.steady()) {}

void Throttle::setRules(std::vector<SpeedRule> rules) {
  const std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
}

std::uint64_t Throttle::currentLimit() const {
  const std::lock_guard lock(mutex_);
  return speedAt(rules_, clock_.now());
}

void Throttle::refill(std::uint64_t limit) {
  const auto now = clock_.steady();
  const double seconds = std::chrono::duration<double>(now - filledAt_).count();
  filledAt_ = now;
  const auto perSecond = static_cast<double>(limit);
  allowed_ = std::min(allowed_ + seconds * perSecond, asked_ + kSavedSeconds * perSecond);
}

bool Throttle::pass(std::uint64_t bytes, const std::stop_token& stop, const std::function<void()>& waiting, int seat) {
  std::optional<double> mine;
  std::chrono::milliseconds waited{0};
  while (!stop.stop_requested()) {
    std::chrono::milliseconds wait{0};
    {
      const std::lock_guard lock(mutex_);
      const std::uint64_t limit = speedAt(rules_, clock_.now());
      if (limit == 0) {  // unlimited hours forgive what was owed
        allowed_ = asked_;
        filledAt_ = clock_.steady();
        return true;
      }
      refill(limit);
      if (!mine) mine = asked_ += static_cast<double>(bytes);
      if (allowed_ >= *mine) break;
      wait = waitFor(*mine - allowed_, limit);
    }
    if (!sleep_(wait, stop)) return false;
    if (waiting) waiting();
    waited += wait;
  }
  // Who did not have to wait is not held back by the limit, and stands in nobody's way.
  const std::chrono::milliseconds aside = std::min(waited * seat / 2, kLongestWait);
  if (aside.count() > 0 && !sleep_(aside, stop)) return false;
  return !stop.stop_requested();
}

}  // namespace drs
