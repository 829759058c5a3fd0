#pragma once

#include "base/log.h"
#include "engine/engine.h"
#include "job/settings.h"
#include "job/source_cares.h"
#include "store/store.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs {

/// Where a running task says how far it is. Figures are written to the store about once a second, all tasks of the node
/// in one transaction. Threads: any.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  /// Replaces what was said before. A new `position` counts as progress: a task is given up when it fails, or kills its
  /// worker, several times in a row without progress.
  virtual void report(const TaskProgress& progress) = 0;
};

/// Everything that a body gets. Lives as long as the run.
struct TaskContext {
  TaskRecord task;          ///< as claimed; payload is the body's
  JobRecord job;            ///< as it was at the claim
  EngineJob engineJob;      ///< with the spec, the unsealing function, limits and the log
  std::uint64_t plan = 0;   ///< Fence::plan: the same for all tasks of one plan, the one that makes it included
  std::uint64_t epoch = 0;  ///< Fence::epoch of this claim
  Store* store = nullptr;
  const Registry* registry = nullptr;
  const Settings* settings = nullptr;
  SourceCares* cares = nullptr;  ///< of the node
  ProgressSink* progress = nullptr;
  Log log;  ///< of the program
  /// Requested when the work is not wanted any more (pause, end, fault, cancel), the lease is lost or the worker stops.
  /// A body then ends within a few seconds, by returning stoppedEarly() or by throwing; nothing that was not committed
  /// counts.
  std::stop_token stop;
  /// Writes a line of the job's log, which users see.
  std::function<void(EventLevel, const std::string&)> event;
  /// Replaces the task's payload durably, so that a later run of it goes on from there; false = the lease is lost.
  std::function<bool(const std::string&)> savePayload;
};

/// How a run ended. Failures are thrown as Error: `retry` is tried again with growing pauses (then a fault), anything
/// else is a fault of the job (of a query: its answer; of a draft: its validation) at once. Error(fenced) counts as a
/// lost lease.
struct TaskOutcome {
  enum class Kind {
    done,  ///< finished: `also`, `newTasks` and the step of the life cycle happen in the transaction that finishes it
    stopped,  ///< drained after a stop; run again when the job is wanted again
    again,    ///< nothing wrong: run again after `after`
  };
  Kind kind = Kind::done;
  std::chrono::milliseconds after{0};
  std::vector<NewTask> newTasks;
  /// Further writes of the same transaction (results, tables, documents). It may change `job`, which is written behind
  /// it.
  std::function<void(StoreTransaction&, JobRecord& job)> also;
  /// Of network, precheck, objects, position: the text stored in the query's `result`.
  std::string answer;
  /// Payload of the task that follows by the life cycle (finish, stream); see nextStep().
  std::string nextPayload = "{}";

  /// After a stop.
  [[nodiscard]] static TaskOutcome stoppedEarly() {
    TaskOutcome out;
    out.kind = Kind::stopped;
    return out;
  }
};

/// The work of one kind of task. One instance serves all tasks of the kind: no state. Threads: any.
///
/// The life cycle does the following by itself (lifecycle.h, nextStep):
///   plan done      → phase copying, or streaming for INCR_TRANS (newTasks: the copy tasks; a stream task follows by
///   itself) last copy done → FULL_INCR_TRANS: phase finishing, a finish task; FULL_TRANS: a stream task (it replays to
///   one fixed end) finish done    → FULL_INCR_TRANS: phase streaming, a stream task; FULL_TRANS: phase copied stream
///   done    → FULL_TRANS: a finish task. (In the other types a stream never ends by itself.) reset done     → a plan
///   task end done       → phase ended validate done  → the body's `also` has set job.networkResults and job.precheck;
///   the draft is valid if every address
///                    answered and precheck.mayStart()
class TaskBody {
 public:
  virtual ~TaskBody() = default;
  virtual TaskOutcome run(TaskContext& context) = 0;
};

using TaskBodies = std::map<TaskKind, std::unique_ptr<TaskBody>>;

/// The bodies of this build.
[[nodiscard]] TaskBodies makeTaskBodies();

// Payloads and results that the job service writes or reads (JSON):
//   network   payload {"spec": {…}}: a spec to test instead of the job's own (secrets sealed); {} = the job's own.
//             answer: encodeNetwork(); `also` leaves job.networkResults alone unless the payload is {}.
//   precheck  payload {"mode":"forStartJob"}; answer: encodePrecheck(); `also` sets job.precheck (skips are put in by
//   the
//             life cycle).
//   objects   payload {"databases":["a"]}; answer: encodeDbObject() of what the source has.
//   position  payload {}; answer: the text for users ("file:offset" or a GTID set).
//   compare   queryId = the comparison's id; the body writes CompareTableRecords as it goes and sets the
//   CompareRecord's
//             state in `also`; the narrowing selection is the comparison's options["db_object"].
//   end       payload {"force":true|false}. With force the body reports what it could not remove by event() instead of
//   throwing.

}  // namespace drs
