#pragma once

#include "engine/mysql/compare_table.h"

namespace drs::mysql {

/// Compares a table without a primary key: both sides are read whole, as multisets of rows.
///
/// First each side's rows are summed up in buckets by their hash; buckets that differ are summed up once more. Only the
/// rows of buckets whose sums differ both times are looked at one by one, in parts of bounded memory, and again after
/// pauses, for changes may be on their way. The side that is read first alternates, so that a side that keeps growing
/// does not always look the longer one; and a row counts only as often as the target had it more or less often than the
/// source ever did over the looks: between two counts the source went through all that lie between them. An updated row
/// shows as one that is missing at each side. What is listed as a row's key are its first columns.
///
/// Tables that differ in more than memory holds or a bounded number of whole readings can settle get an error that says
/// so, beside the differences that were found. Throws what Connection throws.
void compareKeyless(CompareSessions& sessions, const TablePlan& plan, const CompareTable& table, std::size_t maxListed,
                    const std::function<void(std::uint64_t rows)>& progress, const std::stop_token& stop,
                    TableComparison& out);

}  // namespace drs::mysql
