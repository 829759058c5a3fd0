#include "api/call.h"
#include "api/encode_job.h"
#include "api/json_io.h"
#include "api/query.h"
#include "model/utf8.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

// GET …/progress-data/{type}: progress for each object (v5-endpoints.md 2.14).

namespace drs::api {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kProgressTypes[] = {"table",        "database",  "table_structure",
                                               "table_indexs",  // (sic)
                                               "event",        "procedure", "view",
                                               "function",     "trigger",   "account",
                                               "role"};
constexpr std::int64_t kReadAtOnce = 1000;

std::string timeWithMillis(UnixMillis millis) {
  std::string text = isoTime(millis);
  text.insert(text.size() - 1, fmt::format(".{:03}", millis % 1000));
  return text;
}

ordered_json encodeTable(const TableRecord& table, int percent) {
  return {{"src_db", table.sourceDatabase},
          {"src_tb", table.sourceTable},
          {"dst_db", table.targetDatabase},
          {"dst_tb", table.targetTable},
          {"progress", percent}};
}

ordered_json encodeObject(const ObjectPlan& object) {
  return {{"src_db", object.source.database},
          {"src_tb", object.source.table},
          {"dst_db", object.target.database},
          {"dst_tb", object.target.table},
          {"progress", object.done ? 100 : 0}};
}

struct Rows {
  std::int64_t count = 0;
  ordered_json list = ordered_json::array();
};

/// Structures are made in one step for all tables, so each table stands where the step stands.
Rows tables(const Call& call, const std::string& type, const std::string& search) {
  std::optional<int> step;
  if (type == "table_structure") step = call.jobs().progress(call.actor, call.jobId()).structPercent;
  const Page<TableProgress> page = call.jobs().tableProgress(call.actor, call.jobId(), search, pagingOf(call.request));
  Rows out;
  out.count = page.total;
  for (const TableProgress& one : page.items) {
    const int own = type == "table_indexs" ? one.indexPercent : one.percent;
    out.list.push_back(encodeTable(one.table, step.value_or(own)));
  }
  return out;
}

/// Tables weigh by their bytes; one without any is either copied or not.
struct Database {
  std::uint64_t bytes = 0, expected = 0;
  bool complete = true;

  void add(const TableProgress& table) {
    bytes += table.table.bytes;
    expected += table.bytesExpected;
    complete = complete && table.percent == 100;
  }
  [[nodiscard]] int percent() const {
    if (complete) return 100;
    return expected == 0 ? 0 : static_cast<int>(std::min<std::uint64_t>(99, bytes * 100 / expected));
  }
};

Rows databases(const Call& call, const std::string& search) {
  std::map<std::pair<std::string, std::string>, Database> found;
  Paging all{0, kReadAtOnce};
  for (std::int64_t total = 1; all.offset < total; all.offset += kReadAtOnce) {
    const Page<TableProgress> page = call.jobs().tableProgress(call.actor, call.jobId(), "", all);
    total = page.total;
    for (const TableProgress& one : page.items) found[{one.table.sourceDatabase, one.table.targetDatabase}].add(one);
  }
  std::vector<ordered_json> rows;
  for (const auto& [names, database] : found) {
    if (names.first.find(search) == std::string::npos && names.second.find(search) == std::string::npos) continue;
    rows.push_back({{"src_db", names.first}, {"dst_db", names.second}, {"progress", database.percent()}});
  }
  Rows out;
  out.count = static_cast<std::int64_t>(rows.size());
  for (const ordered_json& row : sliceOf(rows, pagingOf(call.request))) out.list.push_back(row);
  return out;
}

Rows objects(const Call& call, ObjectKind kind, const std::string& search) {
  const Page<ObjectPlan> page =
      call.jobs().objectProgress(call.actor, call.jobId(), kind, search, pagingOf(call.request));
  Rows out;
  out.count = page.total;
  for (const ObjectPlan& object : page.items) out.list.push_back(encodeObject(object));
  return out;
}

Rows rowsOf(const Call& call, const std::string& type, const std::string& search) {
  if (type == "database") return databases(call, search);
  for (const ObjectKind kind : kObjectKinds)
    if (toText(kind) == type) return objects(call, kind, search);
  return tables(call, type, search);
}

}  // namespace

http::Response showProgressData(const Call& call) {
  const std::string& type = call.path.at("type");
  if (std::find(std::begin(kProgressTypes), std::end(kProgressTypes), type) == std::end(kProgressTypes))
    throw Error(Msg::valueNotAllowed, {"type", shortened(type, kShownCharacters), listed(kProgressTypes)},
                Origin::request);
  const std::string search = queryText(call.request, "search_name").value_or("");
  Rows rows = rowsOf(call, type, search);
  return jsonResponse({{"count", rows.count},
                       {"create_time", timeWithMillis(call.api.clock->now())},
                       {"flow_compare_data", std::move(rows.list)}});
}

}  // namespace drs::api
