#include "engine/mysql/control_tables.h"

#include "base/failpoint.h"
#include "engine/mysql/conflict_log.h"
#include "engine/mysql/heartbeat.h"
#include "engine/mysql/named_lock.h"
#include "engine/mysql/read_only.h"
#include "engine/mysql/statement_records.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <thread>

namespace drs::mysql {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kControlScope = -1;  // of a session that holds the fence; others: the number of their chunk
constexpr std::uint64_t kResetPlan = std::numeric_limits<std::int64_t>::max();  // while a reset is at work
constexpr int kLane = 0;                                                        // a MySQL source has one log
constexpr int kTransactionAttempts = 12;
constexpr std::size_t kNameListBytes = 16U << 10U;

constexpr std::string_view kJobColumn = "job_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL";
constexpr int kTables = 10;
/// Always the last column: readers of the log find it there. '?': see kUnknownOrigin.
constexpr std::string_view kOriginsColumn =
    "origins VARCHAR(1200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '?'";

std::string table(std::string_view name, std::string_view columns) {
  return fmt::format("CREATE TABLE IF NOT EXISTS {}.{} ({}, {}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", kControlSchema,
                     name, kJobColumn, columns);
}

std::vector<std::string> definitions() {
  return {
      fmt::format("CREATE DATABASE IF NOT EXISTS {} CHARACTER SET utf8mb4", kControlSchema),
      table("job", "plan_no BIGINT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL, PRIMARY KEY (job_id)"),
      table(
          "mark",
          "lane INT NOT NULL, applier INT NOT NULL DEFAULT 0, plan_no BIGINT UNSIGNED NOT NULL, "
          "epoch BIGINT UNSIGNED NOT NULL, sequence_no BIGINT UNSIGNED NOT NULL, position_text MEDIUMTEXT NOT NULL, " +
              std::string(kOriginsColumn) + ", PRIMARY KEY (job_id, lane, applier)"),
      table("chunk",
            "chunk_no INT UNSIGNED NOT NULL, plan_no BIGINT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL, "
            "passes BIGINT UNSIGNED NOT NULL, done TINYINT NOT NULL, low_text MEDIUMTEXT, high_text MEDIUMTEXT, "
            "row_total BIGINT UNSIGNED, byte_total BIGINT UNSIGNED, ended_at MEDIUMTEXT, ended_in INT UNSIGNED, "
            "replaced BIGINT UNSIGNED, " +
                std::string(kOriginsColumn) + ", PRIMARY KEY (job_id, chunk_no)"),
      table("session",
            "session_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, scope BIGINT NOT NULL, "
            "plan_no BIGINT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL, PRIMARY KEY (job_id, session_name)"),
      table("made",
            "db_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, "
            "table_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, "
            "PRIMARY KEY (job_id, db_name, table_name)"),
      table("made_object",
            "kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
            "db_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, "
            "object_name VARCHAR(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, "
            "PRIMARY KEY (job_id, kind, db_name, object_name)"),
      table("conflict", ConflictLog::kColumns),
      table(
          "ddl",
          "seq_no BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, "
          "group_id VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, position_text MEDIUMTEXT NOT "
          "NULL, state VARCHAR(16) CHARACTER SET ascii NOT NULL, committed_at BIGINT NOT NULL, recorded_at BIGINT NOT "
          "NULL, statement LONGBLOB NOT NULL, before_text MEDIUMTEXT NOT NULL, result MEDIUMBLOB NOT NULL, "
          "PRIMARY KEY (job_id, group_id), KEY (seq_no)"),
      table("definition",
            "kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
            "db_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, "
            "table_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, "
            "definition LONGTEXT, PRIMARY KEY (job_id, kind, db_name, table_name)"),
      table("readonly", "previous VARCHAR(64) CHARACTER SET ascii NOT NULL, PRIMARY KEY (job_id)"),
  };
}

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (!text) return value;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (problem != std::errc() || end != text->data() + text->size())
    throw Error(Msg::internal, {"a control row holds a number that is none"}, Origin::target);
  return value;
}

// Literals of a key hold no line breaks: texts are in hexadecimal digits.

std::string packed(const std::vector<std::string>& key) {
  std::string text;
  for (const std::string& literal : key) text += (text.empty() ? "" : "\n") + literal;
  return text;
}

std::vector<std::string> unpacked(std::string_view text) {
  std::vector<std::string> key;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    key.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return key;
}

