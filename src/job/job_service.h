#pragma once

#include "base/error.h"
#include "crypto/sealer.h"
#include "job/cutover.h"
#include "job/lifecycle.h"
#include "job/settings.h"
#include "model/job_spec_json.h"
#include "store/store.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// What users can do with batches and jobs: all that the API's handlers call.

namespace drs {

/// Who asks. Everything is seen within the project only: a job of another project is an unknown job.
struct Actor {
  std::string projectId, domainName, userName;
};

/// The outcome for one element of a call that names several jobs.
struct ItemResult {
  std::string id, name;           ///< name: empty if the job is unknown
  std::optional<Error> error;     ///< nothing = success
  std::vector<Problem> problems;  ///< of a refused update: all that is wrong; `error` is the first
  std::string queryId;            ///< of asynchronous actions
};

/// One element of a batch update (v5-endpoints.md 2.3). type: all, network, endpoint, policy, db_object, precheck.
struct BatchUpdate {
  std::string type;
  std::string jobId;                       ///< empty: the job at the same place of the batch
  const nlohmann::json* params = nullptr;  ///< may be null for precheck
};

struct StartOptions {
  UnixMillis startAtMillis = 0;  ///< 0 or in the past = now
  bool compareAtEnd = true;      ///< is_auto_create_compare; of FULL_TRANS only, see docs/guides/mysql-to-mysql.md
};

/// Progress of a whole job, summed up over its tables and running tasks.
struct JobProgress {
  std::string status;    ///< the API's job status
  std::string taskType;  ///< FULL_TRANS …
  int percent = 0;       ///< of the full phase; 100 when it is over
  int structPercent = 0, dataPercent = 0, indexPercent = 0;
  std::int64_t tables = 0, tablesDone = 0, tablesIndexed = 0;
  std::uint64_t rowsEstimated = 0, rowsDone = 0;
  std::uint64_t bytesExpected = 0, bytesDone = 0;  ///< of row data; what is expected is corrected by what was read
  JobRate rate;                                    ///< of the copies that run now, or ran last before a pause
  std::optional<std::int64_t> delayMillis;         ///< nothing = not in the incremental phase, or not known yet
  /// Of disaster recovery: the delay to this service, and from here to the target; they add up to delayMillis.
  std::optional<std::int64_t> rpoMillis, rtoMillis;
  std::string position;  ///< of the stream, the engine's text
  std::uint64_t transactions = 0, changes = 0, conflictsKept = 0,
                conflictsOverwritten = 0;  ///< since the stream was last started
  /// Of the full phase, of the rows, of the indexes behind them; -1 = not known. Time in pause comes on top.
  std::int64_t remainingSeconds = -1, dataSeconds = -1, indexSeconds = -1;
  UnixMillis updateMillis = 0;  ///< when the newest figure was taken
  struct Objects {
    ObjectKind kind = ObjectKind::view;
    std::int64_t all = 0, done = 0;
  };
  std::vector<Objects> objects;  ///< beside tables; kinds of which there is none are left out
  /// A server of the source that is copied and followed by itself.
  struct Shard {
    std::string name;
    std::uint32_t subTask = 0;  ///< which of the sub-tasks (node_num) copies it, from 0
    enum class State { waiting, copying, following } state = State::waiting;  ///< copied at its end is `following`
    int percent = 0;                                                          ///< of its copy
    std::string position;                                                     ///< of its log, applied
    std::optional<std::int64_t> delayMillis;                                  ///< of the oldest change not yet applied
    std::optional<std::uint64_t> unreceivedBytes, unappliedBytes;             ///< as TaskProgress
  };
  std::vector<Shard> shards;  ///< in the order of the plan; empty: the engine has tables, or nothing runs
};

/// Progress of one table.
struct TableProgress {
  TableRecord table;  ///< rows and bytes include those of running chunks
  int percent = 0, indexPercent = 0;
  std::uint64_t bytesExpected = 0;
};

/// What may be done with a job now, in the vocabulary of GET …/actions.
struct JobActions {
  std::vector<std::string> available, unavailable;
  std::string current;  ///< the operation under way or, if there is none, the last one
};

/// The answer to a connection test, a pre-check, a position or an object query. `record.state` says whether it is
/// there.
struct QueryAnswer {
  QueryRecord record;
  std::vector<NetworkRow> network;         ///< of network
  std::optional<PrecheckReport> precheck;  ///< of precheck (also while it runs)
  std::string position;                    ///< of position: the engine's text, e.g. "mysql-bin.000277:805"
  std::optional<DbObject> objects;         ///< of objects: what was found at the source
};

/// Which objects of a job are asked for.
struct ObjectsQuery {
  std::string type;                    ///< source, modified, synchronized
  std::vector<std::string> databases;  ///< empty = all
  bool refresh = false;
};

struct CompareRequest {
  CompareType type = CompareType::contents;
  UnixMillis startAtMillis = 0;
  std::string options = "{}";       ///< JSON object
  std::optional<DbObject> objects;  ///< narrows the comparison; nothing = all selected tables
};

/// A comparison with its tables.
struct CompareResults {
  CompareRecord comparison;
  std::vector<CompareTableRecord> tables;
};

/// Batches and jobs, as users see them. Every call that names a job or batch throws Error(unknownJob / unknownBatch)
/// for what does not exist, is deleted, or is another project's; every call that changes something throws
/// Error(wrongState) if the life cycle does not allow it now and Error(busy) while another operation runs. All throw
/// Error(storeFailed). What returns has been stored durably. Threads: any.
class JobService {
 public:
  JobService(Store& store, const Sealer& sealer, const Settings& settings);
  ~JobService();

