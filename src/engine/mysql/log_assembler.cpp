#include "engine/mysql/log_assembler.h"

#include "engine/mysql/origins.h"
#include "engine/mysql/server_log.h"
#include "wire/mysql/inflate.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

/// Behind the four bytes that every log file starts with.
/// More prepared XA transactions than this at a time are forgotten; a forgotten one is refused later, never lost. They
/// stand in every position.
constexpr std::size_t kMaxPreparedXa = 1000;
/// Those with changes of ours, whose places stand in every position too.
constexpr std::size_t kMaxHeldXa = 100;

LogSymbol symbolOf(StatementKind kind) {
  switch (kind) {
    case StatementKind::begin:
      return LogSymbol::begin;
    case StatementKind::commit:
      return LogSymbol::commit;
    case StatementKind::rollback:
      return LogSymbol::rollback;
    case StatementKind::xaStart:
      return LogSymbol::xaStart;
    default:
      return LogSymbol::statement;
  }
}

}  // namespace

LogAssembler::LogAssembler(const LogScope& scope, const LogPosition& start, GroupLimits limits)
    : scope_(scope),
      tables_(scope, start.mariadb),
      statements_(scope, tables_),
      grammar_(LogGrammar::make(start.mariadb)),
      group_(scope, std::move(limits)),
      position_(start) {
  if (start.gtid.empty()) return;
  bool valid = true;
  if (start.mariadb) {
    mariadbPosition_ = MariadbPosition::parse(start.gtid);
    valid = mariadbPosition_.has_value();
  } else {
    mysqlSet_ = GtidSet::parse(start.gtid);
    valid = mysqlSet_.has_value();
  }
  if (!valid) throw Error(Msg::internal, {"malformed GTID position " + start.gtid});
}

void LogAssembler::restart(bool foldNames) {
  statements_.setFoldNames(foldNames);
  framer_.reset();
  grammar_->reset();
  group_.clear();
  file_.clear();
  heartbeat_ = false;
}

void LogAssembler::setServer(const std::string& server) {
  const bool isOther = !position_.server.empty() && position_.server != server;
  position_.server = server;
  if (!isOther) return;
  if (!position_.gtid.empty()) {  // file and offset are the other server's, until a group of this one comes
    position_.file.clear();
    position_.offset = 0;
  }
  for (auto& [xid, place] : position_.heldXa)
    if (!Gtid::parse(place) && !place.starts_with(kElsewhere)) place.insert(0, kElsewhere);
}

std::optional<Transaction> LogAssembler::feed(std::string_view packet) {
  try {
    return feedChecked(packet);
  } catch (const Error& error) {
    const std::string at = placeText(file_, eventStart_);
    std::vector<std::string> args = error.args();
    if (error.msg() == Msg::logCorrupt) {
      args.at(0) = at;
    } else if (error.msg() == Msg::logUnsupported) {
      args.at(0) += fmt::format(" (at {})", at);
    } else {
      throw;
    }
    throw Error(error.msg(), std::move(args), error.origin(), error.detail());
  }
}

std::optional<Transaction> LogAssembler::feedChecked(std::string_view packet) {
  heartbeat_ = false;
  const Event event = framer_.frame(packet);
  const EventType type = event.header.type;
  if (type == EventType::heartbeat || type == EventType::heartbeatV2) {
    heartbeat_ = true;
    requirePlace();
    return std::nullopt;
  }
  if (type == EventType::rotate && event.header.artificial()) {
    onRotate(event);
    return std::nullopt;
  }
  if (event.header.artificial()) return std::nullopt;  // FORMAT_DESCRIPTION or GTID_LIST, sent once more
  if (!place(event, packet.size())) return std::nullopt;
  auto transaction = onEvent(event);
  // A dump by GTID begins at the start of a file, far behind the position: there only whole groups move it.
  if (!grammar_->open() && position_.gtid.empty()) moveTo(eventEnd_);
  return transaction;
}

void LogAssembler::onRotate(const Event& event) {
  const RotateEvent rotate = parseRotate(event.body);
  if (rotate.file != file_) requirePlace();
  // What the server had not finished when it stopped was never committed.
  grammar_->reset();
  group_.clear();
  file_ = rotate.file;
  eventStart_ = eventEnd_ = std::max(rotate.offset, kFirstOffset);
  // A dump by GTID may start in an earlier file than the one that was last seen.
  if (position_.gtid.empty() && position_.file != file_) {
    position_.file = file_;
    position_.offset = eventEnd_;
  }
}

