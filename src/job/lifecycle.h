#pragma once

#include "store/store.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The life cycle of a job: phase × desired × fault → status, and every move between phases. Moves are made here only,
// in the store transaction that finishes a task or accepts an action; each writes a line of the job's log.

namespace drs {

/// The API's status of a job: a pure function of what is stored. `drained` matters while paused only.
[[nodiscard]] std::string_view apiStatus(Phase phase, Desired desired, bool faulted, bool drained) noexcept;
/// All statuses that apiStatus() can give, in the order of the phases.
[[nodiscard]] const std::vector<std::string_view>& apiStatuses();

/// The log of the source is needed, and nobody reads it: the full phase is at work, or the replay is paused or stands
/// with a fault.
[[nodiscard]] bool isLogUnread(const JobRecord& job);

/// What a user can ask a job to do.
enum class JobAction {
  edit,
  commit,
  start,
  pause,
  resume,
  reset,
  end,
  forceEnd,
  remove,
  testNetwork,
  precheck,
  skipPrecheck,
  setStartPosition,
  collectPosition,
  collectObjects,
  createCompare,
  limitSpeed,
  cutOver,
  cancelCutover
};
[[nodiscard]] std::string_view toText(JobAction action) noexcept;  ///< in words, for messages: "pausing"
[[nodiscard]] const std::vector<JobAction>& allJobActions();

/// Whether an action is possible; if so `next` is the phase behind it (the same phase: no move).
struct Decision {
  enum class Kind { allowed, wrongState, busy } kind = Kind::wrongState;
  Phase next = Phase::draft;
};
/// Pure; the table of the life cycle.
[[nodiscard]] Decision decide(JobAction action, const JobRecord& job) noexcept;
/// The same, thrown: Error(wrongState) or Error(busy).
Phase require(JobAction action, const JobRecord& job);

/// What follows when a task of the phases is done. Pure. `openChunks`: other copy or lane tasks are not done yet.
struct Step {
  std::optional<Phase> phase;
  std::optional<TaskKind> task;  ///< the next one to create
};
[[nodiscard]] Step nextStep(TaskKind done, std::string_view taskType, bool openChunks) noexcept;

/// Changes a job inside a transaction: sets the fields, keeps `status` right, writes the row and a log line.
class Lifecycle {
 public:
  explicit Lifecycle(StoreTransaction& tx) : tx_(tx) {}

  /// Moves the job on; time stamps of the phases are set. `user`: who asked, empty = the service.
  void move(JobRecord& job, Phase phase, const std::string& user = {});
  void want(JobRecord& job, Desired desired, const std::string& user = {});
  void fault(JobRecord& job, const Fault& fault);
  void clearFault(JobRecord& job);
  /// Writes fields that do not belong to the life cycle (results, positions).
  void save(JobRecord& job);
  /// Sets `drained` if nothing of the phases runs any more.
  void noteDrained(JobRecord& job);
  /// The job's work begins: a plan is made.
  void begin(JobRecord& job, const std::string& user = {});
  /// The job ends for good: everything that runs is cancelled and, if databases were touched, a task cleans up.
  void end(JobRecord& job, bool force, const std::string& user = {});
  /// The same behind a cut-over that has come to its end (phase switchingOver).
  void endBehindCutover(JobRecord& job);
  /// Creates the task that follows; a plan task begins a new plan (job.plan grows).
  void create(JobRecord& job, const NewTask& task);
  /// Every lane of the job has its snapshot in the target: the replication of changes begins, if it is to.
  void lanesLoaded(JobRecord& job);
  /// The validation of a draft has ended: its batch's status follows.
  void validated(JobRecord& job, Validation result, const std::optional<Fault>& why);
  /// Derives the status of a batch that was not committed from its jobs.
  void refreshBatch(const std::string& batchId);
  void log(const JobRecord& job, EventLevel level, const std::string& message, const std::string& user = {});

 private:
  void finish(JobRecord& job, Phase next, bool force, const std::string& user);

  StoreTransaction& tx_;
};

}  // namespace drs
