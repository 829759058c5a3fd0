#pragma once

#include "store/records.h"
#include "store/sql.h"

#include <string_view>

// Columns and records: each list of columns stands beside the function that reads it, in the same order.

namespace drs {

/// Reads the cells of a row from left to right.
class RowReader {
 public:
  explicit RowReader(const SqlRow& row) : row_(row) {}
  std::string text() { return row_.text(at_++); }
  std::int64_t integer() { return row_.integer(at_++); }
  std::uint64_t count() { return static_cast<std::uint64_t>(integer()); }
  bool flag() { return integer() != 0; }
  [[nodiscard]] bool isNull() const { return row_.isNull(at_); }

 private:
  const SqlRow& row_;
  std::size_t at_ = 0;
};

inline SqlValue sqlOf(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
inline SqlValue sqlOf(bool value) {
  return std::int64_t{value ? 1 : 0};
}
inline SqlValue sqlOf(std::string_view text) {
  return std::string(text);
}

inline constexpr std::string_view kBatchColumns =
    "id, project_id, domain_name, user_name, status, create_millis, commit_millis";
[[nodiscard]] BatchRecord readBatch(const SqlRow& row);

inline constexpr std::string_view kJobColumns =
    "id, batch_id, project_id, name, user_name, spec_id, phase, desired, drained, fault, status, validation, "
    "network_results, precheck, "
    "skipped_items, skip_reason, start_position, compare_at_end, reversed, plan, epoch, version, batch_order, "
    "create_millis, "
    "start_at_millis, "
    "started_millis, copy_started_millis, copy_ended_millis, stream_started_millis, ended_millis, update_millis";
/// All but the spec; `specId` names it.
[[nodiscard]] JobRecord readJob(const SqlRow& row, std::string& specId);

inline constexpr std::string_view kTaskColumns =
    "id, job_id, kind, number, payload, query_id, state, cancel, owner, epoch, lease_until, not_before, create_millis, "
    "claim_millis, "
    "attempts, deaths, place, death_place, error, progress";
[[nodiscard]] TaskRecord readTask(const SqlRow& row);

/// The job's document with its newest JobRate.
inline constexpr const char* kRateDocument = "rate";

inline constexpr std::string_view kEventColumns = "job_id, number, millis, level, message, user_name";
[[nodiscard]] EventRecord readEvent(const SqlRow& row);

inline constexpr std::string_view kQueryColumns = "id, job_id, kind, state, result, fault, create_millis";
[[nodiscard]] QueryRecord readQuery(const SqlRow& row);

inline constexpr std::string_view kTableColumns =
    "plan, source_database, source_table, target_database, target_table, estimated_rows, estimated_bytes, rows_done, "
    "bytes_done, chunks, "
    "chunks_done";
[[nodiscard]] TableRecord readTable(const SqlRow& row);

inline constexpr std::string_view kCompareColumns =
    "id, job_id, type, state, options, error, create_millis, start_millis, end_millis";
[[nodiscard]] CompareRecord readCompare(const SqlRow& row);

inline constexpr std::string_view kComparedColumns =
    "compare_id, number, source_database, source_table, target_database, target_table, source_rows, target_rows, "
    "differences, result, "
    "error, listed";
[[nodiscard]] CompareTableRecord readCompared(const SqlRow& row);

inline constexpr std::string_view kConflictColumns =
    "number, millis, transaction_id, database_name, table_name, kind, kept, gave_way, key_text, before_image, "
    "after_image, detail";
[[nodiscard]] ConflictRow readConflict(const SqlRow& row);

inline constexpr std::string_view kStatementColumns =
    "number, transaction_id, position_text, committed_millis, recorded_millis, kind, state, sql_text, fingerprint, "
    "reason, cleaned_millis";
[[nodiscard]] StatementRow readStatement(const SqlRow& row);

}  // namespace drs
