#include "engine/mysql/conflict_log.h"

#include "engine/mysql/control_tables.h"

#include <fmt/format.h>

#include <charconv>

namespace drs::mysql {
namespace {

constexpr std::size_t kRowsInMemory = 100;

template <typename T>
T numberOf(const std::optional<std::string>& text) {
  T value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

ConflictLog::ConflictLog(std::string_view jobId) : job_(quoteText(jobId)) {}

void ConflictLog::write(Connection& connection, const std::vector<ConflictRow>& rows) const {
  if (rows.empty()) return;
  auto number = numberOf<std::uint64_t>(
      connection.value(fmt::format("SELECT MAX(number) FROM {}.conflict WHERE job_id = {}", kControlSchema, job_)));
  std::string list;
  for (const ConflictRow& row : rows)
    list += fmt::format("{}({},{},{},{},{},{},{},{},{},{},{},{},{})", list.empty() ? "" : ",", job_, ++number,
                        row.millis, quoteText(row.transaction), quoteText(row.database), quoteText(row.table),
                        quoteText(row.kind), row.kept ? 1 : 0, row.gaveWay, quoteText(row.key), quoteText(row.before),
                        quoteText(row.after), quoteText(row.detail));
  connection.execute(
      fmt::format("INSERT INTO {}.conflict (job_id, number, millis, transaction_id, db_name, table_name, kind, kept, "
                  "gave_way, key_text, before_text, after_text, detail) VALUES {}",
                  kControlSchema, list));
  if (number > kMost)
    connection.execute(fmt::format("DELETE FROM {}.conflict WHERE job_id = {} AND number <= {}", kControlSchema, job_,
                                   number - kMost));
}

std::vector<ConflictRow> ConflictLog::read(Connection& connection, std::uint64_t after, std::size_t most) const {
  std::vector<ConflictRow> out;
  const auto rows = connection.query(
      fmt::format("SELECT number, millis, transaction_id, db_name, table_name, kind, kept, gave_way, key_text, "
                  "before_text, after_text, detail FROM {}.conflict WHERE job_id = {} AND number > {} ORDER BY number "
                  "LIMIT {}",
                  kControlSchema, job_, after, most));
  for (const auto& row : rows) {
    const auto text = [&row](std::size_t i) { return row.at(i).value_or(""); };
    ConflictRow& conflict = out.emplace_back();
    conflict.number = numberOf<std::uint64_t>(row.at(0));
    conflict.millis = numberOf<UnixMillis>(row.at(1));
    conflict.transaction = text(2);
    conflict.database = text(3);
    conflict.table = text(4);
    conflict.kind = text(5);
    conflict.kept = text(6) == "1";
    conflict.gaveWay = numberOf<std::uint64_t>(row.at(7));
    conflict.key = text(8);
    conflict.before = text(9);
    conflict.after = text(10);
    conflict.detail = text(11);
  }
  return out;
}

void ConflictNotes::add(ConflictRow row) {
  rows_.push_back(std::move(row));
  if (rows_.size() >= kRowsInMemory) write();
}

void ConflictNotes::write() {
  log_.write(connection_, rows_);
  rows_.clear();
}

}  // namespace drs::mysql
