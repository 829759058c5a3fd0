#include "base/ids.h"
#include "store/records_json.h"
#include "store/rows.h"
#include "store/sql_text.h"
#include "store/store.h"

namespace drs {
namespace {

// For each open job its next task that may run now, then those of the jobs with the fewest running tasks: one each, so
// that a job with many chunks does not keep others waiting. $1 owner, $2 time to live, $3 class, $4 limit, $5 most of
// one job. `gated` kinds want a job that is wanted and sound; end and reset want to be alone in their job.
constexpr std::string_view kClaim = R"(
UPDATE task SET state = 'running', owner = $1, lease_until = now_ms() + $2, claim_millis = now_ms(),
                epoch = (SELECT j.epoch + 1 FROM job j WHERE j.id = task.job_id), place = ''
WHERE id IN (
  SELECT c.id FROM (
    SELECT (SELECT t.id FROM task t
            WHERE t.job_id = j.id AND t.state = 'pending' AND t.class = $3 AND t.not_before <= now_ms()
              AND (t.kind NOT IN ('plan', 'copy', 'finish', 'stream', 'lane', 'reset') OR (j.desired = 'run' AND j.fault IS NULL))
              AND (t.kind <> 'end' OR j.fault IS NULL)
              AND (t.kind NOT IN ('end', 'reset')
                   OR NOT EXISTS (SELECT 1 FROM task o WHERE o.job_id = j.id AND o.state = 'running'))
            ORDER BY t.rank, t.number LIMIT 1) AS id,
           (SELECT count(*) FROM task r WHERE r.job_id = j.id AND r.state = 'running' AND r.class = $3) AS busy
    FROM job j WHERE j.phase NOT IN ('ended', 'deleted')) c
  JOIN task n ON n.id = c.id WHERE c.busy < $5
  ORDER BY n.rank, c.busy, n.create_millis, n.number LIMIT $4)
RETURNING )";

}  // namespace

std::string StoreTransaction::insert(const std::string& jobId, const NewTask& task) {
  const std::string id = newUuid();
  session_.query(
      "INSERT INTO task (id, job_id, kind, class, rank, number, payload, query_id, state, cancel, owner, epoch, "
      "lease_until, not_before, "
      "create_millis, claim_millis, attempts, deaths, place, death_place, error, progress) "
      "SELECT $1, $2, $3, $4, $5, coalesce(max(number), 0) + 1, $6, $7, 'pending', 0, '', 0, 0, $8, now_ms(), 0, 0, 0, "
      "'', '', '', '{}' "
      "FROM task WHERE job_id = $2",
      {id, jobId, sqlOf(toText(task.kind)), static_cast<std::int64_t>(classOf(task.kind)), rankOf(task.kind),
       task.payload, task.queryId, task.notBefore});
  return id;
}

void StoreTransaction::cancelTasks(const std::string& jobId, const std::vector<TaskKind>& kinds) {
  const std::string list = quotedList(kinds);
  session_.query(
      sqlText({"UPDATE task SET state = 'cancelled' WHERE job_id = $1 AND state = 'pending' AND kind IN (", list, ")"}),
      {jobId});
  session_.query(
      sqlText({"UPDATE task SET cancel = 1 WHERE job_id = $1 AND state = 'running' AND kind IN (", list, ")"}),
      {jobId});
  // Nobody will answer those who wait for them.
  const std::string waiting =
      "id IN (SELECT query_id FROM task WHERE job_id = $1 AND query_id <> '' AND (state = 'cancelled' OR cancel = 1))";
  session_.query("UPDATE query SET state = 'failed' WHERE state = 'pending' AND " + waiting, {jobId});
  session_.query(
      "UPDATE comparison SET state = 'CANCELLED', end_millis = now_ms() "
      "WHERE state IN ('WAITING_FOR_RUNNING', 'RUNNING') AND " +
          waiting,
      {jobId});
}

void StoreTransaction::eraseFinished(const std::string& jobId) {
  session_.query("DELETE FROM task WHERE job_id = $1 AND state IN ('done', 'cancelled')", {jobId});
}

void StoreTransaction::forgetFailures(const std::string& jobId) {
  session_.query(
      "UPDATE task SET attempts = 0, deaths = 0, death_place = '', not_before = 0 WHERE job_id = $1 AND state = "
      "'pending' "
      "AND (attempts > 0 OR deaths > 0)",
      {jobId});
}

std::vector<TaskRecord> StoreTransaction::claim(const std::string& owner, TaskClass kinds, std::int64_t limit,
                                                UnixMillis ttl, std::int64_t perJob) {
  const std::string text = sqlText({kClaim, kTaskColumns});
  std::vector<TaskRecord> claimed;
  while (static_cast<std::int64_t>(claimed.size()) < limit) {
    const std::int64_t left = limit - static_cast<std::int64_t>(claimed.size());
    const SqlResult result = session_.query(text, {owner, ttl, static_cast<std::int64_t>(kinds), left, perJob});
    if (result.rows.empty()) break;
    for (const SqlRow& row : result.rows) {
      claimed.push_back(readTask(row));
      session_.query("UPDATE job SET epoch = $2 WHERE id = $1", {claimed.back().jobId, sqlOf(claimed.back().epoch)});
    }
  }
  return claimed;
}

std::vector<TaskRecord> StoreTransaction::expired() const {
  std::vector<TaskRecord> out;
  const std::string text =
      sqlText({"SELECT ", kTaskColumns,
               " FROM task WHERE state = 'running' AND lease_until < now_ms() ORDER BY job_id, number"});
  for (const SqlRow& row : session_.query(text).rows) out.push_back(readTask(row));
  return out;
}

bool StoreTransaction::savePayload(const std::string& taskId, std::uint64_t epoch, const std::string& payload) {
  return session_
             .query("UPDATE task SET payload = $3 WHERE id = $1 AND epoch = $2 AND state = 'running'",
                    {taskId, sqlOf(epoch), payload})
             .changed == 1;
}

bool StoreTransaction::update(const TaskRecord& t) {
  const auto result = session_.query(
      "UPDATE task SET state = $3, owner = $4, lease_until = $5, not_before = $6, attempts = $7, deaths = $8, place = "
      "$9, "
      "death_place = $10, error = $11 WHERE id = $1 AND epoch = $2 AND state = 'running'",
      {t.id, sqlOf(t.epoch), sqlOf(toText(t.state)), t.owner, t.leaseUntil, t.notBefore, std::int64_t{t.attempts},
       std::int64_t{t.deaths}, t.place, t.deathPlace, t.error});
  return result.changed == 1;
}

}  // namespace drs
