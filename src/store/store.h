#pragma once

#include "store/records.h"
#include "store/sql.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drs {

/// What GET /jobs can ask for; empty members do not filter.
struct JobFilter {
  std::string projectId;
  std::vector<std::string> statuses;  ///< API statuses, any of
  std::string jobType, engineType, netType, enterpriseProjectId;
  std::string nameOrId;                  ///< part of the name, or an id, or up to 10 ids with commas
  std::vector<std::string> instanceIds;  ///< any of, on either side
  std::string instanceIp;                ///< part of an address, on either side
  enum class Sort { createTime, name, status, netType, jobDirection, payMode } sort = Sort::createTime;
  bool descending = true;
  Paging paging;
};

/// What GET /batch-async-jobs can ask for.
struct BatchFilter {
  std::string projectId, batchId, domainName, userName;
  std::optional<BatchStatus> status;
  enum class Sort { createTime, status, domainName, userName } sort = Sort::createTime;
  bool descending = true;
  Paging paging;
};

/// Which conflicts of a job are asked for; 0 = no bound. Both bounds are included.
struct ConflictFilter {
  UnixMillis begin = 0, end = 0;
  Paging paging;
};

/// Which statements of the log are asked for; 0 = no bound. Both bounds are included.
struct StatementFilter {
  std::uint64_t first = 0, last = 0;
  std::optional<bool> alarming;  ///< see isAlarming()
  Paging paging;
};
/// Somebody should look at it: it failed, or was skipped or replaced, and nobody has taken note yet.
[[nodiscard]] bool isAlarming(const StatementRow& statement);

/// Who holds a target table.
struct TargetHolder {
  std::string jobId, key;
};

/// Sums over a job's tables.
struct TableTotals {
  std::int64_t tables = 0, done = 0;
  std::uint64_t estimatedRows = 0, estimatedBytes = 0, rows = 0, bytes = 0;
};

/// Keeps parsed job specs so that reading a job does not parse its JSON again (spec_cache.h).
class SpecCache;

/// Reads of the store. Absent rows are nothing; they throw Error(storeFailed, storeDamaged) only. Each method sees one
/// state; inside a transaction all of them see the transaction's. Threads: like the session behind it.
class StoreView {
 public:
  StoreView(SqlSession& session, SpecCache& specs) : session_(session), specs_(specs) {}

  // batches and jobs
  [[nodiscard]] std::optional<BatchRecord> batch(const std::string& id) const;
  [[nodiscard]] Page<BatchRecord> batches(const BatchFilter& filter) const;
  [[nodiscard]] std::optional<JobRecord> job(const std::string& id) const;
  [[nodiscard]] Page<JobRecord> jobs(const JobFilter& filter) const;
  [[nodiscard]] std::vector<JobRecord> jobsOfBatch(const std::string& batchId) const;  ///< in the order of the request
  /// Jobs that are in one of the phases, whatever their project.
  [[nodiscard]] std::vector<JobRecord> jobsInPhases(const std::vector<Phase>& phases) const;
  /// True if another committed, undeleted job of the project has this name (compared without regard to case).
  [[nodiscard]] bool nameTaken(const std::string& projectId, const std::string& name,
                               const std::string& exceptJobId) const;
  /// The batch that a client token made within `maxAgeMillis`.
  [[nodiscard]] std::optional<std::string> batchOfToken(const std::string& projectId, const std::string& token,
                                                        UnixMillis maxAgeMillis) const;

  // tasks
  [[nodiscard]] std::optional<TaskRecord> task(const std::string& id) const;
  [[nodiscard]] std::vector<TaskRecord> tasks(const std::string& jobId) const;  ///< by number
  [[nodiscard]] std::vector<TaskRecord> runningTasks(const std::string& jobId) const;
  /// Running tasks, and streams and finishing tasks that wait: what a job's progress is made of.
  [[nodiscard]] std::vector<TaskRecord> phaseTasks(const std::string& jobId) const;
  /// True if a task of the kind is pending or running.
  [[nodiscard]] bool unfinished(const std::string& jobId, TaskKind kind) const;
  /// True if a task of the phases (plan, copy, finish, stream, reset) is running.
  [[nodiscard]] bool running(const std::string& jobId) const;

