#pragma once

#include "pipeline/throttle.h"
#include "store/records.h"
#include "transform/table_plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// How much of the full phase is left and how long that takes: pure functions.

namespace drs {

/// One table of a copy.
struct TableWork {
  TableRecord table;  ///< rows and bytes: committed
  std::uint64_t runningRows = 0, runningBytes = 0;
  bool read = false;  ///< to its end, by a piece that is not committed yet

  [[nodiscard]] std::uint64_t rows() const { return table.rows + runningRows; }
  [[nodiscard]] std::uint64_t bytes() const { return table.bytes + runningBytes; }
};

/// The bytes that a table will take when it is read, from what the source says of it: numbers are sent as text, what a
/// row needs in storage beside its values is not sent.
[[nodiscard]] std::uint64_t estimatedVolume(const TableSchema& schema);

/// Rows of a table as far as is known by now: the source's estimate, corrected by the pieces that are complete. Never
/// less than have been read.
[[nodiscard]] std::uint64_t expectedRows(const TableWork& work);
/// Bytes of each table: its rows by the width of those that were read. A table of which none was read is estimated,
/// as wrong as the estimates of the others turned out.
[[nodiscard]] std::vector<std::uint64_t> expectedBytes(const std::vector<TableWork>& tables);

/// Seconds that the copy of `bytes` takes from `now` on: at the rate measured, and never above the limit of the hour.
/// In an hour with another limit than the measured rate's, the rate of a copy without limit counts, if it is known.
/// Before anything is measured a limit counts as the rate. Nothing = neither is known.
[[nodiscard]] std::optional<double> secondsOfCopy(std::uint64_t bytes, const JobRate& rate,
                                                  const std::vector<SpeedRule>& rules, UnixMillis now);

/// What the indexes of one table cost behind the copy, in bytes of work: the table is read, each index is sorted.
struct IndexWork {
  std::size_t plan = 0;
  std::uint64_t bytes = 0;
};

/// Tables that get indexes behind the copy.
[[nodiscard]] std::vector<IndexWork> indexWork(const std::vector<TablePlan>& plans, const JobSpec& spec);
/// JSON text for the document. Decoding throws Error(storeDamaged).
[[nodiscard]] std::string encodeIndexWork(const std::vector<IndexWork>& work);
[[nodiscard]] std::vector<IndexWork> decodeIndexWork(const std::string& text);
inline constexpr const char* kIndexDocument = "indexes";

/// Seconds for `bytes` of index work. `measured`: bytes of it per second, 0 = none was done yet.
[[nodiscard]] double secondsOfIndexes(std::uint64_t bytes, std::uint64_t measured);

}  // namespace drs
