#include "drsctl/commands.h"
#include "drsctl/text.h"

#include <nlohmann/json.hpp>

#include <ostream>

namespace drs::ctl {
namespace {

using nlohmann::json;

constexpr int kMostBusyPolls = 1200;  // ten minutes

Query compareQuery(const std::string& type, const std::string& queryType, const std::string& compareId) {
  return {{"compare_type", type}, {"query_type", queryType}, {"compare_task_id", compareId}};
}

json resultOf(Api& api, const std::string& job, Query query) {
  return api.detail(job, "compare", std::move(query)).value("compare_result", json::object());
}

/// A full copy is compared by itself when it is complete; a job has one comparison at a time.
json startCompare(Api& api, Screen& screen, const std::string& job) {
  for (int polls = 0;; ++polls) {
    try {
      return api.action(job, "create_compare", {{"compare_task_param", {{"type", "contents"}}}});
    } catch (const Failure& failure) {
      const bool busy = std::string_view(failure.what()).find("DRS.10000024") != std::string_view::npos;
      if (!busy || polls == kMostBusyPolls) throw;
    }
    screen.sleep(kPoll);
  }
}

/// "comparing: 3 of 12 tables", drawn over itself.
void drawProgress(Api& api, Screen& screen, const std::string& job, const std::string& compareId) {
  const auto count = [&](Query more) {
    Query query = compareQuery("content_compare", "detail", compareId);
    query.emplace_back("limit", "1");
    query.insert(query.end(), more.begin(), more.end());
    return textOf(api.detail(job, "compare", std::move(query)), "total_count");
  };
  screen.out << "\r\x1b[2Kcomparing: " << printable(count({{"compare_detail_type", "compare"}})) << " of "
             << printable(count({})) << " tables" << std::flush;
}

/// The element of the list of comparisons.
json findTask(Api& api, const std::string& job, const std::string& compareId) {
  const json list = resultOf(api, job, {{"compare_type", "data_compare"}, {"query_type", "list"}, {"limit", "1000"}})
                        .value("data_compare_task_list", json::array());
  for (const json& one : list) {
    if (textOf(one, "id") == compareId) return one;
  }
  throw Failure(Exit::failed, "The comparison " + compareId + " is gone");
}

/// Waits for the end; returns the element of the list of comparisons.
json waitForEnd(Api& api, Screen& screen, const std::string& job, const std::string& compareId) {
  const bool draws = screen.isTerminal && !screen.json;
  while (true) {
    json task = findTask(api, job, compareId);
    const std::string status = textOf(task, "status");
    if (status != "RUNNING" && status != "WAITING_FOR_RUNNING") {
      if (draws) screen.out << "\r\x1b[2K";
      return task;
    }
    if (draws) drawProgress(api, screen, job, compareId);
    screen.sleep(kPoll);
  }
}

json allTables(Api& api, const std::string& job, const std::string& compareId) {
  constexpr std::size_t kMostRows = 1000;
  json tables = json::array();
  while (true) {
    Query query = compareQuery("content_compare", "detail", compareId);
    query.emplace_back("limit", std::to_string(kMostRows));
    query.emplace_back("offset", std::to_string(tables.size()));
    const json page = resultOf(api, job, query).value("content_compare_detail_infos", json::array());
    tables.insert(tables.end(), page.begin(), page.end());
    if (page.size() < kMostRows) return tables;
  }
}

json differencesOf(Api& api, const std::string& job, const std::string& compareId, const json& table, int most) {
  Query query = compareQuery("content_compare", "diff", compareId);
  query.emplace_back("source_db_name", textOf(table, "source_db"));
  query.emplace_back("target_db_name", textOf(table, "target_db"));
  query.emplace_back("source_table_name", textOf(table, "source_table_name"));
  query.emplace_back("limit", std::to_string(most));
  return resultOf(api, job, query)
      .value("content_diff_detail_info", json::object())
      .value("contents_infos", json::array());
}

std::string joined(const json& texts) {
  std::string out;
  for (const json& text : texts)
    out += (out.empty() ? "" : ", ") + (text.is_string() ? text.get<std::string>() : text.dump());
  return out;
}

std::string rowText(const json& row) {
  const json source = row.value("source_key_value", json::array());
  const json target = row.value("target_key_value", json::array());
  if (target.empty()) return "missing in the target: " + joined(source);
  if (source.empty()) return "missing in the source: " + joined(target);
  std::string out = "different: " + joined(source);
  if (const std::string columns = joined(row.value("different_columns", json::array())); !columns.empty())
    out += "  (" + columns + ")";
  return out;
}

enum class Verdict { equal, differs, failed };

Verdict verdictOf(const json& table) {
  if (!textOf(table, "message").empty()) return Verdict::failed;
  return table.value("content_compare_result", false) ? Verdict::equal : Verdict::differs;
}

std::vector<std::string> tableRow(const json& table) {
  std::string verdict = "equal";
  if (verdictOf(table) == Verdict::failed) verdict = "not compared: " + textOf(table, "message");
  if (verdictOf(table) == Verdict::differs) verdict = textOf(table, "difference_row_num") + " rows differ";
  return {textOf(table, "source_db") + "." + textOf(table, "source_table_name"), textOf(table, "source_row_num"),
          textOf(table, "target_db") + "." + textOf(table, "target_table_name"), textOf(table, "target_row_num"),
          verdict};
}

void print(Screen& screen, const json& task, const json& tables, std::size_t differing, std::size_t failed) {
  if (screen.json) {
    screen.out << jsonText({{"comparison", task},
                            {"tables", tables},
                            {"differing_tables", differing},
                            {"failed_tables", failed}})
               << '\n';
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& one : tables) rows.push_back(tableRow(one));
  screen.out << table({"SOURCE", "ROWS", "TARGET", "ROWS", "RESULT"}, rows);
  for (const json& one : tables) {
    if (!one.contains("differences")) continue;
    screen.out << printable(tableRow(one)[0]) << ":\n";
    for (const json& row : one["differences"]) screen.out << "  " << printable(rowText(row)) << '\n';
  }
  screen.out << tables.size() << " tables compared: " << differing << " differ";
  if (failed > 0) screen.out << ", " << failed << " could not be compared";
  screen.out << '\n';
  if (const std::string error = textOf(task, "error_msg"); !error.empty()) screen.out << printable(error) << '\n';
}

}  // namespace

Exit compareJob(const Options& options, Api& api, Screen& screen) {
  const std::string job = api.jobId(options.jobs.front());
  const json started = startCompare(api, screen, job);
  const std::string compareId = textOf(started, "query_id");
  const json task = waitForEnd(api, screen, job, compareId);
  json tables = allTables(api, job, compareId);
  std::size_t differing = 0;
  std::size_t failed = 0;
  for (json& one : tables) {
    const Verdict verdict = verdictOf(one);
    if (verdict == Verdict::failed) ++failed;
    if (verdict != Verdict::differs) continue;
    ++differing;
    one["differences"] = differencesOf(api, job, compareId, one, options.count);
  }
  print(screen, task, tables, differing, failed);
  if (differing > 0) return Exit::differs;
  return failed > 0 || textOf(task, "status") != "SUCCESSFUL" ? Exit::failed : Exit::done;
}

}  // namespace drs::ctl
