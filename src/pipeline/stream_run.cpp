#include "pipeline/stream_run.h"

#include "base/error.h"
#include "base/task_group.h"
#include "pipeline/dispatcher.h"

namespace drs {
namespace {

/// Memory of a transaction in the queue: also one without changes takes some.
std::size_t bytesOf(const Transaction& transaction) {
  return sizeof(LaneItem) + transaction.id.size() + transaction.end.text.size() + transaction.bytes;
}

void readLog(const StreamContext& context, LaneQueue& queue, ApplyProgress& progress, const std::stop_token& stop) {
  const auto reader = context.source.openLog(context.from, context.plans);
  while (!stop.stop_requested()) {
    auto transaction = reader->next(stop);
    if (transaction) {
      const std::size_t bytes = bytesOf(*transaction);
      const bool ends = changesDefinitions(*transaction);  // what follows is read with the plans in force then
      progress.read(*transaction);
      if (!queue.push(std::move(*transaction), bytes, stop) || ends) return;
    } else if (!stop.stop_requested()) {
      LaneIdle idle{reader->position(), reader->caughtUpAt()};
      const std::size_t bytes = sizeof(LaneItem) + idle.position.text.size();
      if (!queue.push(std::move(idle), bytes, stop)) return;
    }
  }
}

}  // namespace

StreamEnd streamLog(const StreamContext& context, const std::stop_token& stop) {
  const auto appliers = context.sink.appliers(context.plans);
  LaneQueue queue(context.options.queueBytes);
  ApplyProgress progress(context.clock, context.from);
  ApplyPool pool(context.options, *appliers, progress);
  Dispatcher dispatcher(context, queue, *appliers, pool, progress);
  try {
    TaskGroup group(stop);
    group.start("log-reader", [&](const std::stop_token& s) { readLog(context, queue, progress, s); });
    for (std::size_t slot = 0; slot < appliers->count(); ++slot)
      group.start("applier-" + std::to_string(slot), [&, slot](const std::stop_token& s) { pool.run(slot, s); });
    group.start("dispatcher", [&](const std::stop_token& s) {
      dispatcher.run(s);
      group.stop();  // ended by itself: the end position is reached
    });
    while (sleepFor(context.options.progressInterval, group.token())) {
      if (context.progress) context.progress(progress.now());
    }
    group.wait();
  } catch (const Error& error) {
    if (!stop.stop_requested()) throw;
    context.log.debug("dropped after a stop: {}", error.text());
  }
  const ApplyPool::Counters counters = pool.counters();
  context.log.info("replay ends: {} appliers, {} batches, {} side by side, {} waited for another, {} gave way",
                   appliers->count(), counters.batches, counters.sideBySide, counters.waited, counters.gaveWay);
  if (context.progress) context.progress(progress.now());
  if (dispatcher.definitionsChanged()) return StreamEnd::definitionsChanged;
  return dispatcher.endReached() ? StreamEnd::endReached : StreamEnd::stopped;
}

}  // namespace drs
