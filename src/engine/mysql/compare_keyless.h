#pragma once

#include "engine/mysql/compare_table.h"

namespace drs::mysql {

/// Compares a table without a primary key: both sides are read whole, as multisets of rows.
///
/// First each side's rows are summed up in buckets by their hash. Only the rows of buckets whose sums differ are looked
/// at one by one, in parts of bounded memory, and again after pauses, for changes may be on their way: a row counts
/// that was too many or too few at every look. An updated row shows as one that is missing at each side. What is listed
/// as a row's key are its first columns. Throws what Connection throws.
void compareKeyless(const CompareSessions& sessions, const TablePlan& plan, const CompareTable& table,
                    std::size_t maxListed, const std::function<void(std::uint64_t rows)>& progress,
                    const std::stop_token& stop, TableComparison& out);

}  // namespace drs::mysql