/// Finds where the event lies; false if the lane has it already (the dump had to start earlier).
bool LogAssembler::place(const Event& event, std::size_t bytes) {
  if (file_.empty()) throwCorrupt("the dump did not start with ROTATE");
  const bool byGtid = !position_.gtid.empty();
  std::uint64_t end = eventEnd_ + bytes;
  const auto ahead = static_cast<std::uint32_t>(event.header.nextPosition - static_cast<std::uint32_t>(end));
  // Left out by the server: groups that a lane by GTID has, and ANNOTATE_ROWS of MariaDB, which nobody asked for.
  const bool mayBeAhead = byGtid || position_.mariadb;
  if (ahead != 0 && !mayBeAhead) {
    throwCorrupt(fmt::format("the event says that it ends at {}", event.header.nextPosition));
  }
  end += ahead;
  eventStart_ = end - bytes;
  eventEnd_ = end;
  if (byGtid || file_ != position_.file || eventStart_ >= position_.offset) return true;
  if (eventEnd_ > position_.offset)
    throwCorrupt(fmt::format("the position {} lies inside of an event", position_.offset));
  return false;
}

/// All that the file has was read; a lane that starts behind its end would wait for ever and leave events out.
void LogAssembler::requirePlace() const {
  if (!position_.gtid.empty() || file_ != position_.file || eventEnd_ >= position_.offset) return;
  throw Error(Msg::logPurged,
              {fmt::format("{}:{}", position_.file, position_.offset), fmt::format("the file ends at {}", eventEnd_)},
              Origin::source);
}

void LogAssembler::moveTo(std::uint64_t offset) {
  position_.file = file_;
  position_.offset = offset;
}

std::optional<Transaction> LogAssembler::onEvent(const Event& event) {
  if (isRowsEvent(event.header.type)) {
    onRows(event);
    return std::nullopt;
  }
  switch (event.header.type) {
    case EventType::gtid:
    case EventType::anonymousGtid:
    case EventType::taggedGtid:
      return onGtid(event);
    case EventType::mariadbGtid:
      return onMariadbGtid(event);
    case EventType::query:
    case EventType::queryCompressed:
    case EventType::executeLoadQuery:
      return onQuery(event);
    case EventType::xid:
      return step(LogSymbol::commit, event);
    case EventType::xaPrepare:
      return onXaPrepare(event);
    case EventType::transactionPayload:
      return onPayload(event);
    case EventType::tableMap:
      onTableMap(event);
      return std::nullopt;
    case EventType::annotateRows:
      tables_.annotate(event.body);
      return std::nullopt;
    case EventType::incident:
      onIncident(event);
      return std::nullopt;
    case EventType::formatDescription:
    case EventType::rotate:
    case EventType::stop:
    case EventType::previousGtids:
    case EventType::gtidList:
    case EventType::binlogCheckpoint:
    case EventType::rowsQuery:
    case EventType::ignorable:
    case EventType::transactionContext:
    case EventType::viewChange:
    // Context and data of statements that are logged as text; the statement itself is judged.
    case EventType::intvar:
    case EventType::rand:
    case EventType::userVar:
    case EventType::beginLoadQuery:
    case EventType::appendBlock:
    case EventType::deleteFile:
      return std::nullopt;
    case EventType::startEncryption:
      throwUnsupported("an encrypted log", "Set encrypt_binlog=OFF at the source, then reset the task.");
    default:
      if (event.header.ignorable()) return std::nullopt;
      throwUnsupported("an event " + eventName(event.header.type), "Report the source's version and the event.");
  }
}

std::optional<Transaction> LogAssembler::onPayload(const Event& event) {
  PayloadReader payload(event.body);
  std::optional<Transaction> transaction;
  while (const auto packed = payload.next()) {
    if (transaction) throwCorrupt("TRANSACTION_PAYLOAD holds more than a transaction");
    transaction = onEvent(EventFramer::frameInner(*packed));
  }
  if (grammar_->open()) throwCorrupt("TRANSACTION_PAYLOAD holds no whole transaction");
  return transaction;
}

void LogAssembler::onIncident(const Event& event) {
  throwUnsupported("an INCIDENT: the source says that changes are missing (" + parseIncident(event.body) + ")",
                   "Reset the task to copy from scratch.");
}

void LogAssembler::openGroup() {
  group_.clear();
  tables_.startGroup();
  groupPlace_ = placeText(file_, eventStart_);
  group_.id = groupPlace_;
}

std::optional<Transaction> LogAssembler::onGtid(const Event& event) {
  GtidEvent parsed = parseGtid(event);
  auto transaction = step(LogSymbol::gtid, event);
  group_.commitMicros = parsed.commitMicros;
  if (!mysqlSet_) return transaction;
  group_.gtid = std::move(parsed.gtid);
  if (group_.gtid) {
    group_.id = group_.gtid->text();
    group_.repeated = mysqlSet_->contains(*group_.gtid);
  }
  return transaction;
}

