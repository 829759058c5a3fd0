#include "pipeline/apply_progress.h"

#include <algorithm>

namespace drs {
namespace {

using std::chrono::milliseconds;

/// Heartbeats come about once a second; later than this, silence counts as delay.
constexpr milliseconds kSilence{3000};
constexpr UnixMillis kSecond = 1000;

}  // namespace

ApplyProgress::ApplyProgress(const Clock& clock, const Position& from) : clock_(clock), provenAt_(clock.now()) {
  progress_.position = from;
}

void ApplyProgress::read(const Transaction& transaction) {
  if (transaction.commitMillis <= 0) return;
  const UnixMillis now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (transaction.beat) beatAt_ = now;
  if (isVague(transaction, now)) return;
  readDelay_ = milliseconds(std::max<UnixMillis>(0, now - transaction.commitMillis));
}

void ApplyProgress::begun(const ApplyBatch& batch) {
  const std::lock_guard lock(mutex_);
  const Transaction& first = batch.transactions.front();
  UnixMillis commitMillis = first.commitMillis;
  if (isVague(first, clock_.now()) && commitMillis > 0) commitMillis += kSecond;  // it may have been its end
  inFlight_[batch.number] = commitMillis;
}

void ApplyProgress::measure(UnixMillis commitMillis, UnixMillis now) {
  progress_.delay = milliseconds(std::max<UnixMillis>(0, now - commitMillis));
  provenAt_ = beatAt_ = now;
}

void ApplyProgress::beat(UnixMillis commitMillis) {
  const UnixMillis now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (inFlight_.empty())
    measure(commitMillis, now);
  else if (!waiting_)
    waiting_ = {inFlight_.rbegin()->first, commitMillis};
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
    if (isVague(transaction, now)) continue;
    progress_.delay = milliseconds(std::max<UnixMillis>(0, now - transaction.commitMillis));
  }
  provenAt_ = now;
  if (batch.beatMillis != 0) measure(batch.beatMillis, now);
  if (waiting_ && waiting_->behind <= batch.number) {
    measure(waiting_->commitMillis, now);
    waiting_.reset();
  }
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
