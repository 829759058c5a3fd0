#include "engine/mysql/statement_records.h"

#include "base/error.h"
#include "transform/plan_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace drs::mysql {
namespace {

constexpr std::array<std::string_view, 5> kStates{"intent", "failed", "done", "filtered", "skipped"};

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

}  // namespace

std::string_view toText(StatementState state) {
  return kStates.at(static_cast<std::size_t>(state));
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
