#include "job/switchover.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/task_group.h"
#include "job/in_force.h"
#include "job/lifecycle.h"

namespace drs {
namespace {

constexpr int kReleases = 5;  // attempts; then what is left is for people to see
constexpr std::chrono::milliseconds kReleasePause{1000};

}  // namespace

std::string Switchover::obstacle() const {
  EngineJob back = reversed(context_.engineJob);
  // What is written at the target before its log is the one to follow would be missed.
  const std::string setting = engineOf(context_).freezer(back)->setting();
  if (setting.starts_with("OFF") || setting.starts_with("0"))
    return "applications can write at the target; SET GLOBAL read_only = ON there";
  back.startPosition = engineOf(context_).source(back)->currentPosition();
  const auto prober = engineOf(context_).prober(back);
  std::string text;
  for (const PrecheckItem& item : prober->precheck(context_.stop))
    if (item.result == CheckResult::failed) text += (text.empty() ? "" : "; ") + item.item + ": " + item.reason;
  return text;
}

bool Switchover::advance() {
  if (!state_.decided)
    decide();
  else if (state_.reverseFrom.empty())
    reverse();
  else if (!state_.standsBy)
    standBy();
  else if (!state_.released)
    release();
  else
    return true;
  return false;
}

void Switchover::decide() {
  state_.decided = true;
  state_.note("decide", "done", "it goes forward only from here on", context_.store->view().now());
  const std::string payload = encodeCutover(state_);
  bool ours = false;
  context_.store->write([&](StoreTransaction& tx) {
    ours = tx.savePayload(context_.task.id, context_.epoch, payload);
    if (ours) tx.cancelTasks(context_.job.id, {TaskKind::stream, TaskKind::compare});
  });
  if (!ours) throw Error(Msg::fenced, {"the task"});
  failpoint("switchover.decided");
}

void Switchover::reverse() {
  const Engine& engine = engineOf(context_);
  const auto sink = engine.sink(context_.engineJob);
  const auto mark = sink->fence(fenceOf(context_));
  const auto source = engine.source(context_.engineJob);
  if (!mark || !source->reached(mark->position, {state_.position}))
    throw Error(Msg::internal, {"the target's mark is before the end of the source"});
  failpoint("switchover.fenced");
  state_.reverseFrom = engine.source(reversed(context_.engineJob))->currentPosition().text;
  say("reverse", "changes will be replicated back from " + positionForUsers({state_.reverseFrom}) + " on");
  failpoint("switchover.reversed");
}

void Switchover::standBy() {
  engineOf(context_).becomeStandby(reversed(context_.engineJob), fenceOf(context_), state_.setting);
  failpoint("switchover.standby_set");
  state_.standsBy = true;
  say("standby", "the old source is the standby: read-only but for this task");
  failpoint("switchover.standby");
}

void Switchover::release() {
  std::vector<std::string> left;
  for (int attempt = 1;; ++attempt) {
    left = engineOf(context_).cleaner(context_.engineJob)->release();
    if (left.empty() || attempt == kReleases || !sleepFor(kReleasePause, context_.stop)) break;
  }
  if (context_.stop.stop_requested()) return;
  for (const std::string& line : left) context_.event(EventLevel::warn, "Switchover: could not be undone: " + line);
  failpoint("switchover.lifted");
  state_.released = true;
  say("release", left.empty() ? "applications can write at the new source" : "the new source: " + left.front());
  failpoint("switchover.released");
}

void Switchover::say(const std::string& step, const std::string& text) {
  state_.note(step, "done", text, context_.store->view().now());
  save_();
  context_.event(EventLevel::info, "Switchover, " + step + ": " + text);
}

void Switchover::settle(StoreTransaction& tx, JobRecord& job, const Cutover& state) {
  tx.dropDocuments(job.id);
  tx.replaceTables(job.id, {});
  tx.eraseConflicts(job.id);  // numbers begin anew, at the other server
  tx.eraseStatements(job.id);
  tx.setDocument(job.id, kCutoverDocument, encodeCutover(state));
  job.reversed = !job.reversed;
  job.startPosition = state.reverseFrom;
  Lifecycle(tx).begin(job);
}

}  // namespace drs
