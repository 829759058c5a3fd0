#pragma once

#include "job/tasks_common.h"

namespace drs {

/// The second half of the switchover of single-active disaster recovery, behind a cut-over's steps: the source is
/// frozen and the target has everything of it. Then
///
///   1. decide      the replay is cancelled; from here on it only goes forward, whatever is killed
///   2. reverse     our sessions at the target are ended and later ones fenced off; the end of the target's log is
///   noted
///                  before anybody else can write there: all that is behind it is to be replicated back
///   3. standby     the old source takes our writes alone
///   4. release     the old target can be written to
///   5. the job goes the other way round, from the noted position on; a plan is made for it
///
/// Each step is noted in the task's payload before the next one begins, and may be done twice. One thread.
class Switchover {
 public:
  /// `save` stores the state; it throws Error(fenced) if the lease is lost.
  Switchover(TaskContext& context, Cutover& state, std::function<void()> save)
      : context_(context), state_(state), save_(std::move(save)) {}

  /// What keeps the job from going the other way round; empty: nothing. Changes nothing.
  [[nodiscard]] std::string obstacle() const;
  /// The next step; true when all are done. Throws what the engine throws.
  bool advance();
  /// What happens in the transaction that finishes the task.
  static void settle(StoreTransaction& tx, JobRecord& job, const Cutover& state);

 private:
  void decide();
  void reverse();
  void standBy();
  void release();
  void say(const std::string& step, const std::string& text);

  TaskContext& context_;
  Cutover& state_;
  std::function<void()> save_;
};

}  // namespace drs
