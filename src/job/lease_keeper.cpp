#include "job/lease_keeper.h"

namespace drs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kFlushEvery{1};
// Figures that do not change are written again this often, so that readers see that they are fresh.
constexpr seconds kRefreshEvery{10};
// A stream that lived this long has not killed its worker, wherever it stands.
constexpr std::chrono::minutes kProvenAlive{5};
constexpr milliseconds kWatchEvery{100};

bool same(const TaskProgress& a, const TaskProgress& b) {
  const auto equalTables = [&] {
    if (a.tables.size() != b.tables.size()) return false;
    for (std::size_t i = 0; i < a.tables.size(); ++i) {
      if (a.tables[i].plan != b.tables[i].plan || a.tables[i].rows != b.tables[i].rows ||
          a.tables[i].bytes != b.tables[i].bytes)
        return false;
    }
    return true;
  };
  return a.position == b.position && a.delayMillis == b.delayMillis && a.readMillis == b.readMillis &&
         a.lastCommitMillis == b.lastCommitMillis && a.transactions == b.transactions && a.rows == b.rows &&
         a.conflictsKept == b.conflictsKept && a.conflictsOverwritten == b.conflictsOverwritten &&
         a.percent == b.percent && equalTables();
}

}  // namespace

LeaseKeeper::LeaseKeeper(Store& store, std::string owner, const Settings& settings, const Clock& clock, Log log,
                         std::function<void(const Error&)> onStoreError)
    : store_(store),
      owner_(std::move(owner)),
      settings_(settings),
      clock_(clock),
      log_(std::move(log)),
      onStoreError_(std::move(onStoreError)) {}

LeaseKeeper::~LeaseKeeper() {
  stop();
}

void LeaseKeeper::start() {
  threads_.emplace();
  threads_->start("lease-renew", [this](const std::stop_token& stop) { renewLoop(stop); });
  threads_->start("lease-watch", [this](const std::stop_token& stop) { watchLoop(stop); });
}

void LeaseKeeper::stop() {
  threads_.reset();
}

void LeaseKeeper::hold(const TaskRecord& task, const std::stop_source& stop, SteadyTime askedAt) {
  const std::lock_guard lock(mutex_);
  Held held;
  held.task = task;
  held.stop = stop;
  held.deadline = askedAt + seconds(settings_.leaseTtlSeconds - settings_.leaseMarginSeconds);
  held.since = held.savedAt = clock_.steady();
  held_.insert_or_assign(leaseOf(task), std::move(held));
}

StopReason LeaseKeeper::drop(const LeaseId& lease) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(lease);
  if (found == held_.end()) return StopReason::lost;
  const StopReason reason = found->second.reason;
  held_.erase(found);
  return reason;
}

StopReason LeaseKeeper::reason(const LeaseId& lease) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(lease);
  return found == held_.end() ? StopReason::lost : found->second.reason;
}

int LeaseKeeper::attempts(const LeaseId& lease) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(lease);
  return found == held_.end() ? 0 : found->second.task.attempts;
}

void LeaseKeeper::report(const LeaseId& lease, const TaskProgress& progress) {
  const UnixMillis now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(lease);
  if (found == held_.end()) return;
  Held& held = found->second;
  held.reported = true;
  if (!same(held.task.progress, progress)) held.changed = true;
  if (!progress.position.empty() && progress.position != held.task.progress.position) {
    held.task.place = progress.position;
    held.task.attempts = 0;
  }
  held.task.progress = progress;
  held.task.progress.updateMillis = now;
}

void LeaseKeeper::stopAll() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, held] : held_) end(held, StopReason::shutdown);
}

void LeaseKeeper::end(Held& held, StopReason reason) {
  // What was asked first stands, except that a lost lease overrules: then the store must not be touched.
  if (held.reason == StopReason::none || reason == StopReason::lost) held.reason = reason;
  held.stop.request_stop();
}

std::vector<LeaseId> LeaseKeeper::heldIds() const {
  const std::lock_guard lock(mutex_);
  std::vector<LeaseId> ids;
  ids.reserve(held_.size());
  for (const auto& [id, held] : held_) ids.push_back(id);
  return ids;
}

void LeaseKeeper::renewLoop(const std::stop_token& stop) {
  while (sleepFor(milliseconds(settings_.pollMillis), stop)) renewRound();
}

void LeaseKeeper::watchLoop(const std::stop_token& stop) {
  while (sleepFor(kWatchEvery, stop)) watchRound();
}

void LeaseKeeper::renewRound() {
  // Only tasks that were held before the statement can be missed by it: a task claimed meanwhile is not in its answer.
  const std::vector<LeaseId> asked = heldIds();
  if (asked.empty()) return;
  try {
    const SteadyTime before = clock_.steady();
    if (before - renewedAt_ >= seconds(settings_.leaseRenewSeconds)) {
      const UnixMillis ttl = UnixMillis{settings_.leaseTtlSeconds} * 1000;
      const auto leases = store_.renew(owner_, asked, ttl);
      renewedAt_ = before;
      settle(asked, leases, before + seconds(settings_.leaseTtlSeconds - settings_.leaseMarginSeconds));
    } else {
      settle(asked, store_.leases(owner_), std::nullopt);
    }
    if (before - flushedAt_ >= kFlushEvery) {
      flushedAt_ = before;
      flush();
    }
  } catch (const Error& error) {
    onStoreError_(error);
  }
}

void LeaseKeeper::settle(const std::vector<LeaseId>& asked, const std::vector<RenewedLease>& leases,
                         std::optional<SteadyTime> deadline) {
  std::map<LeaseId, bool> wanted;
  for (const RenewedLease& lease : leases) wanted.emplace(lease.id, lease.wanted);
  const std::lock_guard lock(mutex_);
  for (const LeaseId& id : asked) {
    const auto found = held_.find(id);
    if (found == held_.end()) continue;
    Held& held = found->second;
    const auto lease = wanted.find(id);
    if (lease == wanted.end()) {
      log_.warn("the lease of task {} of job {} is lost", id.taskId, held.task.jobId);
      end(held, StopReason::lost);
      continue;
    }
    if (deadline) held.deadline = *deadline;
    if (!lease->second) end(held, StopReason::unwanted);
  }
}

void LeaseKeeper::watchRound() {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  for (auto& [id, held] : held_) {
    if (held.reason == StopReason::lost || now < held.deadline) continue;
    log_.warn("the lease of task {} of job {} could not be renewed in time", id.taskId, held.task.jobId);
    end(held, StopReason::lost);
  }
}

void LeaseKeeper::flush() {
  std::vector<TaskRecord> due;
  {
    const SteadyTime now = clock_.steady();
    const std::lock_guard lock(mutex_);
    for (auto& [id, held] : held_) {
      if (classOf(held.task.kind) == TaskClass::stream && held.task.deaths > 0 && now - held.since > kProvenAlive) {
        held.task.deaths = 0;
        held.changed = true;
      }
      if (!held.changed && !(held.reported && now - held.savedAt >= kRefreshEvery)) continue;
      held.changed = held.reported = false;
      held.savedAt = now;
      due.push_back(held.task);
    }
  }
  store_.saveProgress(due);
}

}  // namespace drs
