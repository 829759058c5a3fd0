#include "store/store.h"

#include "store/records_json.h"
#include "store/rows.h"
#include "store/spec_cache.h"

namespace drs {
namespace {

constexpr std::size_t kCachedSpecs = 1000;

/// Whether a running task t of job j is still wanted; the counterpart of the conditions for claiming it.
constexpr std::string_view kWanted =
    "t.cancel = 0 AND (t.kind NOT IN ('plan', 'copy', 'finish', 'stream', 'lane', 'reset') OR (j.desired = 'run' AND "
    "j.fault "
    "IS NULL))";

}  // namespace

Store::Store(std::unique_ptr<SqlDatabase> database)
    : database_(std::move(database)), specs_(std::make_unique<SpecCache>(kCachedSpecs)) {}

Store::~Store() = default;

StoreView Store::view() {
  return StoreView(*database_, *specs_);
}

void Store::write(const std::function<void(StoreTransaction&)>& body) {
  database_->transaction([&](SqlSession& session) {
    StoreTransaction tx(session, *specs_);
    body(tx);
  });
}

LeaseId leaseOf(const TaskRecord& task) {
  return {task.id, task.epoch};
}

std::vector<RenewedLease> Store::renew(const std::string& owner, const std::vector<LeaseId>& held, UnixMillis ttl) {
  std::vector<RenewedLease> out;
  if (held.empty()) return out;
  SqlParams params{owner, ttl};
  std::string pairs;
  for (const LeaseId& id : held) {
    pairs += (pairs.empty() ? "($" : ", ($") + std::to_string(params.size() + 1) + ", $" +
             std::to_string(params.size() + 2) + ")";
    params.emplace_back(id.taskId);
    params.emplace_back(static_cast<std::int64_t>(id.epoch));
  }
  database_->transaction([&](SqlSession& session) {
    const auto result = session.query(
        "UPDATE task SET lease_until = now_ms() + $2 WHERE state = 'running' AND owner = $1 AND (id, epoch) IN "
        "(VALUES " +
            pairs +
            ") RETURNING id, epoch, "
            "(SELECT count(*) FROM task t JOIN job j ON j.id = t.job_id WHERE t.id = task.id AND " +
            std::string(kWanted) + ")",
        params);
    for (const SqlRow& row : result.rows) {
      RowReader in(row);
      std::string id = in.text();
      const std::uint64_t epoch = in.count();
      out.push_back({{std::move(id), epoch}, in.flag()});
    }
  });
  return out;
}

std::vector<RenewedLease> Store::leases(const std::string& owner) {
  const auto result = database_->query(
      "SELECT t.id, t.epoch, CASE WHEN " + std::string(kWanted) +
          " THEN 1 ELSE 0 END FROM task t JOIN job j ON j.id = t.job_id WHERE t.state = 'running' AND t.owner = $1",
      {owner});
  std::vector<RenewedLease> out;
  for (const SqlRow& row : result.rows) {
    RowReader in(row);
    std::string id = in.text();
    const std::uint64_t epoch = in.count();
    out.push_back({{std::move(id), epoch}, in.flag()});
  }
  return out;
}

void Store::expireForeignLeases(const std::string& owner) {
  database_->transaction([&](SqlSession& session) {
    session.query("UPDATE task SET lease_until = 0 WHERE state = 'running' AND owner <> $1", {owner});
  });
}

void Store::saveProgress(const std::vector<TaskRecord>& tasks) {
  if (tasks.empty()) return;
  database_->transaction([&](SqlSession& session) {
    for (const TaskRecord& task : tasks) {
      const auto result = session.query(
          "UPDATE task SET progress = $3, place = $4, attempts = $5, deaths = $6 WHERE id = $1 AND epoch = $2 AND "
          "state = 'running'",
          {task.id, sqlOf(task.epoch), encodeProgress(task.progress), task.place, std::int64_t{task.attempts},
           std::int64_t{task.deaths}});
      if (result.changed == 1 && task.kind == TaskKind::copy && task.progress.rate.bytes > 0)
        StoreTransaction(session, *specs_).setDocument(task.jobId, kRateDocument, encodeRate(task.progress.rate));
    }
  });
}

}  // namespace drs