  // what belongs to a job
  [[nodiscard]] Page<EventRecord> events(const std::string& jobId, std::optional<EventLevel> level,
                                         Paging paging) const;  ///< newest first
  [[nodiscard]] std::optional<QueryRecord> query(const std::string& id) const;
  [[nodiscard]] Page<TableRecord> tables(const std::string& jobId, const std::string& search,
                                         Paging paging) const;  ///< by plan number
  [[nodiscard]] TableTotals tableTotals(const std::string& jobId) const;
  /// A private text of the job's bodies ("plan", "windows", …).
  [[nodiscard]] std::optional<std::string> document(const std::string& jobId, const std::string& name) const;
  /// How fast the job's copy was when it last said so (saveProgress()).
  [[nodiscard]] std::optional<JobRate> lastRate(const std::string& jobId) const;
  /// The jobs other than `jobId` that hold one of the target tables, each with one of them.
  [[nodiscard]] std::vector<TargetHolder> targetHolders(const std::string& jobId,
                                                        const std::vector<std::string>& keys) const;

  // comparisons
  [[nodiscard]] std::optional<CompareRecord> comparison(const std::string& id) const;
  [[nodiscard]] Page<CompareRecord> comparisons(const std::string& jobId, Paging paging) const;  ///< newest first
  [[nodiscard]] std::vector<CompareTableRecord> comparedTables(const std::string& compareId) const;

  // conflicts of the replay
  [[nodiscard]] Page<ConflictRow> conflicts(const std::string& jobId,
                                            const ConflictFilter& filter) const;  ///< newest first
  /// The highest number that is stored; 0 = none.
  [[nodiscard]] std::uint64_t lastConflict(const std::string& jobId) const;

  // statements of the log
  [[nodiscard]] Page<StatementRow> statements(const std::string& jobId,
                                              const StatementFilter& filter) const;  ///< newest first
  [[nodiscard]] std::optional<StatementRow> statement(const std::string& jobId, std::uint64_t number) const;
  /// The highest number up to which no statement will change any more; 0 = none.
  [[nodiscard]] std::uint64_t lastSettledStatement(const std::string& jobId) const;

  /// A setting of the store itself.
  [[nodiscard]] std::optional<std::string> value(const std::string& key) const;
  [[nodiscard]] UnixMillis now() const;  ///< the database's clock

 protected:
  [[nodiscard]] JobRecord withSpec(const SqlRow& row) const;

  SqlSession& session_;
  SpecCache& specs_;
};

/// A task to be inserted; absent members are chosen by the store.
struct NewTask {
  TaskKind kind = TaskKind::plan;
  std::string payload = "{}";
  std::string queryId;
  UnixMillis notBefore = 0;
};

/// Writes, inside a transaction of Store::write().
class StoreTransaction : public StoreView {
 public:
  using StoreView::StoreView;

  void insert(const BatchRecord& batch);
  void update(const BatchRecord& batch);
  void insert(const JobRecord& job);
  /// Writes all but the spec; job.version grows. Throws Error(storeFailed) if somebody changed the row since it was
  /// read.
  void update(JobRecord& job);
  /// Writes the spec and the columns that lists filter on.
  void updateSpec(JobRecord& job, std::shared_ptr<const JobSpec> spec);
  void insertToken(const std::string& projectId, const std::string& token, const std::string& batchId);

  std::string insert(const std::string& jobId, const NewTask& task);  ///< returns the id
  /// Cancels the job's tasks of these kinds: pending ones at once, running ones by `cancel`. Queries that wait for them
  /// fail, comparisons are cancelled.
  void cancelTasks(const std::string& jobId, const std::vector<TaskKind>& kinds);
  /// Removes tasks that are done or cancelled.
  void eraseFinished(const std::string& jobId);
  /// Makes the job's tasks forget their failures, so that a resumed job has all its tries.
  void forgetFailures(const std::string& jobId);

