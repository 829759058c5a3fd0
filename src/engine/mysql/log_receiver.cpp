#include "engine/mysql/log_receiver.h"

#include <cstring>
#include <utility>

namespace drs::mysql {
namespace {

constexpr const char* kSkip = "";  // its address is the mark

}  // namespace

LogReceiver::LogReceiver(std::function<std::string_view()> receive, std::function<void()> interrupt)
    : receive_(std::move(receive)), interrupt_(std::move(interrupt)), ring_(new Head[kRingBytes / sizeof(Head)]) {
  thread_.start("log-receiver", [this](const std::stop_token&) { run(); });
}

LogReceiver::~LogReceiver() {
  gone_ = true;
  interrupt_();
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void LogReceiver::run() {
  try {
    while (!gone_) put(receive_());
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void LogReceiver::put(std::string_view packet) {
  const bool isLarge = packet.size() >= kLargeBytes;
  const std::size_t body = isLarge ? 0 : (packet.size() + sizeof(Head) - 1) / sizeof(Head) * sizeof(Head);
  const std::size_t need = sizeof(Head) + body;
  std::uint64_t at = written_.load(std::memory_order_relaxed);
  const std::size_t place = at % kRingBytes;
  // An empty ring begins anew: what is used of it stays small, in the caches and in memory.
  const bool isEmpty = taken_.load(std::memory_order_acquire) == at;
  const bool skips = place + need > kRingBytes || (isEmpty && place >= need);
  const std::uint64_t end = at + need + (skips ? kRingBytes - place : 0);
  if (end > kRingBytes && !awaitTaken(end - kRingBytes)) return;
  if (skips) {
    ring_[place / sizeof(Head)] = {kSkip, 0};
    at += kRingBytes - place;
  }
  Head* const head = &ring_[at % kRingBytes / sizeof(Head)];
  *head = {isLarge ? packet.data() : nullptr, packet.size()};
  if (!isLarge) std::memcpy(head + 1, packet.data(), packet.size());
  publish(end);
  if (isLarge) (void)awaitTaken(end);
}

void LogReceiver::publish(std::uint64_t written) {
  written_.store(written);
  if (!readerWaits_.load()) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool LogReceiver::awaitTaken(std::uint64_t taken) {
  if (taken_.load(std::memory_order_acquire) >= taken) return true;
  std::unique_lock lock(mutex_);
  receiverWaits_ = true;
  changed_.wait(lock, [&] { return gone_ || taken_.load() >= taken; });
  receiverWaits_ = false;
  return !gone_;
}

void LogReceiver::awaitWritten() {
  seen_ = written_.load(std::memory_order_acquire);
  if (seen_ > at_) return;
  std::unique_lock lock(mutex_);
  readerWaits_ = true;
  changed_.wait(lock, [&] { return ended_ || written_.load() > at_; });
  readerWaits_ = false;
  seen_ = written_.load();
  if (seen_ == at_) std::rethrow_exception(error_);
}

std::string_view LogReceiver::read() {
  // Given back in lumps: each time costs the other processor a look. All of it before a wait, and behind a large one.
  constexpr std::uint64_t kLump = kRingBytes / 16;
  const auto giveBack = [this] {
    taken_.store(at_);
    if (!receiverWaits_.load()) return;
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  };
  if (at_ - taken_.load(std::memory_order_relaxed) >= kLump || (seen_ == at_ && at_ > 0)) giveBack();
  for (;;) {
    if (seen_ == at_) awaitWritten();
    const Head& head = ring_[at_ % kRingBytes / sizeof(Head)];
    if (head.large == kSkip) {
      at_ += kRingBytes - at_ % kRingBytes;
      continue;
    }
    if (head.large != nullptr) {
      at_ += sizeof(Head);
      return {head.large, head.length};
    }
    at_ += sizeof(Head) + (head.length + sizeof(Head) - 1) / sizeof(Head) * sizeof(Head);
    return {reinterpret_cast<const char*>(&head + 1), head.length};
  }
}

}  // namespace drs::mysql
