#pragma once

#include "pipeline/interfaces.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs {

/// One row that differs: its key as text, and where it is missing or different.
struct RowDifference {
  enum class Kind : std::uint8_t { missingInTarget, missingInSource, different } kind = Kind::different;
  std::vector<std::string> key;      ///< one printable text per key column
  std::vector<std::string> columns;  ///< of `different`: the names of the columns that differ
};

struct TableComparison {
  std::size_t plan = 0;
  std::uint64_t sourceRows = 0, targetRows = 0, differences = 0;
  std::vector<RowDifference> listed;  ///< the first differences, up to the limit asked for
  std::string error;  ///< not empty: the table could not be compared (error is not the same as different)
};

/// Compares every row of one table through a path of its own (it shares nothing with copy and apply). One thread.
class Comparer {
 public:
  virtual ~Comparer() = default;
  /// Reads both sides in key order and merges. While changes are still arriving, rows that differ are read again after
  /// a pause and only counted when they differ still. Lists at most `maxListed` differences. Throws Error for what may
  /// pass by itself (a server that is away, a lost session); what will not stands in TableComparison::error.
  virtual TableComparison compareTable(const Plans& plans, std::size_t plan, std::size_t maxListed,
                                       const std::function<void(std::uint64_t rows)>& progress,
                                       const std::stop_token& stop) = 0;
};

}  // namespace drs
