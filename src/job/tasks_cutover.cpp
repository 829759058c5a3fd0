#include "base/error.h"
#include "base/failpoint.h"
#include "base/ids.h"
#include "base/task_group.h"
#include "job/cutover.h"
#include "job/lifecycle.h"
#include "job/switchover.h"
#include "job/tasks_common.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

// cutover: the source stops, the target gets all that is left, both are compared, the task ends. Whatever keeps it from
// that leads back: the source can be written to again and the replication goes on.

namespace drs {
namespace {

constexpr std::chrono::milliseconds kPoll{250};
constexpr std::size_t kNamedTables = 5;

/// Leads back. The text is for users.
struct GoBack {
  std::string why;
};

class CutoverRun {
 public:
  CutoverRun(TaskContext& context, Cutover state)
      : context_(context),
        engine_(engineOf(context)),
        state_(std::move(state)),
        switchover_(context, state_, [this] { save(); }) {}

  TaskOutcome run() {
    while (!context_.stop.stop_requested()) {
      if (const auto ended = advance()) return outcome();
      if (!sleepFor(kPoll, context_.stop)) break;
    }
    return TaskOutcome::stoppedEarly();
  }

 private:
  struct Ended {};

  /// One move; what may pass by itself is tried again until the time is over.
  std::optional<Ended> advance() {
    try {
      if (!state_.failure.empty()) return goBack();
      if (state_.decided) return switchOver();
      lookAtJob();
      return goOn();
    } catch (const GoBack& back) {
      fail(back.why);
    } catch (const Error& error) {
      if (context_.stop.stop_requested() || error.msg() == Msg::fenced || error.origin() == Origin::store) throw;
      if (error.action() != Action::retry && !state_.decided) {
        if (!state_.failure.empty()) return notThawed(error);
        fail(error.text() + (error.remedy().empty() ? "" : ". " + error.remedy()));
      } else if (error.text() != said_) {
        said_ = error.text();
        context_.event(EventLevel::warn, "Cut-over: " + said_ + "; it is tried again");
      }
    }
    return std::nullopt;
  }

  void lookAtJob() {
    const StoreView view = context_.store->view();
    const auto job = view.job(context_.job.id);
    if (!job) throw Error(Msg::internal, {"the job is gone"});
    if (job->fault) throw GoBack{"the replication has stopped: " + job->fault->text};
    if (view.document(job->id, kCutoverCancelDocument) == context_.task.id) throw GoBack{"it was cancelled"};
    if (view.now() >= state_.deadline)
      throw GoBack{fmt::format("it took longer than {} s{}", state_.request.timeoutSeconds, lastWords())};
  }

  std::optional<Ended> goOn() {
    if (state_.request.freezeSource && !state_.frozen) {
      freeze();
    } else if (state_.position.empty()) {
      state_.position = source().currentPosition().text;
      state_.shown = positionForUsers({state_.position});
      if (!state_.request.freezeSource) say("freeze_source", "done", "declared: nobody writes at the source any more");
      save();
    } else if (!state_.caughtUp) {
      catchUp();
    } else if (state_.request.compare && !state_.compared) {
      compare();
    } else {
      return confirm();
    }
    return std::nullopt;
  }

  void freeze() {
    const auto freezer = engine_.freezer(context_.engineJob);
    if (!freezer) throw GoBack{"sources of this kind cannot be frozen; declare it instead"};
    if (!state_.noted) {
      if (state_.request.reverse)
        if (const std::string why = switchover_.obstacle(); !why.empty())
          throw GoBack{"the other direction would fail: " + why};
      const FreezeOutlook outlook = freezer->outlook();
      if (!outlook.obstacle.empty()) throw GoBack{outlook.obstacle};
      state_.setting = freezer->setting();
      state_.noted = true;
      save();  // before anything is changed: whoever goes on from here can undo it
      failpoint("cutover.noted");
    }
    freezer->freeze([this] { return context_.savePayload(encodeCutover(state_)); });
    state_.frozen = true;
    say("freeze_source", "done", "the source is read-only (before: " + state_.setting + ")");
    save();
    failpoint("cutover.frozen");
  }

  void catchUp() {
    const auto tasks = context_.store->view().phaseTasks(context_.job.id);
    const auto stream = std::ranges::find(tasks, TaskKind::stream, &TaskRecord::kind);
    const std::string at = stream == tasks.end() ? std::string() : stream->progress.position;
    state_.caughtUp = !at.empty() && source().reached({at}, {state_.position});
    if (!state_.caughtUp && !at.empty()) {
      progress("catch_up", "the target is at " + positionForUsers({at}) + ", the source at " + state_.shown);
      return;
    }
    if (!state_.caughtUp) return;
    say("catch_up", "done", "the target has everything up to " + state_.shown);
    save();
  }

  void compare() {
    if (state_.compareId.empty()) {
      state_.compareId = newUuid();
      save();
    }
    const StoreView view = context_.store->view();
    const auto comparison = view.comparison(state_.compareId);
    if (!comparison) return startComparison();
    switch (comparison->state) {
      case CompareState::waiting:
      case CompareState::running:
        return progress("compare",
                        "the rows of both sides are compared (" + std::string(toText(comparison->type)) + ")");
      case CompareState::cancelled:
        throw GoBack{"the comparison was cancelled"};
      case CompareState::failed:
        throw GoBack{"the comparison failed: " + comparison->error};
      case CompareState::successful:
        break;
    }
    const std::string unequal = unequalTables(view);
    if (!unequal.empty()) throw GoBack{"source and target differ: " + unequal};
    state_.compared = true;
    say("compare", "done", "source and target are equal (comparison " + state_.compareId + ")");
    save();
  }