std::optional<Transaction> LogAssembler::onMariadbGtid(const Event& event) {
  const MariadbGtidEvent parsed = parseMariadbGtid(event);
  auto transaction = step(parsed.standalone ? LogSymbol::standaloneGtid : LogSymbol::gtid, event);
  if (!mariadbPosition_) return transaction;
  group_.mariadbGtid = parsed.gtid;
  group_.id = parsed.gtid.text();
  return transaction;
}

std::optional<Transaction> LogAssembler::onQuery(const Event& event) {
  std::string inflated;
  const QueryEvent query = parseQuery(event, framer_.format(), inflated);
  if (query.sql == "BEGIN") return step(LogSymbol::begin, event);  // what a server writes before every transaction
  const Statement statement = recognize(query.sql, SqlSyntax::fromMode(query.sqlMode));
  const LogSymbol symbol = symbolOf(statement.kind);
  if (symbol != LogSymbol::statement) {
    auto transaction = step(symbol, event);
    if (symbol == LogSymbol::xaStart) group_.xid = statement.label;
    return transaction;
  }
  // A statement outside of any group is a group of its own and is judged in it.
  const bool alone = !grammar_->open();
  if (alone) openGroup();
  if (!group_.repeated) onStatement(statement, query);
  return step(symbol, event);
}

void LogAssembler::onStatement(const Statement& statement, const QueryEvent& query) {
  switch (statement.kind) {
    case StatementKind::savepoint:
      return group_.savepoint(statement.label);
    case StatementKind::releaseSavepoint:
      return group_.releaseSavepoint(statement.label);
    case StatementKind::rollbackTo:
      return group_.rollbackTo(statement.label);
    case StatementKind::xaEnd:
      group_.xid = statement.label;
      return;
    case StatementKind::xaCommit:
    case StatementKind::xaRollback:
      return settleXa(statement);
    default:
      break;
  }
  auto change = statements_.judge(statement, query, group_.id);
  if (!change) return;
  group_.origins = change->origins;
  group_.addSchemaChange(*std::move(change));
}

void LogAssembler::settleXa(const Statement& statement) {
  if (auto held = takeHeld(statement.label)) {
    position_.heldXa.erase(statement.label);
    if (statement.kind == StatementKind::xaCommit) group_.adopt(*std::move(held));
    return;
  }
  const bool known = position_.preparedXa.erase(statement.label) > 0;
  if (known || statement.kind == StatementKind::xaRollback) return;
  throwUnsupported("XA COMMIT of a transaction that was prepared before the position",
                   "Let no XA transaction stay prepared, then reset the task.");
}

std::optional<Transaction> LogAssembler::onXaPrepare(const Event& event) {
  // In one phase XA_PREPARE is the commit.
  return step(parseXaPrepare(event.body).onePhase ? LogSymbol::commit : LogSymbol::xaPrepare, event);
}

void LogAssembler::onTableMap(const Event& event) {
  (void)step(LogSymbol::rows, event);
  if (!group_.repeated) tables_.define(event, framer_.format());
}

void LogAssembler::onRows(const Event& event) {
  (void)step(LogSymbol::rows, event);
  if (group_.repeated) return;
  const std::uint64_t tableId = parseTableId(event, framer_.format());
  const LogTables::Table* const found = tables_.find(tableId);
  if (found == nullptr) {
    // Without rows it needs no table: old servers end a statement by such an event.
    if (parseRows(event, framer_.format(), scratch_).rows.empty()) return;
    throwCorrupt("rows came without their TABLE_MAP");
  }
  const LogTables::Table& table = *found;
  if (table.mark) return onMark(parseRows(event, framer_.format(), scratch_), table);
  if (table.heartbeat) {
    group_.beatMillis = heartbeatMillis(event, parseRows(event, framer_.format(), scratch_), table).value_or(0);
    return;
  }
  if (group_.returns) return;
  if (const SchemaChange* made = group_.schemaChange();
      made != nullptr && made->isNew && made->table == TableName{table.map.database, table.map.table}) {
    group_.rowsFollow = true;  // read again when there is a plan
    return;
  }
  if ((table.covered || table.plan) && group_.hasSchemaChange()) {
    throwUnsupported("rows of " + table.name() + " in the transaction of a statement (CREATE TABLE … SELECT)",
                     "Create the table and fill it in two statements, then reset the task.");
  }
  if (table.covered) {
    throw Error(Msg::schemaDrift,
                {table.name(), "it is selected but did not exist as a table when the task was planned"},
                Origin::source);
  }
  if (!table.plan) return;
  const RowsEvent rows = parseRows(event, framer_.format(), scratch_);
  if (!hasFullImages(rows, table.formats)) tables_.requireUsable(rows, table);
  group_.addRows(rows, table);
  if (rows.endOfStatement) tables_.endStatement();
}

