#include "store/rows.h"

#include "store/enum_texts.h"
#include "store/records_json.h"

namespace drs {
namespace {

std::optional<Fault> readFault(RowReader& in) {
  const bool absent = in.isNull();
  const std::string text = in.text();
  if (absent) return std::nullopt;
  return decodeFault(text);
}

}  // namespace

BatchRecord readBatch(const SqlRow& row) {
  RowReader in(row);
  BatchRecord out;
  out.id = in.text();
  out.projectId = in.text();
  out.domainName = in.text();
  out.userName = in.text();
  out.status = enumOf<BatchStatus>(in.text());
  out.createMillis = in.integer();
  out.commitMillis = in.integer();
  return out;
}

JobRecord readJob(const SqlRow& row, std::string& specId) {
  RowReader in(row);
  JobRecord out;
  out.id = in.text();
  out.batchId = in.text();
  out.projectId = in.text();
  out.name = in.text();
  out.userName = in.text();
  specId = in.text();
  out.phase = enumOf<Phase>(in.text());
  out.desired = enumOf<Desired>(in.text());
  out.drained = in.flag();
  out.fault = readFault(in);
  out.status = in.text();
  out.validation = enumOf<Validation>(in.text());
  out.networkResults = decodeNetwork(in.text());
  out.precheck = decodePrecheck(in.text());
  out.skippedItems = decodeStrings(in.text());
  out.skipReason = in.text();
  out.startPosition = in.text();
  out.compareAtEnd = in.flag();
  out.reversed = in.flag();
  out.plan = in.count();
  out.epoch = in.count();
  out.version = in.integer();
  out.order = in.integer();
  out.createMillis = in.integer();
  out.startAtMillis = in.integer();
  out.startedMillis = in.integer();
  out.copyStartedMillis = in.integer();
  out.copyEndedMillis = in.integer();
  out.streamStartedMillis = in.integer();
  out.endedMillis = in.integer();
  out.updateMillis = in.integer();
  return out;
}

TaskRecord readTask(const SqlRow& row) {
  RowReader in(row);
  TaskRecord out;
  out.id = in.text();
  out.jobId = in.text();
  out.kind = enumOf<TaskKind>(in.text());
  out.number = in.integer();
  out.payload = in.text();
  out.queryId = in.text();
  out.state = enumOf<TaskState>(in.text());
  out.cancel = in.flag();
  out.owner = in.text();
  out.epoch = in.count();
  out.leaseUntil = in.integer();
  out.notBefore = in.integer();
  out.createMillis = in.integer();
  out.claimMillis = in.integer();
  out.attempts = static_cast<int>(in.integer());
  out.deaths = static_cast<int>(in.integer());
  out.place = in.text();
  out.deathPlace = in.text();
  out.error = in.text();
  out.progress = decodeProgress(in.text());
  return out;
}

EventRecord readEvent(const SqlRow& row) {
  RowReader in(row);
  EventRecord out;
  out.jobId = in.text();
  out.number = in.integer();
  out.millis = in.integer();
  out.level = enumOf<EventLevel>(in.text());
  out.message = in.text();
  out.userName = in.text();
  return out;
}

QueryRecord readQuery(const SqlRow& row) {
  RowReader in(row);
  QueryRecord out;
  out.id = in.text();
  out.jobId = in.text();
  out.kind = enumOf<TaskKind>(in.text());
  out.state = enumOf<QueryState>(in.text());
  out.result = in.text();
  out.fault = readFault(in);
  out.createMillis = in.integer();
  return out;
}

TableRecord readTable(const SqlRow& row) {
  RowReader in(row);
  TableRecord out;
  out.plan = static_cast<std::size_t>(in.count());
  out.sourceDatabase = in.text();
  out.sourceTable = in.text();
  out.targetDatabase = in.text();
  out.targetTable = in.text();
  out.estimatedRows = in.count();
  out.estimatedBytes = in.count();
  out.rows = in.count();
  out.bytes = in.count();
  out.chunks = in.integer();
  out.chunksDone = in.integer();
  return out;
}

CompareRecord readCompare(const SqlRow& row) {
  RowReader in(row);
  CompareRecord out;
  out.id = in.text();
  out.jobId = in.text();
  out.type = enumOf<CompareType>(in.text());
  out.state = enumOf<CompareState>(in.text());
  out.options = in.text();
  out.error = in.text();
  out.createMillis = in.integer();
  out.startMillis = in.integer();
  out.endMillis = in.integer();
  return out;
}

CompareTableRecord readCompared(const SqlRow& row) {
  RowReader in(row);
  CompareTableRecord out;
  out.compareId = in.text();
  out.number = static_cast<std::size_t>(in.count());
  out.sourceDatabase = in.text();
  out.sourceTable = in.text();
  out.targetDatabase = in.text();
  out.targetTable = in.text();
  out.sourceRows = in.count();
  out.targetRows = in.count();
  out.differences = in.count();
  out.result = enumOf<CompareResult>(in.text());
  out.error = in.text();
  out.listed = in.text();
  return out;
}

ConflictRow readConflict(const SqlRow& row) {
  RowReader in(row);
  ConflictRow out;
  out.number = in.count();
  out.millis = in.integer();
  out.transaction = in.text();
  out.database = in.text();
  out.table = in.text();
  out.kind = in.text();
  out.kept = in.integer() != 0;
  out.gaveWay = in.count();
  out.key = in.text();
  out.before = in.text();
  out.after = in.text();
  out.detail = in.text();
  return out;
}

StatementRow readStatement(const SqlRow& row) {
  RowReader in(row);
  StatementRow out;
  out.number = in.count();
  out.transaction = in.text();
  out.position = in.text();
  out.committed = in.integer();
  out.recorded = in.integer();
  out.kind = in.text();
  out.state = in.text();
  out.sql = in.text();
  out.fingerprint = in.text();
  out.reason = in.text();
  out.cleaned = in.integer();
  return out;
}

TaskClass classOf(TaskKind kind) noexcept {
  switch (kind) {
    case TaskKind::stream:
    case TaskKind::lane:
      return TaskClass::stream;
    case TaskKind::plan:
    case TaskKind::copy:
    case TaskKind::finish:
    case TaskKind::compare:
      return TaskClass::work;
    default:
      return TaskClass::brief;
  }
}

std::int64_t rankOf(TaskKind kind) noexcept {
  switch (kind) {
    case TaskKind::stream:
    case TaskKind::lane:
      return 0;
    case TaskKind::end:
    case TaskKind::reset:
    case TaskKind::cutover:
      return 1;
    case TaskKind::validate:
    case TaskKind::network:
    case TaskKind::precheck:
    case TaskKind::objects:
    case TaskKind::position:
      return 2;
    case TaskKind::plan:
      return 3;
    case TaskKind::finish:
      return 4;
    case TaskKind::copy:
      return 5;
    case TaskKind::compare:
      return 6;
    case TaskKind::sourceLog:
      return 7;
  }
  return 9;
}

bool isPhaseTask(TaskKind kind) noexcept {
  return kind == TaskKind::plan || kind == TaskKind::copy || kind == TaskKind::finish || kind == TaskKind::stream ||
         kind == TaskKind::lane || kind == TaskKind::reset;
}

}  // namespace drs
