#include "api/call.h"
#include "api/encode_job.h"
#include "api/json_io.h"
#include "api/query.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

// GET …/dirty-data: changes that did not fit the rows of the target.

namespace drs::api {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kFullPhase[] = {"FULL_TRANSFER"};
constexpr UnixMillis kRestOfSecond = 999;

std::string backQuoted(std::string_view name) {
  std::string out = "`";
  for (const char c : name) out.append(c == '`' ? 2 : 1, c);
  return out += '`';
}

/// "`a`=1, `b`='x'" of an image (ConflictRow), values as "?" if they are to be left out.
std::string assignments(const std::string& image, std::string_view separator, bool anonymous) {
  std::string out;
  const auto members = ordered_json::parse(image, nullptr, false);
  for (const auto& [name, value] : members.items()) {
    if (!value.is_string()) continue;
    if (!out.empty()) out += separator;
    if (name == "…")
      out += fmt::format("/* {} */", value.get<std::string>());
    else
      out += backQuoted(name) + "=" + (anonymous ? "?" : value.get<std::string>());
  }
  return out;
}

/// The change as a statement, for reading: long values are cut.
std::string statementOf(const ConflictRow& row, bool anonymous) {
  const std::string table = backQuoted(row.database) + "." + backQuoted(row.table);
  const std::string where = row.before.empty() ? "" : " WHERE " + assignments(row.before, " AND ", anonymous);
  if (row.after.empty()) return "DELETE FROM " + table + where;
  const std::string set = " SET " + assignments(row.after, ", ", anonymous);
  return (row.before.empty() ? "INSERT INTO " : "UPDATE ") + table + set + where;
}

/// What happened, without a value.
std::string causeOf(const std::string& kind) {
  static const std::map<std::string, std::string, std::less<>> kCauses = {
      {"insert_found", "a row to be inserted, or one with the same unique values, was there"},
      {"update_missing", "a row to be updated was not there"},
      {"update_found", "another row had the unique values of an update"},
      {"delete_missing", "a row to be deleted was not there"},
      {"insert_refused", "the target refused an insert"},
      {"update_refused", "the target refused an update"},
      {"delete_refused", "the target refused a delete"},
  };
  const auto found = kCauses.find(kind);
  return found == kCauses.end() ? kind : found->second;
}

std::string messageOf(const ConflictRow& row, bool anonymous) {
  std::string out = causeOf(row.kind);
  out += row.kept ? "; the rows of the target were kept"
                  : fmt::format("; overwritten, {} rows of the target gave way", row.gaveWay);
  out += "; transaction " + row.transaction;
  if (!anonymous) out += "; key " + row.key + ": " + row.detail;
  return out;
}

ordered_json encode(const ConflictRow& row, bool anonymous) {
  return {{"db_name", row.database},           {"schema_name", ""},  // these databases have none
          {"table_name", row.table},           {"error_sql", statementOf(row, anonymous)},
          {"error_time", isoTime(row.millis)}, {"error_msg", messageOf(row, anonymous)}};
}

}  // namespace

http::Response listDirtyData(const Call& call) {
  const bool anonymous = queryFlag(call.request, "anonymize_mode");
  const auto begin = queryTime(call.request, "begin_time");
  const auto end = queryTime(call.request, "end_time");
  ConflictFilter filter{begin.value_or(0), end ? *end + kRestOfSecond : 0, pagingOf(call.request)};
  const bool isFull = queryChoice(call.request, "task_mode", kFullPhase).has_value();
  Page<ConflictRow> page = call.jobs().conflicts(call.actor, call.jobId(), filter);
  if (isFull) page = {};  // the full phase begins with empty tables: nothing can be kept there
  ordered_json list = ordered_json::array();
  for (const ConflictRow& row : page.items) list.push_back(encode(row, anonymous));
  return jsonResponse({{"count", page.total}, {"dirty_data_list", std::move(list)}});
}

}  // namespace drs::api