/// chunk_no, low_text, high_text, row_total, byte_total, ended_at, ended_in, replaced
ChunkResult resultOf(const std::vector<std::optional<std::string>>& row) {
  ChunkResult result;
  result.number = static_cast<std::uint32_t>(number(row.at(0)));
  result.low = {row.at(1).value_or("")};
  result.high = {row.at(2).value_or("")};
  result.rows = number(row.at(3));
  result.bytes = number(row.at(4));
  result.endedAt = unpacked(row.at(5).value_or(""));
  result.endedIn = number(row.at(6));
  result.replaced = number(row.at(7));
  return result;
}

}  // namespace

void inTransaction(Connection& connection, const std::function<void()>& body) {
  for (int attempt = 1;; ++attempt) {
    try {
      connection.execute("START TRANSACTION");
      body();
      connection.execute("COMMIT");
      return;
    } catch (const Error& error) {
      if (error.msg() != Msg::connectionLost) connection.execute("ROLLBACK");
      if (error.msg() != Msg::deadlock || attempt == kTransactionAttempts) throw;
      std::this_thread::sleep_for(50ms * attempt);
    }
  }
}

std::vector<std::string> serverTables() {
  return {fmt::format("CREATE DATABASE IF NOT EXISTS {} CHARACTER SET utf8mb4", kControlSchema),
          fmt::format("CREATE TABLE IF NOT EXISTS {}.server (number TINYINT NOT NULL PRIMARY KEY, identity VARCHAR(36) "
                      "CHARACTER SET ascii NOT NULL, fingerprint VARCHAR(1000) CHARACTER SET utf8mb4 NOT NULL) "
                      "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                      kControlSchema),
          table("direction", std::string(kOriginsColumn) + ", PRIMARY KEY (job_id)")};
}

bool hasControlTables(Connection& connection) {
  return number(connection.value(
             fmt::format("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}' "
                         "AND TABLE_NAME IN ('job', 'mark', 'chunk', 'session', 'made', 'made_object', 'conflict', "
                         "'ddl', 'definition', 'readonly')",
                         kControlSchema))) == kTables;
}

ControlTables::ControlTables(std::string_view jobId)
    : jobId_(jobId), job_("job_id = " + quoteText(jobId)), id_(quoteText(jobId)) {}

void ControlTables::throwFenced() const {
  throw Error(Msg::fenced, {"job " + jobId_}, Origin::target);
}

void ControlTables::create(Connection& connection) const {
  if (hasControlTables(connection)) return upgrade(connection);
  for (const std::string& sql : definitions()) connection.execute(sql);
  upgrade(connection);
}

/// Before there were several appliers, a lane had one mark row. Before there were two-way groups, nothing told where
/// changes come from.
void ControlTables::upgrade(Connection& connection) {
  const auto has = [&](std::string_view name, std::string_view column) {
    return connection
        .value(fmt::format("SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{}' AND TABLE_NAME = '{}' "
                           "AND COLUMN_NAME = '{}'",
                           kControlSchema, name, column))
        .has_value();
  };
  if (!has("mark", "applier"))
    connection.execute(
        fmt::format("ALTER TABLE {}.mark ADD COLUMN applier INT NOT NULL DEFAULT 0 AFTER lane, DROP PRIMARY KEY, "
                    "ADD PRIMARY KEY (job_id, lane, applier)",
                    kControlSchema));
  for (const std::string_view name : {"mark", "chunk"})
    if (!has(name, "origins"))
      connection.execute(fmt::format("ALTER TABLE {}.{} ADD COLUMN {}", kControlSchema, name, kOriginsColumn));
  if (!has("direction", "origins"))
    for (const std::string& sql : serverTables()) connection.execute(sql);
}

void ControlTables::createWithRow(Connection& connection) const {
  const NamedLock setup(connection, kSetupLock, kSetupLockSeconds);
  create(connection);
  // The row of a running job is locked for long by its writers, and need not be touched.
  if (connection.value(fmt::format("SELECT 1 FROM {}.job WHERE {}", kControlSchema, job_))) return;
  connection.execute(fmt::format(
      "INSERT INTO {}.job (job_id, plan_no, epoch) VALUES ({}, 0, 0) ON DUPLICATE KEY UPDATE job_id = job_id",
      kControlSchema, id_));
}

void ControlTables::takeControlRow(Connection& connection, const Fence& fence) const {
  const auto rows =
      connection.query(fmt::format("SELECT plan_no, epoch FROM {}.job WHERE {} FOR UPDATE", kControlSchema, job_));
  if (rows.size() != 1) throwFenced();
  const std::uint64_t plan = number(rows[0][0]), epoch = number(rows[0][1]);
  if (plan > fence.plan || (plan == fence.plan && epoch > fence.epoch)) throwFenced();
  if (plan < fence.plan) {
    const bool chunks =
        connection.value(fmt::format("SELECT 1 FROM {}.chunk WHERE {} LIMIT 1", kControlSchema, job_)).has_value();
    const bool mark =
        connection
            .value(fmt::format("SELECT 1 FROM {}.mark WHERE {} AND position_text <> '' LIMIT 1", kControlSchema, job_))
            .has_value();
    if (chunks || mark) throwFenced();
  }
  connection.execute(fmt::format("UPDATE {}.job SET plan_no = {}, epoch = {} WHERE {}", kControlSchema, fence.plan,
                                 fence.epoch, job_));
}

StoredMark ControlTables::takeMarks(Connection& connection, const Fence& fence) const {
  connection.execute(
      fmt::format("INSERT INTO {}.mark (job_id, lane, applier, plan_no, epoch, sequence_no, position_text) "
                  "VALUES ({}, {}, 0, {}, {}, 0, '') ON DUPLICATE KEY UPDATE job_id = job_id",
                  kControlSchema, id_, kLane, fence.plan, fence.epoch));
  connection.execute(fmt::format("UPDATE {}.mark SET plan_no = {}, epoch = {} WHERE {} AND lane = {}", kControlSchema,
                                 fence.plan, fence.epoch, job_, kLane));
  const auto rows = connection.query(fmt::format(
      "SELECT position_text, sequence_no FROM {}.mark WHERE {} AND lane = {} FOR UPDATE", kControlSchema, job_, kLane));
  StoredMark furthest{{}, fence.epoch, 0};
  for (const auto& row : rows) {
    const std::uint64_t sequence = number(row.at(1));
    if (sequence >= furthest.sequence && sequence > 0) furthest = {{row.at(0).value_or("")}, fence.epoch, sequence};
  }
  return furthest;
}

StoredMark ControlTables::fence(Connection& connection, const Fence& fence, const std::string& session) const {
  createWithRow(connection);
  // An older session may hold the locks that we need, so what is known of them ends first. Once the control row carries
  // our numbers no older worker can register another; whoever slipped in between is ended then.
  const std::string older =
      fmt::format("{0} AND session_name <> {4} AND (plan_no < {1} OR (plan_no = {1} AND epoch < {2} AND scope = {3}))",
                  job_, fence.plan, fence.epoch, kControlScope, quoteText(session));
  const auto row = connection.query(fmt::format("SELECT plan_no, epoch FROM {}.job WHERE {}", kControlSchema, job_));
  if (!row.empty() &&
      (number(row[0][0]) > fence.plan || (number(row[0][0]) == fence.plan && number(row[0][1]) > fence.epoch)))
    throwFenced();
  endSessions(connection, older);
  inTransaction(connection, [&] { note(connection, fence, session, kControlScope); });  // see takeChunk()
  inTransaction(connection, [&] { takeControlRow(connection, fence); });
  endSessions(connection, older);
  StoredMark mark;
  inTransaction(connection, [&] {
    takeControlRow(connection, fence);
    mark = takeMarks(connection, fence);
  });
  return mark;
}

void ControlTables::fenceReset(Connection& connection, std::uint64_t epoch, const std::string& session) const {
  createWithRow(connection);
  const std::string older = fmt::format("{} AND session_name <> {} AND epoch < {}", job_, quoteText(session), epoch);
  const std::string row = fmt::format("SELECT epoch FROM {}.job WHERE {}", kControlSchema, job_);
  if (number(connection.value(row)) > epoch) throwFenced();
  endSessions(connection, older);  // they may hold the locks that we need
  inTransaction(connection, [&] {
    const auto found = connection.value(row + " FOR UPDATE");
    if (!found || number(found) > epoch) throwFenced();
    connection.execute(
        fmt::format("UPDATE {}.job SET plan_no = {}, epoch = {} WHERE {}", kControlSchema, kResetPlan, epoch, job_));
    note(connection, {0, epoch}, session, kControlScope);  // below every plan: the next one ends this session
  });
  endSessions(connection, older);
}

void ControlTables::registerSession(Connection& connection, const Fence& fence, const std::string& session) const {
  inTransaction(connection, [&] { note(connection, fence, session, kControlScope); });  // see takeChunk()
  inTransaction(connection, [&] {
    const auto ours =
        connection.value(fmt::format("SELECT 1 FROM {}.job WHERE {} AND plan_no = {} AND epoch = {} LOCK IN SHARE MODE",
                                     kControlSchema, job_, fence.plan, fence.epoch));
    if (!ours) throwFenced();
  });
}

void ControlTables::note(Connection& connection, const Fence& fence, const std::string& session,
                         std::int64_t scope) const {
  connection.execute(fmt::format(
      "INSERT INTO {}.session (job_id, session_name, scope, plan_no, epoch) VALUES ({}, {}, {}, {}, {}) "
      "ON DUPLICATE KEY UPDATE scope = {}, plan_no = {}, epoch = {}",
      kControlSchema, id_, quoteText(session), scope, fence.plan, fence.epoch, scope, fence.plan, fence.epoch));
}

void ControlTables::endSessions(Connection& connection, const std::string& condition) const {
  const auto rows = connection.query(fmt::format(
      "SELECT session_name, IS_USED_LOCK(session_name) FROM {}.session WHERE {}", kControlSchema, condition));
  std::string names;
  const auto forget = [&] {
    if (!names.empty())
      connection.execute(
          fmt::format("DELETE FROM {}.session WHERE {} AND session_name IN ({})", kControlSchema, job_, names));
    names.clear();
  };
  for (const auto& row : rows) {
    const std::string name = row[0].value_or("");
    if (row[1]) endHolder(connection, name);
    names += (names.empty() ? "" : ",") + quoteText(name);
    if (names.size() > kNameListBytes) forget();
  }
  forget();
}

std::vector<std::uint64_t> ControlTables::openMarks(Connection& connection, const Fence& fence,
                                                    std::size_t count) const {
  std::vector<std::uint64_t> sequences;
  inTransaction(connection, [&] {
    sequences.clear();
    const auto ours =
        connection.value(fmt::format("SELECT 1 FROM {}.job WHERE {} AND plan_no = {} AND epoch = {} LOCK IN SHARE MODE",
                                     kControlSchema, job_, fence.plan, fence.epoch));
    if (!ours) throwFenced();
    for (std::size_t applier = 0; applier < count; ++applier) {
      connection.execute(
          fmt::format("INSERT INTO {}.mark (job_id, lane, applier, plan_no, epoch, sequence_no, position_text) "
                      "VALUES ({}, {}, {}, {}, {}, 0, '') ON DUPLICATE KEY UPDATE job_id = job_id",
                      kControlSchema, id_, kLane, applier, fence.plan, fence.epoch));
      sequences.push_back(lockedMark(connection, fence, applier));
    }
  });
  return sequences;
}

std::string ControlTables::moveMark(const Fence& fence, std::size_t applier, const Position& position,
                                    std::uint64_t from, std::uint64_t to, std::string_view origins) const {
  return fmt::format(
      "UPDATE {}.mark SET position_text = {}, sequence_no = {}, origins = {} "
      "WHERE {} AND lane = {} AND applier = {} AND plan_no = {} AND epoch = {} AND sequence_no = {}",
      kControlSchema, quoteText(position.text), to, quoteText(origins), job_, kLane, applier, fence.plan, fence.epoch,
      from);
}

std::uint64_t ControlTables::lockedMark(Connection& connection, const Fence& fence, std::size_t applier) const {
  const auto rows = connection.query(fmt::format(
      "SELECT sequence_no FROM {}.mark WHERE {} AND lane = {} AND applier = {} AND plan_no = {} AND epoch = "
      "{} FOR UPDATE",
      kControlSchema, job_, kLane, applier, fence.plan, fence.epoch));
  if (rows.size() != 1) throwFenced();
  return number(rows[0][0]);
}

std::uint64_t ControlTables::furthestMark(Connection& connection) const {
  return number(connection.value(fmt::format("SELECT MAX(sequence_no) FROM {}.mark WHERE {}", kControlSchema, job_)));
}

std::optional<ChunkResult> ControlTables::takeChunk(Connection& connection, const Fence& fence,
                                                    std::uint32_t chunkNumber, const std::string& session) const {
  const std::string older =
      fmt::format("{0} AND session_name <> {4} AND scope = {1} AND (plan_no < {2} OR (plan_no = {2} AND epoch < {3}))",
                  job_, chunkNumber, fence.plan, fence.epoch, quoteText(session));
  endSessions(connection, older);
  // Before the first lock: a session that is lost without a word holds what it has locked until its successor ends it
  // by this name. Whoever is outdated already finds that out under the lock.
  inTransaction(connection, [&] { note(connection, fence, session, chunkNumber); });
  std::optional<ChunkResult> done;
  inTransaction(connection, [&] {
    const auto plan =
        connection.value(fmt::format("SELECT plan_no FROM {}.job WHERE {} LOCK IN SHARE MODE", kControlSchema, job_));
    if (!plan || number(plan) != fence.plan) throwFenced();
    connection.execute(fmt::format(
        "INSERT INTO {}.chunk (job_id, chunk_no, plan_no, epoch, passes, done) VALUES ({}, {}, {}, {}, 0, 0) "
        "ON DUPLICATE KEY UPDATE job_id = job_id",
        kControlSchema, id_, chunkNumber, fence.plan, fence.epoch));
    const auto rows =
        connection.query(fmt::format("SELECT plan_no, epoch FROM {}.chunk WHERE {} AND chunk_no = {} FOR UPDATE",
                                     kControlSchema, job_, chunkNumber));
    if (rows.size() != 1 || number(rows[0][0]) != fence.plan || number(rows[0][1]) > fence.epoch) throwFenced();
    done = chunk(connection, fence, chunkNumber);
    if (done) return;
    connection.execute(fmt::format("UPDATE {}.chunk SET epoch = {} WHERE {} AND chunk_no = {}", kControlSchema,
                                   fence.epoch, job_, chunkNumber));
    failpoint("chunk.locked");
  });
  endSessions(connection, older);
  return done;
}

void ControlTables::guardChunk(Connection& connection, const Fence& fence, std::uint32_t chunkNumber,
                               std::string_view origins) const {
  const auto plan =
      connection.value(fmt::format("SELECT plan_no FROM {}.job WHERE {} LOCK IN SHARE MODE", kControlSchema, job_));
  if (!plan || number(plan) != fence.plan) throwFenced();
  const auto outcome =
      connection.execute(fmt::format("UPDATE {}.chunk SET passes = passes + 1, origins = {} WHERE {} AND chunk_no = {} "
                                     "AND plan_no = {} AND epoch = {} "
                                     "AND done = 0",
                                     kControlSchema, quoteText(origins), job_, chunkNumber, fence.plan, fence.epoch));
  if (outcome.affected != 1) throwFenced();
}

void ControlTables::writeChunk(Connection& connection, const Fence& fence, const ChunkResult& result,
                               const std::string& session) const {
  const auto outcome = connection.execute(fmt::format(
      "UPDATE {}.chunk SET done = 1, low_text = {}, high_text = {}, row_total = {}, byte_total = {}, ended_at = {}, "
      "ended_in = {}, replaced = {} WHERE {} AND chunk_no = {} AND plan_no = {} AND epoch = {}",
      kControlSchema, quoteText(result.low.text), quoteText(result.high.text), result.rows, result.bytes,
      quoteText(packed(result.endedAt)), result.endedIn, result.replaced, job_, result.number, fence.plan,
      fence.epoch));
  if (outcome.affected != 1) throwFenced();
  connection.execute(
      fmt::format("DELETE FROM {}.session WHERE {} AND session_name = {}", kControlSchema, job_, quoteText(session)));
}

std::optional<ChunkResult> ControlTables::chunk(Connection& connection, const Fence& fence,
                                                std::uint32_t chunkNumber) const {
  const auto rows =
      connection.query(fmt::format("SELECT chunk_no, low_text, high_text, row_total, byte_total, ended_at, ended_in, "
                                   "replaced FROM {}.chunk WHERE {} AND chunk_no = {} "
                                   "AND plan_no = {} AND done = 1 FOR UPDATE",
                                   kControlSchema, job_, chunkNumber, fence.plan));
  if (rows.empty()) return std::nullopt;
  return resultOf(rows[0]);
}

std::vector<ChunkResult> ControlTables::chunks(Connection& connection) const {
  std::vector<ChunkResult> results;
  if (!hasControlTables(connection)) return results;
  const auto rows =
      connection.query(fmt::format("SELECT chunk_no, low_text, high_text, row_total, byte_total, ended_at, ended_in, "
                                   "replaced FROM {0}.chunk WHERE {1} AND done = 1 AND "
                                   "plan_no = (SELECT plan_no FROM {0}.job WHERE {1}) ORDER BY chunk_no",
                                   kControlSchema, job_));
  for (const auto& row : rows) results.push_back(resultOf(row));
  return results;
}

void ControlTables::noteMade(Connection& connection, const std::vector<TableName>& tables) const {
  std::string rows;
  for (const TableName& table : tables)
    rows +=
        fmt::format("{}({}, {}, {})", rows.empty() ? "" : ", ", id_, quoteText(table.database), quoteText(table.table));
  if (rows.empty()) return;
  connection.execute(
      fmt::format("INSERT INTO {}.made (job_id, db_name, table_name) VALUES {} ON DUPLICATE KEY UPDATE job_id = job_id",
                  kControlSchema, rows));
}

std::string ControlTables::forgetMadeStatement(const std::vector<TableName>& tables) const {
  std::string names;
  for (const TableName& table : tables)
    names += fmt::format("{}({}, {})", names.empty() ? "" : ", ", quoteText(table.database), quoteText(table.table));
  if (names.empty()) return {};
  return fmt::format("DELETE FROM {}.made WHERE {} AND (db_name, table_name) IN ({})", kControlSchema, job_, names);
}

void ControlTables::forgetMade(Connection& connection, const std::vector<TableName>& tables) const {
  if (const std::string sql = forgetMadeStatement(tables); !sql.empty()) connection.execute(sql);
}

std::set<TableName> ControlTables::made(Connection& connection) const {
  std::set<TableName> tables;
  for (const auto& row :
       connection.query(fmt::format("SELECT db_name, table_name FROM {}.made WHERE {}", kControlSchema, job_)))
    tables.insert({row.at(0).value_or(""), row.at(1).value_or("")});
  return tables;
}

void ControlTables::forgetProgress(Connection& connection, const std::string& session) const {
  if (!hasControlTables(connection)) return;
  const std::string others = fmt::format("{} AND session_name <> {}", job_, quoteText(session));
  // The control row goes first: without it nobody can register, so that the sessions found after it are all there are.
  endSessions(connection, others);
  inTransaction(connection,
                [&] { connection.execute(fmt::format("DELETE FROM {}.job WHERE {}", kControlSchema, job_)); });
  endSessions(connection, others);
  inTransaction(connection, [&] {
    connection.execute(fmt::format("DELETE FROM {}.mark WHERE {}", kControlSchema, job_));
    connection.execute(fmt::format("DELETE FROM {}.chunk WHERE {}", kControlSchema, job_));
    connection.execute(fmt::format("DELETE FROM {}.conflict WHERE {}", kControlSchema, job_));
    connection.execute(fmt::format("DELETE FROM {}.ddl WHERE {}", kControlSchema, job_));
    connection.execute(fmt::format("DELETE FROM {}.definition WHERE {}", kControlSchema, job_));
    connection.execute(
        fmt::format("DELETE FROM {}.session WHERE {} AND session_name = {}", kControlSchema, job_, quoteText(session)));
  });
}

std::string ControlTables::forgetJob(Connection& connection) const {
  const NamedLock setup(connection, kSetupLock, kSetupLockSeconds);
  const auto schema = connection.value(
      fmt::format("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{}'", kControlSchema));
  if (!schema) return {};
  create(connection);  // somebody was killed half-way
  forgetProgress(connection);
  const std::string left = ReadOnlyNotes(jobId_).release(connection);  // behind our sessions: they write until here
  connection.execute(fmt::format("DELETE FROM {}.made WHERE {}", kControlSchema, job_));
  connection.execute(fmt::format("DELETE FROM {}.made_object WHERE {}", kControlSchema, job_));
  connection.execute("DROP TABLE IF EXISTS " + quoteName(renameFlag(jobId_)) + ", " +
                     quoteName(raisedRenameFlag(jobId_)));
  connection.execute(fmt::format("DELETE FROM {}.direction WHERE {}", kControlSchema, job_));
  forgetHeartbeat(connection, jobId_);  // the server was the source before a switchover
  dropUnusedControlSchema(connection);
  return left;
}

/// A server of a two-way group keeps its identity, and with it the schema: the logs of others name it.
void dropUnusedControlSchema(Connection& connection) {
  const auto tables = connection.query(
      fmt::format("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}'", kControlSchema));
  for (const auto& row : tables) {
    const TableName table{std::string(kControlSchema), row.at(0).value_or("")};
    if (connection.value("SELECT 1 FROM " + quoteName(table) + " LIMIT 1")) return;
  }
  connection.execute(fmt::format("DROP DATABASE IF EXISTS {}", kControlSchema));
}

}  // namespace drs::mysql
