#include "http/connections.h"

#include <map>
#include <string_view>

namespace drs::http {

// The queue holds one entry per connection; a few connections may exist beyond the limit while their victims close.
Shared::Shared(ServerLimits serverLimits, ServerHooks serverHooks, Log serverLog)
    : limits(serverLimits), hooks(std::move(serverHooks)), log(std::move(serverLog)), queue(limits.connections * 2) {}

void Shared::add(const std::shared_ptr<Connection>& connection) {
  std::shared_ptr<Connection> victim;
  {
    const std::lock_guard lock(mutex_);
    if (connections_.size() >= limits.connections) victim = chooseVictim();
    if (victim) connections_.erase(victim);
    connections_.insert(connection);
  }
  if (victim) victim->close(false);
}

void Shared::remove(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  connections_.erase(connection);
  if (connections_.empty()) empty_.notify_all();
}

void Shared::clear() {
  std::set<std::shared_ptr<Connection>> last;  // destroyed behind the lock
  const std::lock_guard lock(mutex_);
  last.swap(connections_);
}

std::vector<std::shared_ptr<Connection>> Shared::all() const {
  const std::lock_guard lock(mutex_);
  return {connections_.begin(), connections_.end()};
}

bool Shared::waitUntilEmpty(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  return empty_.wait_until(lock, until, [this] { return connections_.empty(); });
}

bool Shared::reserve(std::size_t bytes) {
  if (reserved_.fetch_add(bytes) + bytes <= limits.allBodiesBytes) return true;
  reserved_ -= bytes;
  return false;
}

Response Shared::refuse(const Error& error, const Request& request) const noexcept {
  try {
    return hooks.refuse(error, request);
  } catch (...) {
    return {500, "text/plain", "", {}};
  }
}

/// Of the address with most waiting connections the one that has waited longest: whoever opens many connections, or
/// feeds them slowly, loses its own. A connection with a running request is never chosen.
std::shared_ptr<Connection> Shared::chooseVictim() const {
  std::map<std::string_view, std::size_t> waiting;
  std::vector<std::shared_ptr<Connection>> candidates;
  for (const auto& each : connections_) {
    if (each->state == Connection::State::running) continue;
    ++waiting[each->remote];
    candidates.push_back(each);
  }
  std::shared_ptr<Connection> victim;
  std::pair<std::size_t, std::chrono::steady_clock::rep> worst;
  for (const auto& each : candidates) {
    const std::pair rank(waiting[each->remote], -each->since.load());
    if (victim && rank <= worst) continue;
    victim = each;
    worst = rank;
  }
  return victim;
}

}  // namespace drs::http
