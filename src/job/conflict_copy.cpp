#include "job/conflict_copy.h"

#include "base/error.h"

#include <algorithm>

namespace drs {
namespace {

constexpr std::size_t kAtOnce = 500;

}  // namespace

ConflictCopy::ConflictCopy(const TaskContext& context, Sink& sink)
    : context_(context), sink_(sink), last_(context.store->view().lastConflict(context.job.id)) {}

bool ConflictCopy::bring() {
  try {
    carry();
    return true;
  } catch (const Error& error) {
    context_.log.warn("job {}: conflicts are not listed yet: {}", context_.job.id, error.text());
    return false;
  }
}

void ConflictCopy::bring(std::uint64_t met) {
  if (met != brought_ && bring()) brought_ = met;
}

void ConflictCopy::carry() {
  for (;;) {
    const std::vector<ConflictRow> rows = sink_.conflicts(last_, kAtOnce);
    if (rows.empty()) return;
    bool isOurs = false;
    context_.store->write([&](StoreTransaction& tx) {
      const auto task = tx.task(context_.task.id);
      isOurs = task && task->state == TaskState::running && task->epoch == context_.epoch;
      if (isOurs) tx.addConflicts(context_.job.id, rows, kMost);  // else a reset may have begun the list anew
    });
    if (!isOurs) return;
    announce(last_, rows.back().number);
    last_ = rows.back().number;
    if (rows.size() < kAtOnce) return;
  }
}

void ConflictCopy::announce(std::uint64_t before, std::uint64_t now) const {
  std::uint64_t reached = 0;
  for (std::uint64_t power = 1; power <= now; power *= 10)
    if (power > before) reached = power;
  if (reached == 0) return;
  context_.event(EventLevel::warn, "Changes that did not fit the rows of the target: " + std::to_string(now) +
                                       " so far; the list of dirty data names them");
}

}  // namespace drs
