#include "api/encode_compare.h"

#include "api/encode_job.h"
#include "api/query.h"

#include <nlohmann/json.hpp>

#include <map>

namespace drs::api {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

bool isOpen(CompareResult result) {
  return result == CompareResult::waiting || result == CompareResult::comparing;
}

/// Which of two results speaks for both.
int weight(CompareResult result) {
  switch (result) {
    case CompareResult::comparing:
      return 4;
    case CompareResult::waiting:
      return 3;
    case CompareResult::failed:
      return 2;
    case CompareResult::inconsistent:
      return 1;
    case CompareResult::consistent:
      return 0;
  }
  return 4;
}

CompareResult linesOf(const CompareTableRecord& table) {
  if (isOpen(table.result) || table.result == CompareResult::failed) return table.result;
  return table.sourceRows == table.targetRows ? CompareResult::consistent : CompareResult::inconsistent;
}

CompareResult heavier(CompareResult a, CompareResult b) {
  // Some tables done, others not begun: the database is being compared.
  if ((a == CompareResult::waiting) != (b == CompareResult::waiting)) return CompareResult::comparing;
  return weight(a) >= weight(b) ? a : b;
}

std::uint64_t distance(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : b - a;
}

std::string timeText(UnixMillis millis) {
  return millis == 0 ? std::string() : isoTime(millis);
}

/// One listed row. `kind` says on which side it is missing.
ordered_json encodeRow(const CompareTableRecord& table, const json& row) {
  const std::string kind = row.value("kind", "different");
  const json key = row.value("key", json::array());
  ordered_json out = {{"source_table_name", table.sourceDatabase + "." + table.sourceTable},
                      {"target_table_name", table.targetDatabase + "." + table.targetTable},
                      {"source_key_value", kind == "missing_in_source" ? json::array() : key},
                      {"target_key_value", kind == "missing_in_target" ? json::array() : key}};
  if (kind == "different") out["different_columns"] = row.value("columns", json::array());
  return out;
}

}  // namespace

ordered_json encodeComparison(const CompareRecord& comparison) {
  ordered_json out = {{"id", comparison.id},
                      {"type", toText(comparison.type)},
                      {"start_time", timeText(comparison.startMillis)},
                      {"end_time", timeText(comparison.endMillis)},
                      {"status", toText(comparison.state)},
                      {"compute_type", "drs"}};
  if (const json options = json::parse(comparison.options, nullptr, false); options.is_object() && !options.empty())
    out["options"] = options;
  out["error_msg"] = comparison.error;
  return out;
}

std::vector<ComparedDatabase> summarise(std::span<const CompareTableRecord> tables) {
  std::map<std::pair<std::string, std::string>, ComparedDatabase> found;
  for (const CompareTableRecord& table : tables) {
    const auto [at, isNew] = found.try_emplace({table.sourceDatabase, table.targetDatabase});
    ComparedDatabase& database = at->second;
    if (isNew) database = {table.sourceDatabase, table.targetDatabase, linesOf(table), table.result};
    database.lines = heavier(database.lines, linesOf(table));
    database.contents = heavier(database.contents, table.result);
  }
  std::vector<ComparedDatabase> out;
  out.reserve(found.size());
  for (auto& [names, database] : found) out.push_back(std::move(database));
  return out;
}

ordered_json encodeLineOverview(const ComparedDatabase& database) {
  return {{"source_db_name", database.source}, {"target_db_name", database.target}, {"status", toText(database.lines)}};
}

ordered_json encodeContentOverview(const ComparedDatabase& database, CompareState state) {
  const bool cancelled = state == CompareState::cancelled && isOpen(database.contents);
  return {{"source_db", database.source},
          {"target_db", database.target},
          {"status", cancelled ? "CANCELED" : toText(database.contents)},
          {"compare_result", database.contents == CompareResult::consistent}};
}

ordered_json encodeLineDetail(const CompareTableRecord& table) {
  return {{"source_table_name", table.sourceTable},
          {"source_row_num", std::to_string(table.sourceRows)},
          {"target_table_name", table.targetTable},
          {"target_row_num", std::to_string(table.targetRows)},
          {"difference_row_num", std::to_string(distance(table.sourceRows, table.targetRows))},
          {"status", toText(linesOf(table))},
          {"message", table.error}};
}

ordered_json encodeContentDetail(const CompareTableRecord& table) {
  return {{"source_db", table.sourceDatabase},
          {"target_db", table.targetDatabase},
          {"source_table_name", table.sourceTable},
          {"target_table_name", table.targetTable},
          {"source_row_num", table.sourceRows},
          {"target_row_num", table.targetRows},
          {"difference_row_num", table.differences},
          {"line_compare_result", linesOf(table) == CompareResult::consistent},
          {"content_compare_result", table.result == CompareResult::consistent},
          {"message", table.error}};
}

ordered_json encodeDifferences(std::span<const CompareTableRecord> tables, const Paging& paging) {
  std::vector<ordered_json> rows;
  std::uint64_t count = 0;
  for (const CompareTableRecord& table : tables) {
    count += table.differences;
    const json listed = json::parse(table.listed, nullptr, false);
    if (!listed.is_array()) throw Error(Msg::storeDamaged, {"listed differences of comparison " + table.compareId});
    for (const json& row : listed) rows.push_back(encodeRow(table, row));
  }
  const auto slice = sliceOf(rows, paging);
  return {{"count", count}, {"contents_infos", std::vector<ordered_json>(slice.begin(), slice.end())}};
}

}  // namespace drs::api
