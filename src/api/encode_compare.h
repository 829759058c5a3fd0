#pragma once

#include "store/records.h"

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <vector>

// Comparisons as the answers show them (v5-endpoints.md 2.15). Line and content views come from the same run: the line
// view says whether the counts agree, the content view whether the rows do. Pure functions.

namespace drs::api {

/// One element of data_compare_task_list.
[[nodiscard]] nlohmann::ordered_json encodeComparison(const CompareRecord& comparison);

/// The tables of one source and target database, and what they come to together.
struct ComparedDatabase {
  std::string source, target;
  CompareResult lines = CompareResult::waiting, contents = CompareResult::waiting;
};
/// Sorted by name. While a table is open the database is open; a failure outweighs a difference.
[[nodiscard]] std::vector<ComparedDatabase> summarise(std::span<const CompareTableRecord> tables);

[[nodiscard]] nlohmann::ordered_json encodeLineOverview(const ComparedDatabase& database);
[[nodiscard]] nlohmann::ordered_json encodeContentOverview(const ComparedDatabase& database, CompareState state);
[[nodiscard]] nlohmann::ordered_json encodeLineDetail(const CompareTableRecord& table);
[[nodiscard]] nlohmann::ordered_json encodeContentDetail(const CompareTableRecord& table);

/// content_diff_detail_info of some tables: the differing keys that were listed, `paging` applied to them. count: all
/// differences, listed or not.
[[nodiscard]] nlohmann::ordered_json encodeDifferences(std::span<const CompareTableRecord> tables,
                                                       const Paging& paging);

}  // namespace drs::api
