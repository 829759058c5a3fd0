#include "engine/mysql/statement_records.h"

#include "base/error.h"
#include "model/utf8.h"
#include "transform/plan_json.h"
#include "wire/mysql/sql_statement.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace drs::mysql {
namespace {

constexpr std::array<std::string_view, 6> kStates{"intent", "failed", "done", "filtered", "skipped", "replaced"};

StatementState stateOf(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (kStates[i] == text) return static_cast<StatementState>(i);
  throw Error(Msg::internal, {"a control row holds an unknown state"}, Origin::target);
}

/// Any bytes: statements are in the character set of the source's session.
std::string hex(std::string_view bytes) {
  if (bytes.empty()) return "''";
  std::string out = "0x";
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

constexpr std::size_t kRecordedBytes = 64U << 10U;  // of a statement
constexpr std::size_t kListedCharacters = 8'000;    // of a reason

/// As the list of statements says it.
std::string_view wordOf(StatementState state) {
  if (state == StatementState::intent) return "applying";
  if (state == StatementState::done) return "applied";
  return toText(state);
}

std::string_view wordOf(StatementKind kind) {
  switch (kind) {
    case StatementKind::createTable:
      return "CREATE TABLE";
    case StatementKind::alterTable:
      return "ALTER TABLE";
    case StatementKind::dropTable:
      return "DROP TABLE";
    case StatementKind::renameTable:
      return "RENAME TABLE";
    case StatementKind::createDatabase:
      return "CREATE DATABASE";
    case StatementKind::alterDatabase:
      return "ALTER DATABASE";
    case StatementKind::dropDatabase:
      return "DROP DATABASE";
    default:
      return "OTHER";
  }
}

template <typename T>
T columnAs(const std::optional<std::string>& text) {
  T value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

std::string_view toText(StatementState state) {
  return kStates.at(static_cast<std::size_t>(state));
}

TableName renameFlag(std::string_view jobId) {
  return {std::string(kControlSchema), "rename_" + std::string(jobId.substr(0, 40))};
}

TableName raisedRenameFlag(std::string_view jobId) {
  TableName flag = renameFlag(jobId);
  flag.table += "_done";
  return flag;
}

StatementRecords::StatementRecords(std::string_view jobId)
    : job_("job_id = " + quoteText(jobId)), id_(quoteText(jobId)) {}

std::optional<StatementRecord> StatementRecords::find(Connection& connection, const std::string& group) const {
  const auto rows = connection.query(
      fmt::format("SELECT position_text, state, committed_at, statement, before_text, result FROM {}.ddl WHERE {} AND "
                  "group_id = {}",
                  kControlSchema, job_, quoteText(group)));
  if (rows.empty()) return std::nullopt;
  const auto text = [&](std::size_t i) { return rows[0].at(i).value_or(""); };
  StatementRecord record{group, {text(0)}, stateOf(text(1)), 0, text(3), text(4), text(5)};
  const std::string committed = text(2);
  std::from_chars(committed.data(), committed.data() + committed.size(), record.committed);
  return record;
}

DefinitionChanges StatementRecords::definitions(Connection& connection) const {
  DefinitionChanges changes;
  for (const auto& row : connection.query(
           fmt::format("SELECT kind, db_name, table_name, definition FROM {}.definition WHERE {} ORDER BY db_name, "
                       "table_name",
                       kControlSchema, job_))) {
    const std::string database = row.at(1).value_or("");
    if (row.at(0) == "database") {
      changes.collations[database] = row.at(3).value_or("");
      continue;
    }
    DefinitionChange& change = changes.tables.emplace_back();
    change.source = {database, row.at(2).value_or("")};
    if (!row.at(3)) continue;
    try {
      change.plan = toTablePlan(nlohmann::json::parse(*row.at(3)));
    } catch (const nlohmann::json::exception& e) {
      throw Error(Msg::internal, {"a definition in the control tables is not readable"}, Origin::target, e.what());
    }
  }
  return changes;
}

std::vector<StatementRow> StatementRecords::list(Connection& connection, std::uint64_t after, std::size_t most) const {
  std::vector<StatementRow> out;
  for (const auto& row : connection.query(fmt::format(
           "SELECT seq_no, group_id, position_text, committed_at, recorded_at, state, SUBSTRING(statement, 1, {}), "
           "SHA2(statement, 256), result FROM {}.ddl WHERE {} AND seq_no > {} ORDER BY seq_no LIMIT {}",
           kRecordedBytes, kControlSchema, job_, after, most))) {
    const auto text = [&](std::size_t i) { return row.at(i).value_or(""); };
    StatementRow& statement = out.emplace_back();
    statement.number = columnAs<std::uint64_t>(row.at(0));
    statement.transaction = text(1);
    statement.position = text(2);
    statement.committed = columnAs<UnixMillis>(row.at(3));
    statement.recorded = columnAs<UnixMillis>(row.at(4));
    statement.kind = wordOf(recognize(text(6), {}).kind);
    statement.state = wordOf(stateOf(text(5)));
    statement.sql = shortened(text(6), kRecordedBytes);
    statement.fingerprint = text(7);
    statement.reason = shortened(text(8), kListedCharacters);
  }
  return out;
}

std::string StatementRecords::fingerprint(Connection& connection, const std::string& sql) {
  return connection.value(fmt::format("SELECT SHA2({}, 256)", hex(sql))).value_or("");
}

std::string StatementRecords::write(const StatementRecord& record) const {
  const std::string changing =
      fmt::format("state = {}, before_text = {}, result = {}, position_text = {}", quoteText(toText(record.state)),
                  quoteText(record.before), hex(record.result), quoteText(record.end.text));
  return fmt::format(
      "INSERT INTO {}.ddl SET job_id = {}, group_id = {}, committed_at = {}, statement = {}, recorded_at = "
      "FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000), {} ON DUPLICATE KEY UPDATE {}",
      kControlSchema, id_, quoteText(record.group), record.committed, hex(record.sql), changing, changing);
}

std::string StatementRecords::write(const DefinitionChange& change) const {
  return fmt::format(
      "REPLACE INTO {}.definition SET job_id = {}, kind = 'table', db_name = {}, table_name = {}, "
      "definition = {}",
      kControlSchema, id_, quoteText(change.source.database), quoteText(change.source.table),
      change.plan ? quoteText(fromTablePlan(*change.plan).dump()) : "NULL");
}

std::string StatementRecords::writeCollation(const std::string& database, const std::string& collation) const {
  return fmt::format(
      "REPLACE INTO {}.definition SET job_id = {}, kind = 'database', db_name = {}, table_name = '', "
      "definition = {}",
      kControlSchema, id_, quoteText(database), quoteText(collation));
}

}  // namespace drs::mysql