  // ---- batches ----
  /// Stores the jobs (decoded, without problems; secrets plain, sealed here), starts their validation and returns the
  /// async_job_id. A `clientToken` that was seen in the last 24 hours returns the first answer and stores nothing.
  std::string createBatch(const Actor& actor, std::vector<JobSpec> jobs, const std::optional<std::string>& clientToken);
  /// `filter.projectId` is set here.
  [[nodiscard]] Page<BatchRecord> listBatches(const Actor& actor, BatchFilter filter);
  [[nodiscard]] BatchRecord batch(const Actor& actor, const std::string& batchId);
  /// In the order of the request.
  [[nodiscard]] Page<JobRecord> batchJobs(const Actor& actor, const std::string& batchId, Paging paging);
  /// Changes jobs that are still drafts and validates them again; each element succeeds or fails alone.
  std::vector<ItemResult> updateBatch(const Actor& actor, const std::string& batchId,
                                      const std::vector<BatchUpdate>& updates);
  struct Committed {
    BatchRecord batch;
    std::size_t jobs = 0;
  };
  /// Submits all jobs of the batch, all or none; they start by themselves. Throws Error(wrongState) if a job is not
  /// validated or the batch was committed, Error(nameTaken), Error(targetTaken).
  Committed commitBatch(const Actor& actor, const std::string& batchId);

  // ---- reading jobs ----
  /// `filter.projectId` is set here.
  [[nodiscard]] Page<JobRecord> listJobs(const Actor& actor, JobFilter filter);
  /// Also a deleted job, as long as its row is kept.
  [[nodiscard]] JobRecord job(const Actor& actor, const std::string& jobId);
  [[nodiscard]] JobActions actions(const Actor& actor, const std::string& jobId);
  [[nodiscard]] static JobActions actionsOf(const JobRecord& job);
  [[nodiscard]] JobProgress progress(const Actor& actor, const std::string& jobId);
  /// `search`: part of a source or target name; empty = all.
  [[nodiscard]] Page<TableProgress> tableProgress(const Actor& actor, const std::string& jobId,
                                                  const std::string& search, Paging paging);
  /// Views, routines, triggers or events as they were planned. `search` as above.
  [[nodiscard]] Page<ObjectPlan> objectProgress(const Actor& actor, const std::string& jobId, ObjectKind kind,
                                                const std::string& search, Paging paging);
  /// Newest first; without a level: all.
  [[nodiscard]] Page<EventRecord> logs(const Actor& actor, const std::string& jobId, std::optional<EventLevel> level,
                                       Paging paging);

  /// Changes that did not fit the rows of the target, newest first; also of an ended job. Of the replay only: in the
  /// full phase nothing can collide, its tables were empty.
  [[nodiscard]] Page<ConflictRow> conflicts(const Actor& actor, const std::string& jobId, const ConflictFilter& filter);