  void startComparison() {
    context_.store->write([&](StoreTransaction& tx) {
      if (tx.unfinished(context_.job.id, TaskKind::compare)) return;  // another one: this one is next
      CompareRecord record;
      record.id = state_.compareId;
      record.jobId = context_.job.id;
      record.type = *state_.request.compare;
      record.createMillis = tx.now();
      tx.insert(record);
      tx.insert(context_.job.id, {.kind = TaskKind::compare, .payload = "{}", .queryId = record.id, .notBefore = 0});
    });
  }

  [[nodiscard]] std::string unequalTables(const StoreView& view) const {
    std::string names;
    std::size_t count = 0;
    for (const CompareTableRecord& table : view.comparedTables(state_.compareId)) {
      if (table.result == CompareResult::consistent) continue;
      if (++count <= kNamedTables)
        names += fmt::format("{}{}.{} ({})", names.empty() ? "" : ", ", table.sourceDatabase, table.sourceTable,
                             table.error.empty() ? fmt::format("{} rows", table.differences) : table.error);
    }
    return count > kNamedTables ? fmt::format("{} and {} more", names, count - kNamedTables) : names;
  }

  /// Nobody has written since the position was taken, not even those whom the freeze does not bind.
  std::optional<Ended> confirm() {
    const Position now = source().currentPosition();
    if (source().reached({state_.position}, now)) {
      say("confirm", "done", "the source still stands at " + state_.shown);
      if (state_.request.reverse) return switchOver();
      state_.state = CutoverState::successful;
      return Ended();
    }
    state_.position = now.text;
    state_.shown = positionForUsers(now);
    state_.caughtUp = state_.compared = false;
    state_.compareId.clear();
    say("confirm", "running",
        "the source has moved on to " + state_.shown + "; what came is carried over and compared");
    save();
    return std::nullopt;
  }

  std::optional<Ended> switchOver() {
    if (!switchover_.advance()) return std::nullopt;
    state_.state = CutoverState::successful;
    return Ended();
  }

  void fail(const std::string& why) {
    state_.failure = why;
    state_.state = CutoverState::goingBack;
    say("go_back", "running", why);
    save();
  }

  std::optional<Ended> goBack() {
    if (state_.noted) {
      engine_.freezer(context_.engineJob)->thaw(state_.setting);
      say("thaw_source", "done", "the source is as it was before (read_only " + state_.setting + ")");
    }
    state_.state = CutoverState::failed;
    return Ended();
  }

  std::optional<Ended> notThawed(const Error& error) {
    say("thaw_source", "failed",
        "the source could not be set back to read_only " + state_.setting + ": " + error.text() + "; do it there");
    state_.state = CutoverState::failed;
    return Ended();
  }

  TaskOutcome outcome() {
    if (state_.state == CutoverState::successful && state_.request.reverse)
      say("end", "done", "source and target have changed places");
    else if (state_.state == CutoverState::successful) {
      say("end_task", "done", "the task ends: triggers and events are created, the target can be written to");
      if (state_.frozen)
        context_.event(EventLevel::info, "The source stays read-only, so that no application writes there by mistake");
    }
    TaskOutcome out;
    out.also = [state = state_](StoreTransaction& tx, JobRecord& job) {
      if (state.state == CutoverState::successful && state.request.reverse) return Switchover::settle(tx, job, state);
      tx.setDocument(job.id, kCutoverDocument, encodeCutover(state));
      Lifecycle life(tx);
      if (state.state == CutoverState::successful)
        life.endBehindCutover(job);
      else
        life.move(job, Phase::streaming);
    };
    return out;
  }

  void say(const std::string& step, const std::string& status, const std::string& text) {
    state_.note(step, status, text, context_.store->view().now());
    const bool isBad = status == "failed" || step == "go_back";
    context_.event(isBad ? EventLevel::warn : EventLevel::info,
                   (state_.request.reverse ? "Switchover, " : "Cut-over, ") + step + ": " + text);
  }

  /// Of a step that takes a while: not in the log.
  void progress(const std::string& step, const std::string& text) {
    if (!state_.steps.empty() && state_.steps.back().name == step && state_.steps.back().message == text) return;
    state_.note(step, "running", text, context_.store->view().now());
    save();
  }

  [[nodiscard]] std::string lastWords() const {
    return state_.steps.empty() ? std::string() : "; at the end: " + state_.steps.back().message;
  }

  void save() {
    if (!context_.savePayload(encodeCutover(state_))) throw Error(Msg::fenced, {"the task"});
  }

  Source& source() {
    if (!source_) source_ = engine_.source(context_.engineJob);
    return *source_;
  }

  TaskContext& context_;
  const Engine& engine_;
  Cutover state_;
  Switchover switchover_;
  std::unique_ptr<Source> source_;
  std::string said_;  ///< the last error that is tried again
};

class CutoverBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    Cutover state = decodeCutover(context.task.payload);
    if (state.request.dryRun) return lookAhead(context, std::move(state));
    return CutoverRun(context, std::move(state)).run();
  }
};

}  // namespace

void thawAfterCutover(const TaskContext& context) {
  const auto tasks = context.store->view().tasks(context.job.id);
  for (const TaskRecord& task : std::views::reverse(tasks)) {
    if (task.kind != TaskKind::cutover) continue;
    const Cutover state = decodeCutover(task.payload);
    if (task.state != TaskState::cancelled || !state.noted) return;
    engineOf(context).freezer(context.engineJob)->thaw(state.setting);
    context.event(EventLevel::warn,
                  "The cut-over was broken off; the source is as before (read_only " + state.setting + ")");
    return;
  }
}

std::unique_ptr<TaskBody> makeCutoverBody() {
  return std::make_unique<CutoverBody>();
}

}  // namespace drs
