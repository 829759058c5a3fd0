#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "model/conflict_row.h"
#include "model/job_spec.h"
#include "model/statement_row.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The rows of the metadata store as plain structs. They hold facts; what follows from the facts (the API's status, what
// may be done now) is computed in job/lifecycle.h.

namespace drs {

/// How far a job is.
enum class Phase {
  creating,
  draft,
  scheduled,
  planning,
  copying,
  finishing,
  copied,
  streaming,
  editing,
  switchingOver,
  ending,
  ended,
  deleted
};
/// What the user wants of it.
enum class Desired { run, pause, end };
/// The checks of a draft.
enum class Validation { running, failed, passed };
enum class BatchStatus { validating, validateFailed, validateSuccess, committed };
enum class TaskKind {
  validate,
  network,
  precheck,
  objects,
  position,
  plan,
  copy,
  finish,
  stream,
  lane,
  compare,
  end,
  reset,
  cutover,
  sourceLog
};
enum class TaskState { pending, running, done, cancelled };
enum class EventLevel { info, warn, error };
enum class QueryState { pending, failed, success };
enum class CompareType { object, lines, contents };
enum class CompareState { waiting, running, successful, failed, cancelled };
enum class CompareResult { waiting, comparing, consistent, inconsistent, failed };

// The texts that are stored; for Phase and so on the enumerator's own name.
[[nodiscard]] std::string_view toText(Phase phase) noexcept;
[[nodiscard]] std::string_view toText(Desired desired) noexcept;
[[nodiscard]] std::string_view toText(Validation validation) noexcept;
[[nodiscard]] std::string_view toText(BatchStatus status) noexcept;  ///< as in the API: "ASYNC_JOB_VALIDATING" …
[[nodiscard]] std::string_view toText(TaskKind kind) noexcept;
[[nodiscard]] std::string_view toText(TaskState state) noexcept;
[[nodiscard]] std::string_view toText(EventLevel level) noexcept;      ///< as in the API: "Info", "Warn", "Error"
[[nodiscard]] std::string_view toText(QueryState state) noexcept;      ///< as in the API: "pending" …
[[nodiscard]] std::string_view toText(CompareType type) noexcept;      ///< as in the API: "object" …
[[nodiscard]] std::string_view toText(CompareState state) noexcept;    ///< as in the API: "WAITING_FOR_RUNNING" …
[[nodiscard]] std::string_view toText(CompareResult result) noexcept;  ///< as in the API: "WAITING_FOR_COMPARISON" …

/// Which slots of a worker a task takes: streams may be many, work (plan, copy, finish, compare) few, brief is all
/// else.
enum class TaskClass { stream = 0, work = 1, brief = 2 };
[[nodiscard]] TaskClass classOf(TaskKind kind) noexcept;
/// Order of claiming within a class.
[[nodiscard]] std::int64_t rankOf(TaskKind kind) noexcept;
/// plan, copy, finish, stream, lane, reset: run only while the job is wanted and without fault.
[[nodiscard]] bool isPhaseTask(TaskKind kind) noexcept;

/// Which records of a list.
struct Paging {
  std::int64_t offset = 0, limit = 10;
};

template <typename T>
struct Page {
  std::int64_t total = 0;  ///< of all pages
  std::vector<T> items;
};

/// Why a job or a query stands still.
struct Fault {
  std::string symbol;  ///< of the catalogue
  std::string code;    ///< public code
  std::string text, remedy;
  Action action = Action::ask_user;
  UnixMillis millis = 0;
};
[[nodiscard]] Fault faultOf(const Error& error, UnixMillis now);

/// One create request.
struct BatchRecord {
  std::string id, projectId, domainName, userName;
  BatchStatus status = BatchStatus::validating;
  UnixMillis createMillis = 0, commitMillis = 0;
};

/// One address of a connection test.
struct NetworkRow {
  std::string ip;
  bool success = false;
  std::string errorCode, errorMessage;
};

/// One item of a pre-check.
struct PrecheckRow {
  enum class Result { passed, alarm, failed };
  std::string item;
  Result result = Result::passed;
  std::string group, reason, rawError;
  bool skippable = false, skipped = false;
};
[[nodiscard]] std::string_view toText(PrecheckRow::Result result) noexcept;  ///< as in the API: "PASSED" …

struct PrecheckReport {
  int process = 0;  ///< percent of the items that have run; 100 = complete
  std::vector<PrecheckRow> items;
  [[nodiscard]] bool mayStart() const;      ///< complete, and nothing failed that was not skipped
  [[nodiscard]] int passedPercent() const;  ///< items that are not failed, or are skipped
};

/// A job: what was asked for and where it is. `version` grows with every write.
struct JobRecord {
  std::string id, batchId, projectId, name, userName;
  std::shared_ptr<const JobSpec> spec;  ///< secrets are sealed
  Phase phase = Phase::draft;
  Desired desired = Desired::run;
  bool drained = true;  ///< no task of the phases is running
  std::optional<Fault> fault;
  std::string status;  ///< the API's status, computed from the above by job/lifecycle.h at each write
  Validation validation = Validation::running;
  std::vector<NetworkRow> networkResults;
  PrecheckReport precheck;
  std::vector<std::string> skippedItems;  ///< of the pre-check
  std::string skipReason;
  std::string startPosition;  ///< INCR_TRANS: canonical (Position::text); empty = not set
  bool compareAtEnd = true;
  bool reversed = false;    ///< behind a switchover: what the request calls the target is the source
  std::uint64_t plan = 0;   ///< number of the newest plan: grows with the first start and every reset (Fence::plan)
  std::uint64_t epoch = 0;  ///< grows with every claim of any task of the job; written by claims only
  std::int64_t version = 0;
  std::int64_t order = 0;  ///< place in its batch
  UnixMillis createMillis = 0;
  UnixMillis startAtMillis = 0;  ///< scheduled start
  UnixMillis startedMillis = 0, copyStartedMillis = 0, copyEndedMillis = 0, streamStartedMillis = 0, endedMillis = 0;
  UnixMillis updateMillis = 0;  ///< last change of phase, desired or fault
};

/// Rows and bytes of one table of the plan.
struct TableCount {
  std::size_t plan = 0;
  std::uint64_t rows = 0, bytes = 0;
};

/// How fast a job's copy is, all copies of one node together, over the last seconds of work.
struct JobRate {
  std::uint64_t rows = 0, bytes = 0;  ///< per second; 0 = not known
  std::uint64_t unlimited = 0;        ///< bytes per second when no speed limit held it back last; 0 = not known
  std::uint64_t limit = 0;            ///< speed limit under which `bytes` was measured; 0 = none
};

/// What a running task says of itself. Numbers count from the start of the task.
struct TaskProgress {
  std::vector<TableCount> tables;           ///< copy, compare; finish, stream: index work that is done (IndexWork)
  JobRate rate;                             ///< copy; finish, stream: bytes of index work per second
  std::string position;                     ///< stream: applied up to here (Position::text)
  std::optional<std::int64_t> delayMillis;  ///< stream: source commit → target commit; 0 when caught up
  std::optional<std::int64_t> readMillis;   ///< stream: the part of it until the change is read from the source's log
  UnixMillis lastCommitMillis = 0;          ///< stream: source commit time of the last transaction applied
  /// lane: bytes of the log that the source has and this service not, and that it has received and not applied
  std::optional<std::uint64_t> unreceivedBytes, unappliedBytes;
  std::uint64_t transactions = 0, rows = 0, conflictsKept = 0, conflictsOverwritten = 0;
  int percent = 0;  ///< finish, compare, validate
  UnixMillis updateMillis = 0;
};

/// A leased unit of work.
struct TaskRecord {
  std::string id, jobId;
  TaskKind kind = TaskKind::plan;
  std::int64_t number = 0;     ///< order within the job
  std::string payload = "{}";  ///< JSON; what it means belongs to the body of the kind
  std::string queryId;         ///< row of `query` or `comparison` that waits for it; may be empty
  TaskState state = TaskState::pending;
  bool cancel = false;      ///< stop it and do not run it again
  std::string owner;        ///< incarnation of a worker
  std::uint64_t epoch = 0;  ///< of the claim: newer than that of any earlier claim in the job (Fence::epoch)
  UnixMillis leaseUntil = 0, notBefore = 0, createMillis = 0, claimMillis = 0;
  int attempts = 0;        ///< failures in a row that may pass by themselves
  int deaths = 0;          ///< workers in a row that ended without a word at the same place
  std::string place;       ///< how far the running worker came, as far as that is durable (a stream's position)
  std::string deathPlace;  ///< `place` at the last death
  std::string error;       ///< text of the last failure
  TaskProgress progress;
};

/// A line of the job's log and of the audit trail.
struct EventRecord {
  std::string jobId;
  std::int64_t number = 0;
  UnixMillis millis = 0;
  EventLevel level = EventLevel::info;
  std::string message, userName;  ///< userName: empty = the service itself
};

/// The answer to a question that takes a while (query_id).
struct QueryRecord {
  std::string id, jobId;
  TaskKind kind = TaskKind::network;
  QueryState state = QueryState::pending;
  std::string result;  ///< JSON or text; see job_service.h
  std::optional<Fault> fault;
  UnixMillis createMillis = 0;
};

/// One table of a job's plan and how far it is.
struct TableRecord {
  std::size_t plan = 0;
  std::string sourceDatabase, sourceTable, targetDatabase, targetTable;
  std::uint64_t estimatedRows = 0, estimatedBytes = 0;
  std::uint64_t rows = 0, bytes = 0;        ///< committed in the target
  std::int64_t chunks = 0, chunksDone = 0;  ///< a chunk of a group counts once for each of its tables
};

/// One comparison of a job.
struct CompareRecord {
  std::string id, jobId;
  CompareType type = CompareType::contents;
  CompareState state = CompareState::waiting;
  std::string options = "{}";  ///< JSON, as asked
  std::string error;
  UnixMillis createMillis = 0, startMillis = 0, endMillis = 0;
};

/// One table of a comparison.
struct CompareTableRecord {
  std::string compareId;
  std::size_t number = 0;
  std::string sourceDatabase, sourceTable, targetDatabase, targetTable;
  std::uint64_t sourceRows = 0, targetRows = 0, differences = 0;
  CompareResult result = CompareResult::waiting;
  std::string error;
  std::string listed = "[]";  ///< JSON: [{"kind","key":[…],"columns":[…]}], the first differences
};

}  // namespace drs