  // ---- statements of the log ----
  /// Those that the job has met, newest first; also of an ended job.
  [[nodiscard]] Page<StatementRow> statements(const Actor& actor, const std::string& jobId,
                                              const StatementFilter& filter);
  /// Somebody has taken note of it: it alarms no more. Idempotent. Throws Error(unknownStatement).
  void cleanStatement(const Actor& actor, const std::string& jobId, std::uint64_t number);
  /// The task goes on behind the statement at which it stands, without running it at the target, or with `sql` run in
  /// its place. Throws Error(unknownStatement), Error(wrongState) if the task does not stand at this very statement.
  void skipStatement(const Actor& actor, const std::string& jobId, std::uint64_t number);
  void replaceStatement(const Actor& actor, const std::string& jobId, std::uint64_t number, const std::string& sql);

  // ---- acting on jobs ----
  void start(const Actor& actor, const std::string& jobId, const StartOptions& options);
  /// The API's `stop`. Status PAUSING follows when everything has drained.
  void pause(const Actor& actor, const std::string& jobId);
  /// The API's `restart`: goes on after a pause or tries again after a fault.
  void resume(const Actor& actor, const std::string& jobId);
  /// Removes what was copied and begins again.
  void reset(const Actor& actor, const std::string& jobId);
  /// Ends the job for good (terminate, stop calls). With `force` it ends even if the databases cannot be cleaned.
  void end(const Actor& actor, const std::string& jobId, bool force);
  /// Deletes an ended job or a draft.
  void remove(const Actor& actor, const std::string& jobId);

  // ---- cut-over ----
  /// Begins one (dry runs are one too); lastCutover() tells how far it is.
  void cutOver(const Actor& actor, const std::string& jobId, const CutoverRequest& request);
  /// Makes it go back; nothing happens to one that is over.
  /// Single-active disaster recovery: source and target change places. Followed and cancelled as a cut-over.
  void switchOver(const Actor& actor, const std::string& jobId);
  void cancelCutover(const Actor& actor, const std::string& jobId);
  /// The one under way, or the last one; nothing if there was none.
  [[nodiscard]] std::optional<Cutover> lastCutover(const Actor& actor, const std::string& jobId);

  // ---- questions that take a while: each returns a query_id ----
  /// Tests the job's connections; `endpoints` (validated, secrets plain) replace the job's own for this test only.
  std::string testNetwork(const Actor& actor, const std::string& jobId, const std::vector<EndpointInfo>& endpoints);
  /// mode: forStartJob or forRetryJob.
  std::string precheck(const Actor& actor, const std::string& jobId, const std::string& mode);
  std::string collectPosition(const Actor& actor, const std::string& jobId);
  std::string collectObjects(const Actor& actor, const std::string& jobId, const ObjectsQuery& query);
  /// Throws Error(unknownQuery) if the job has no such query.
  [[nodiscard]] QueryAnswer answer(const Actor& actor, const std::string& jobId, const std::string& queryId);

  /// Accepts failed pre-check items. Throws Error(valueNotAllowed) for one that does not exist or must not be skipped.
  void skipPrecheck(const Actor& actor, const std::string& jobId, const std::vector<std::string>& items,
                    const std::string& reason);
  /// Replaces the windows of the speed limit (checked; none = no limit), also while the copy runs. Throws
  /// Error(noFlowControl) for INCR_TRANS.
  void limitSpeed(const Actor& actor, const std::string& jobId, const std::vector<SpeedWindow>& windows);
  /// INCR_TRANS before its stream starts. Throws Error(valueNotAllowed, crossField).
  void setStartPosition(const Actor& actor, const std::string& jobId, const std::string& fileAndPosition,
                        const std::string& gtidSet);
  /// The objects that are selected (`modified`) or already sent (`synchronized`).
  [[nodiscard]] DbObject selectedObjects(const Actor& actor, const std::string& jobId, const ObjectsQuery& query);

  // ---- comparisons ----
  /// Returns the comparison's id. Throws Error(busy) if another data comparison of the job is unfinished.
  std::string createCompare(const Actor& actor, const std::string& jobId, const CompareRequest& request);
  /// Throws Error(unknownQuery).
  void cancelCompare(const Actor& actor, const std::string& jobId, const std::string& compareId);
  [[nodiscard]] Page<CompareRecord> comparisons(const Actor& actor, const std::string& jobId, Paging paging);
  /// Throws Error(unknownQuery).
  [[nodiscard]] CompareResults compareResults(const Actor& actor, const std::string& jobId,
                                              const std::string& compareId);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drs
