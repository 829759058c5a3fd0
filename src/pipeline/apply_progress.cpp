#include "pipeline/apply_progress.h"

#include <algorithm>

namespace drs {
namespace {

using std::chrono::milliseconds;

/// Heartbeats come about once a second; later than this, silence counts as delay.
constexpr milliseconds kSilence{3000};

}  // namespace

ApplyProgress::ApplyProgress(const Clock& clock, const Position& from) : clock_(clock), provenAt_(clock.now()) {
  progress_.position = from;
}

void ApplyProgress::read(UnixMillis commitMillis) {
  if (commitMillis <= 0) return;
  const UnixMillis now = clock_.now();
  const std::lock_guard lock(mutex_);
  readDelay_ = milliseconds(std::max<UnixMillis>(0, now - commitMillis));
}

void ApplyProgress::begun(const ApplyBatch& batch) {
  const std::lock_guard lock(mutex_);
  inFlight_[batch.number] = batch.transactions.front().commitMillis;
}

void ApplyProgress::committed(const ApplyBatch& batch, const ApplyStats& stats) {
  const UnixMillis now = clock_.now();
  const std::lock_guard lock(mutex_);
  inFlight_.erase(batch.number);
  progress_.position = batch.transactions.back().end;
  progress_.rows += stats.rows;
  progress_.conflictsKept += stats.conflictsKept;
  progress_.conflictsOverwritten += stats.conflictsOverwritten;
  for (const Transaction& transaction : batch.transactions) {
    if (transaction.empty()) continue;
    ++progress_.transactions;
    if (transaction.commitMillis <= 0) continue;
    progress_.lastCommitMillis = transaction.commitMillis;
    progress_.delay = milliseconds(std::max<UnixMillis>(0, now - transaction.commitMillis));
  }
  provenAt_ = now;
}

void ApplyProgress::idle(UnixMillis caughtUpAt) {
  const std::lock_guard lock(mutex_);
  progress_.delay = readDelay_ = milliseconds(0);
  provenAt_ = caughtUpAt;
}

StreamProgress ApplyProgress::now() const {
  const UnixMillis now = clock_.now();
  const std::lock_guard lock(mutex_);
  StreamProgress out = progress_;
  const auto oldest =
      std::find_if(inFlight_.begin(), inFlight_.end(), [](const auto& entry) { return entry.second > 0; });
  if (oldest != inFlight_.end()) {
    out.delay = std::max(out.delay, milliseconds(now - oldest->second));
  } else if (const milliseconds silence(now - provenAt_); silence > kSilence) {
    out.delay += silence;
    out.readDelay = out.delay;  // nothing is heard of the source
    return out;
  }
  out.readDelay = std::min(readDelay_, out.delay);
  return out;
}

}  // namespace drs
