#include "api/lockout.h"

#include <algorithm>

namespace drs::api {
namespace {

constexpr std::size_t kMaxEntries = 4096;

}  // namespace

bool Lockout::locked(const std::string& key, UnixMillis now) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  return found != entries_.end() && found->second.failures >= limit_ && now < found->second.last + span_;
}

void Lockout::failed(const std::string& key, UnixMillis now) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= kMaxEntries && !entries_.contains(key)) {
    entries_.erase(std::min_element(entries_.begin(), entries_.end(),
                                    [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  }
  Entry& entry = entries_[key];
  if (entry.failures >= limit_ || now >= entry.last + span_)
    entry.failures = 0;  // a lock that has run out, or long ago
  ++entry.failures;
  entry.last = now;
}

void Lockout::succeeded(const std::string& key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(key);
}

}  // namespace drs::api
