#include "pipeline/copy_run.h"

#include "base/bounded_queue.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/task_group.h"

namespace drs {
namespace {

struct TableBatch {
  std::size_t plan = 0;
  RowBatch rows;
};

struct Counts {
  std::uint64_t rows = 0, bytes = 0;
};

/// The reading half; owned by the reader thread until it has ended.
struct Reading {
  ChunkResult result;
  Counts counts;
  bool complete = false;  ///< every row of the chunk went into the queue
};

void readInto(BoundedQueue<TableBatch>& queue, const CopyContext& context, const Chunk& chunk, Reading& reading,
              const std::stop_token& stop) {
  bool accepted = true;
  const BatchConsumer consumer = [&](std::size_t plan, RowBatch batch) {
    const std::size_t memory = batch.bytes();
    const std::uint64_t rows = batch.rows();
    const std::uint64_t volume = batch.volume();
    failpoint("copy.read");
    if (context.hold) context.hold(stop);
    accepted = context.throttle.pass(volume, stop, context.waiting, context.seat) &&
               queue.push({plan, std::move(batch)}, memory, stop);
    if (accepted) {
      reading.counts.rows += rows;
      reading.counts.bytes += volume;
    }
    return accepted;
  };
  reading.result = context.source.readChunk(chunk, context.plans, consumer, stop);
  // A source that was stopped may return early, so only a read that nobody stopped is a whole one.
  reading.complete = accepted && !stop.stop_requested();
  queue.close();
}

Counts writeAll(BoundedQueue<TableBatch>& queue, const CopyContext& context, ChunkWriter& writer,
                const std::stop_token& stop) {
  Counts written;
  while (auto batch = queue.pop(stop)) {
    if (stop.stop_requested()) break;
    writer.write(batch->plan, batch->rows);
    written.rows += batch->rows.rows();
    written.bytes += batch->rows.volume();
    if (context.progress) context.progress(batch->plan, batch->rows.rows(), batch->rows.volume());
  }
  return written;
}

}  // namespace

std::optional<ChunkResult> copyChunk(const CopyContext& context, const Chunk& chunk, const std::stop_token& stop) {
  ChunkResult done;
  const auto writer = context.sink.openChunk(chunk, context.fence, context.plans, done);
  if (!writer) return done;

  Reading reading;
  Counts written;
  {
    BoundedQueue<TableBatch> queue(context.queueBytes);
    TaskGroup group(stop);
    group.start("copy-reader", [&](const std::stop_token& s) { readInto(queue, context, chunk, reading, s); });
    try {
      written = writeAll(queue, context, *writer, group.token());
    } catch (...) {
      group.stop();  // the writer's error is the one to report; the reader ends when the group does
      throw;
    }
    group.wait();
  }
  if (!reading.complete) return std::nullopt;
  if (reading.counts.rows != written.rows) {
    throw Error(Msg::rowCountMismatch, {"chunk " + std::to_string(chunk.number), std::to_string(reading.counts.rows),
                                        std::to_string(written.rows)});
  }
  ChunkResult result = reading.result;
  result.number = chunk.number;
  result.rows = written.rows;
  result.bytes = written.bytes;
  failpoint("copy.before_commit");
  writer->commit(result);
  writer->noteReplaced(result);
  failpoint("copy.after_commit");
  return result;
}

}  // namespace drs
