#include "pipeline/turns.h"

#include "base/error.h"

#include <algorithm>

namespace drs {
namespace {

using Steady = std::chrono::steady_clock;

/// A head that waits for our locks fails by the server's own time-out (10 s) if we do not give way before.
constexpr std::chrono::seconds kMostPatience{2};

[[noreturn]] void throwStopped() {
  throw Error(Msg::connectionLost, {"the target", "the task was stopped"}, Origin::target);
}

}  // namespace

bool Turns::isHead(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return number == head_;
}

void Turns::begin(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (number != head_) return;
  headReady_ = false;
  headSince_ = Steady::now();
  changed_.notify_all();
}

bool Turns::awaitCommit(std::uint64_t number, Steady::duration took, const std::stop_token& stop) {
  // A head with as much to do as we had is given as long as we took.
  const Steady::duration patience =
      std::clamp<Steady::duration>(took, patience_, std::max<Steady::duration>(patience_, kMostPatience));
  const Steady::time_point ready = Steady::now();
  std::unique_lock lock(mutex_);
  while (number != head_) {
    if (stop.stop_requested()) throwStopped();
    if (headReady_) {
      const auto since = headSince_;
      (void)changed_.wait(lock, stop, [&] { return number == head_ || !headReady_ || since != headSince_; });
      continue;
    }
    const auto until = std::max(ready, headSince_) + patience;
    if (Steady::now() >= until) {
      ++gaveWay_;
      return false;
    }
    const std::uint64_t head = head_;
    (void)changed_.wait_until(lock, stop, until, [&] { return head_ != head || headReady_; });
  }
  if (stop.stop_requested()) throwStopped();
  headReady_ = true;
  changed_.notify_all();
  return true;
}

void Turns::awaitHead(std::uint64_t number, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [&] { return number == head_; })) throwStopped();
}

void Turns::committed() {
  const std::lock_guard lock(mutex_);
  ++head_;
  headReady_ = false;
  headSince_ = Steady::now();
  changed_.notify_all();
}

std::uint64_t Turns::gaveWay() const {
  const std::lock_guard lock(mutex_);
  return gaveWay_;
}

void Turn::begin() {
  begun_ = Steady::now();
  turns_.begin(number_);
}

bool Turn::awaitCommit() {
  return turns_.awaitCommit(number_, Steady::now() - begun_, stop_);
}

}  // namespace drs