/// The mark comes first in every transaction of ours.
void LogAssembler::onMark(const RowsEvent& event, const LogTables::Table& table) {
  const auto mark = originMark(event, table);
  if (!mark) return;
  group_.origins = joinOrigins(group_.origins, mark->origins);
  group_.markedBy = mark->jobId;
  group_.returns = !scope_.target.empty() && hasOrigin(group_.origins, scope_.target);
}

std::optional<Transaction> LogAssembler::step(LogSymbol symbol, const Event& event) {
  switch (grammar_->next(symbol)) {
    case GroupStep::opens:
      openGroup();
      return std::nullopt;
    case GroupStep::inside:
      return std::nullopt;
    case GroupStep::rollsBack:
      group_.rollbackAll();
      return endGroup(event);
    case GroupStep::alone:
    case GroupStep::commits:
      return endGroup(event);
    case GroupStep::prepares:
      return prepare(event);
  }
  return std::nullopt;
}

/// What was prepared takes effect at XA COMMIT. Until then the position names it.
std::optional<Transaction> LogAssembler::prepare(const Event& event) {
  if (group_.repeated) return endGroup(event);
  if (!group_.hasChanges()) {
    if (position_.preparedXa.size() >= kMaxPreparedXa) position_.preparedXa.clear();
    if (!group_.xid.empty()) position_.preparedXa.insert(group_.xid);
    return endGroup(event);
  }
  if (group_.hasSchemaChange() || group_.xid.empty() || held_.contains(group_.xid))
    throwCorrupt("XA_PREPARE of something that is no XA transaction with a name of its own");
  if (held_.size() >= kMaxHeldXa) {
    throwUnsupported(
        fmt::format("more than {} XA transactions on selected tables, all prepared at the same time", kMaxHeldXa),
        "Let fewer of them stay prepared, then reset the task.");
  }
  const bool byGtid = mysqlSet_ && group_.gtid;
  position_.heldXa[group_.xid] = byGtid ? group_.gtid->text() : groupPlace_;
  held_[group_.xid] = group_.takeChanges(true);
  return endGroup(event);
}

std::map<std::string, std::string> LogAssembler::missing() const {
  std::map<std::string, std::string> out = position_.heldXa;
  for (const auto& [xid, prepared] : held_) out.erase(xid);
  return out;
}

std::optional<Transaction> LogAssembler::takeHeld(const std::string& xid) {
  const auto found = held_.find(xid);
  if (found == held_.end()) return std::nullopt;
  std::optional<Transaction> out = std::move(found->second);
  held_.erase(found);
  return out;
}

std::optional<Transaction> LogAssembler::endGroup(const Event& event) {
  if (group_.returns) group_.discard();
  if (!scope_.target.empty() && group_.hasChanges() && hasOrigin(group_.origins, kUnknownOrigin))
    throw Error(Msg::originUnknown, {group_.id, group_.markedBy.empty() ? "?" : group_.markedBy}, Origin::source);
  if (SchemaChange* made = group_.schemaChange(); made != nullptr && group_.rowsFollow)
    made->again = toPosition(position_);
  if (mysqlSet_) {
    if (group_.gtid) {
      mysqlSet_->add(*group_.gtid);
      position_.gtid = mysqlSet_->text();
    } else if (group_.hasChanges()) {
      throwUnsupported("a transaction without a GTID", "Set gtid_mode=ON at the source, then reset the task.");
    }
  }
  if (mariadbPosition_ && group_.mariadbGtid) {
    mariadbPosition_->advance(*group_.mariadbGtid);
    position_.gtid = mariadbPosition_->text();
  }
  moveTo(eventEnd_);
  const UnixMillis committed = group_.commitMicros != 0 ? static_cast<UnixMillis>(group_.commitMicros / 1000)
                                                        : UnixMillis{event.header.timestamp} * 1000;
  const bool empty = !group_.hasChanges(), wholeSeconds = group_.commitMicros == 0;
  const UnixMillis beatMillis = group_.beatMillis;
  Transaction transaction = group_.take(toPosition(position_), committed);
  transaction.beat = empty && beatMillis != 0;
  transaction.wholeSeconds = wholeSeconds && !transaction.beat;
  if (transaction.beat) transaction.commitMillis = beatMillis;
  emptyPassed_ = empty && !transaction.beat;
  if (!emptyPassed_) return transaction;
  empty_ = std::move(transaction);
  return std::nullopt;
}

std::optional<Transaction> LogAssembler::takeEmpty() {
  if (!emptyPassed_) return std::nullopt;
  emptyPassed_ = false;
  return std::move(empty_);
}

}  // namespace drs::mysql
