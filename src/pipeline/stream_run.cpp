#include "pipeline/stream_run.h"

#include "base/error.h"
#include "base/task_group.h"
#include "pipeline/applier.h"

namespace drs {
namespace {

/// Memory of a transaction in the queue: also one without changes takes some.
std::size_t bytesOf(const Transaction& transaction) {
  return sizeof(LaneItem) + transaction.id.size() + transaction.end.text.size() + transaction.bytes;
}

void readLog(const StreamContext& context, LaneQueue& queue, const std::stop_token& stop) {
  const auto reader = context.source.openLog(context.from, context.plans);
  while (!stop.stop_requested()) {
    auto transaction = reader->next(stop);
    if (transaction) {
      const std::size_t bytes = bytesOf(*transaction);
      if (!queue.push(std::move(*transaction), bytes, stop)) return;
    } else if (!stop.stop_requested()) {
      LaneIdle idle{reader->position(), reader->caughtUpAt()};
      const std::size_t bytes = sizeof(LaneItem) + idle.position.text.size();
      if (!queue.push(std::move(idle), bytes, stop)) return;
    }
  }
}

}  // namespace

StreamEnd streamLog(const StreamContext& context, const std::stop_token& stop) {
  LaneQueue queue(context.options.queueBytes);
  Applier applier(context, queue);
  try {
    TaskGroup group(stop);
    group.start("log-reader", [&](const std::stop_token& s) { readLog(context, queue, s); });
    group.start("applier", [&](const std::stop_token& s) {
      applier.run(s);
      group.stop();  // ended by itself: the end position is reached
    });
    while (sleepFor(context.options.progressInterval, group.token())) {
      if (context.progress) context.progress(applier.progress());
    }
    group.wait();
  } catch (const Error& error) {
    if (!stop.stop_requested()) throw;
    context.log.debug("dropped after a stop: {}", error.text());
  }
  if (context.progress) context.progress(applier.progress());
  return applier.endReached() ? StreamEnd::endReached : StreamEnd::stopped;
}

}  // namespace drs
