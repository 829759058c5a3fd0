#include "api/call.h"
#include "api/encode_compare.h"
#include "api/json_io.h"
#include "api/query.h"

#include <nlohmann/json.hpp>

#include <algorithm>

// GET /jobs/{job_id}?type=compare (v5-endpoints.md 2.15).

namespace drs::api {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kCompareTypes[] = {"data_compare", "line_compare", "content_compare"};

/// One page of a list under its name in compare_result.
struct Listing {
  const char* member;
  ordered_json rows = ordered_json::array();
  std::int64_t total = 0;
};

template <typename T, typename Encode>
Listing listing(const char* member, const std::vector<T>& rows, const Paging& paging, const Encode& encode) {
  Listing out{member, ordered_json::array(), static_cast<std::int64_t>(rows.size())};
  for (const T& row : sliceOf(rows, paging)) out.rows.push_back(encode(row));
  return out;
}

Listing taskList(const Call& call) {
  const Page<CompareRecord> page = call.jobs().comparisons(call.actor, call.jobId(), pagingOf(call.request));
  Listing out{"data_compare_task_list", ordered_json::array(), page.total};
  for (const CompareRecord& comparison : page.items) out.rows.push_back(encodeComparison(comparison));
  return out;
}

/// The tables that the query asks for: by database, by table, compared or not.
std::vector<CompareTableRecord> selectTables(const http::Request& request, std::vector<CompareTableRecord> tables) {
  static constexpr std::string_view kDetailKinds[] = {"compare", "uncompare"};
  const auto keep = [&](const char* name, std::string CompareTableRecord::* member) {
    if (const auto wanted = queryText(request, name))
      std::erase_if(tables, [&](const auto& table) { return table.*member != *wanted; });
  };
  keep("source_db_name", &CompareTableRecord::sourceDatabase);
  keep("target_db_name", &CompareTableRecord::targetDatabase);
  keep("source_table_name", &CompareTableRecord::sourceTable);
  if (const auto kind = queryChoice(request, "compare_detail_type", kDetailKinds)) {
    std::erase_if(tables, [&](const CompareTableRecord& table) {
      const bool compared = table.result == CompareResult::consistent || table.result == CompareResult::inconsistent;
      return compared != (kind == "compare");
    });
  }
  return tables;
}

Listing lineCompare(const http::Request& request, const std::string& queryType, const CompareResults& results) {
  const Paging paging = pagingOf(request);
  if (queryType == "overview")
    return listing("line_compare_overview_infos", summarise(results.tables), paging, encodeLineOverview);
  return listing("line_compare_detail_infos", selectTables(request, results.tables), paging, encodeLineDetail);
}

Listing contentCompare(const http::Request& request, const std::string& queryType, const CompareResults& results) {
  const Paging paging = pagingOf(request);
  if (queryType == "overview") {
    return listing("content_compare_overview_infos", summarise(results.tables), paging,
                   [&](const auto& database) { return encodeContentOverview(database, results.comparison.state); });
  }
  const auto tables = selectTables(request, results.tables);
  if (queryType == "detail") return listing("content_compare_detail_infos", tables, paging, encodeContentDetail);
  Listing out{"content_diff_detail_info", encodeDifferences(tables, paging), 0};
  out.total = out.rows["count"].get<std::int64_t>();
  return out;
}

Listing read(const Call& call) {
  static constexpr std::string_view kList[] = {"list"};
  static constexpr std::string_view kLines[] = {"overview", "detail"};
  static constexpr std::string_view kContents[] = {"overview", "detail", "diff"};
  const std::string compareType = requiredQueryChoice(call.request, "compare_type", kCompareTypes);
  if (compareType == "data_compare") {
    (void)requiredQueryChoice(call.request, "query_type", kList);
    return taskList(call);
  }
  const bool lines = compareType == "line_compare";
  const auto allowed = lines ? std::span<const std::string_view>(kLines) : std::span<const std::string_view>(kContents);
  const std::string queryType = requiredQueryChoice(call.request, "query_type", allowed);
  const CompareResults results =
      call.jobs().compareResults(call.actor, call.jobId(), requiredQuery(call.request, "compare_task_id"));
  if (lines) return lineCompare(call.request, queryType, results);
  if (results.comparison.type != CompareType::contents)  // it looked at counts only: nothing is known of the rows
    throw Error(Msg::valueNotAllowed, {"compare_type", compareType, "line_compare for a comparison of type lines"},
                Origin::request);
  return contentCompare(call.request, queryType, results);
}

}  // namespace

http::Response showCompare(const Call& call) {
  const JobRecord job = call.jobs().job(call.actor, call.jobId());
  Listing found = read(call);
  return jsonResponse({{"job",
                        {{"id", job.id},
                         {"status", job.status},
                         {"total_count", found.total},
                         {"compare_result", {{found.member, std::move(found.rows)}}}}}});
}

}  // namespace drs::api