  void append(const EventRecord& event);  ///< number and, if 0, millis are set by the store
  void insert(const QueryRecord& query);
  void finishQuery(const std::string& id, QueryState state, const std::string& result,
                   const std::optional<Fault>& fault);
  void replaceTables(const std::string& jobId, const std::vector<TableRecord>& tables);
  /// Adds committed rows of a chunk to its tables, and counts the chunk as done.
  void addRows(const std::string& jobId, const std::vector<TableCount>& counts);
  /// One more chunk of a table of the plan.
  void addChunk(const std::string& jobId, std::size_t plan);
  void setDocument(const std::string& jobId, const std::string& name, const std::string& text);
  void dropDocuments(const std::string& jobId);
  /// Takes target tables for the job (canonical names, see job/target_tables.h). The caller looks at targetHolder()
  /// first.
  void holdTargets(const std::string& jobId, const std::vector<std::string>& keys);
  void releaseTargets(const std::string& jobId);
  void insert(const CompareRecord& comparison);
  void update(const CompareRecord& comparison);
  void put(const CompareTableRecord& table);  ///< insert or replace
  /// Adds what is not there yet, and drops all but the newest `most` of the job.
  void addConflicts(const std::string& jobId, const std::vector<ConflictRow>& rows, std::uint64_t most);
  void eraseConflicts(const std::string& jobId);
  /// Adds or replaces them, and drops all but the newest `most` of the job. When they were cleaned stays as it is.
  void putStatements(const std::string& jobId, const std::vector<StatementRow>& rows, std::int64_t most);
  void cleanStatement(const std::string& jobId, std::uint64_t number, UnixMillis now);
  void eraseStatements(const std::string& jobId);
  void setValue(const std::string& key, const std::string& value);

  // leases, see job/lease_keeper.h
  /// Claims up to `limit` pending tasks of a class that may run now, so that no job has more than `perJob` of them
  /// running; the epoch of their jobs, and with it theirs, grows.
  [[nodiscard]] std::vector<TaskRecord> claim(const std::string& owner, TaskClass kinds, std::int64_t limit,
                                              UnixMillis ttl, std::int64_t perJob = 1000);
  /// Running tasks whose lease ran out.
  [[nodiscard]] std::vector<TaskRecord> expired() const;
  /// Writes state, owner, lease, counters, place and error of a running task where id and epoch match; false = somebody
  /// else owns it.
  [[nodiscard]] bool update(const TaskRecord& task);
  [[nodiscard]] bool savePayload(const std::string& taskId, std::uint64_t epoch, const std::string& payload);
  void eraseJob(const std::string& jobId);  ///< all rows of a deleted job
  /// Removes what is older: queries and client tokens, comparisons.
  void eraseOld(UnixMillis queriesBefore, UnixMillis comparisonsBefore);
};

/// One claim of a task. The same worker may claim a task again while an earlier run of it still ends.
struct LeaseId {
  std::string taskId;
  std::uint64_t epoch = 0;
  friend auto operator<=>(const LeaseId&, const LeaseId&) = default;
};
[[nodiscard]] LeaseId leaseOf(const TaskRecord& task);

/// A lease that is still ours, and whether its work is still wanted.
struct RenewedLease {
  LeaseId id;
  bool wanted = true;  ///< false: cancelled, or the job is paused, ended or faulted
};

/// The metadata store. Threads: any; writing transactions run one after the other.
class Store {
 public:
  explicit Store(std::unique_ptr<SqlDatabase> database);
  ~Store();

  /// Reads; each call its own state.
  [[nodiscard]] StoreView view();
  /// Several reads and writes, all or nothing; durable on return.
  void write(const std::function<void(StoreTransaction&)>& body);

  /// Renews these leases of a worker with one statement and returns those that it still has. A lease that its worker
  /// does not hold any more is to run out: its outcome could not be stored.
  [[nodiscard]] std::vector<RenewedLease> renew(const std::string& owner, const std::vector<LeaseId>& held,
                                                UnixMillis ttl);
  /// All leases of a worker; nothing is renewed.
  [[nodiscard]] std::vector<RenewedLease> leases(const std::string& owner);
  /// Ends the leases of all other workers at once; only for who holds the data folder alone.
  void expireForeignLeases(const std::string& owner);
  /// Writes what running tasks say of themselves, and beside it the rate of the copies, which outlives them; tasks that
  /// are no longer ours are passed over.
  void saveProgress(const std::vector<TaskRecord>& tasks);

 private:
  std::unique_ptr<SqlDatabase> database_;
  std::unique_ptr<SpecCache> specs_;
};

}  // namespace drs
