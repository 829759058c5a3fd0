#include "pipeline/apply_pool.h"

#include "base/failpoint.h"

#include <utility>

namespace drs {

ApplyPool::ApplyPool(const StreamOptions& options, Appliers& appliers, ApplyProgress& progress)
    : appliers_(appliers),
      progress_(progress),
      turns_(options.turnPatience),
      scheduler_(appliers.count(), options.queueBytes),
      work_(appliers.count()) {}

bool ApplyPool::awaitFree(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return freed_.wait(lock, stop, [&] { return scheduler_.hasFree(); });
}

bool ApplyPool::submit(ApplyBatch batch, ConflictKeys keys, const std::stop_token& stop) {
  keys.seal();
  std::unique_lock lock(mutex_);
  if (scheduler_.hasFree() && !scheduler_.mayStart(keys, batch.bytes)) ++counters_.waited;
  if (!freed_.wait(lock, stop, [&] { return scheduler_.mayStart(keys, batch.bytes); })) return false;
  if (stop.stop_requested()) return false;
  if (scheduler_.inFlight() > 0) ++counters_.sideBySide;
  batch.number = ++counters_.batches;
  progress_.begun(batch);
  const std::size_t slot = scheduler_.start(std::move(keys), batch.bytes);
  work_[slot] = std::move(batch);
  filled_.notify_all();
  return true;
}

bool ApplyPool::drain(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return freed_.wait(lock, stop, [&] { return scheduler_.inFlight() == 0; });
}

void ApplyPool::run(std::size_t slot, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (filled_.wait(lock, stop, [&] { return work_[slot].has_value(); })) {
    const ApplyBatch batch = *std::exchange(work_[slot], std::nullopt);
    lock.unlock();
    failpoint("stream.before_apply");
    Turn turn(turns_, batch.number, stop);
    const ApplyStats stats = appliers_.apply(slot, batch, turn, stop);
    failpoint("stream.after_apply");
    progress_.committed(batch, stats);
    turns_.committed();
    lock.lock();
    scheduler_.finish(slot);
    freed_.notify_all();
  }
}

ApplyPool::Counters ApplyPool::counters() const {
  const std::lock_guard lock(mutex_);
  Counters out = counters_;
  out.gaveWay = turns_.gaveWay();
  return out;
}

}  // namespace drs
