#include "engine/mysql/applier_rows.h"

#include "engine/mysql/row_text.h"
#include "model/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace drs::mysql {
namespace {

constexpr std::uint64_t kLoggedConflicts = 20;  // of one call; the rest is counted
constexpr int kDescribedRows = 3;
constexpr std::size_t kListedValueBytes = 64;
constexpr std::size_t kDetailCharacters = 1000;

bool isCollision(unsigned number) {
  return number == 1062 || number == 1586 || number == 1022;  // ER_DUP_ENTRY, …_WITH_KEY_NAME, ER_DUP_KEY
}

bool isForeignKey(unsigned number) {
  // ER_NO_REFERENCED_ROW, ER_ROW_IS_REFERENCED and their second forms, ER_FOREIGN_DUPLICATE_KEY_*
  return number == 1216 || number == 1217 || number == 1451 || number == 1452 || number == 1761 || number == 1762;
}

std::string printableValues(const std::vector<std::optional<std::string>>& values) {
  std::string out = "(";
  for (const auto& value : values) {
    if (out.size() > 1) out += ", ";
    if (!value) {
      out += "NULL";
      continue;
    }
    const std::string_view bytes = std::string_view(*value).substr(0, kListedValueBytes);
    const bool plain = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
    if (plain) out += fmt::format("'{}'", bytes);
    for (const char c : plain ? std::string_view() : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out + ")";
}

}  // namespace

void RowApplier::run() {
  if (attempt() == Verdict::done) return;
  throw Error(Msg::databaseError, {connection_.peer(), std::to_string(connection_.lastErrno()), lastText_},
              Origin::target);
}

RowApplier::Verdict RowApplier::attempt() {
  batch_.close();
  std::vector<Connection::Outcome> outcomes;
  const StatementBatch::Expectation expected = batch_.expectations().back();
  try {
    outcomes = connection_.executeAll(batch_.sql());
    batch_.clear();
  } catch (const Error& error) {
    batch_.clear();
    if (error.msg() != Msg::databaseError) throw;
    lastText_ = error.args().at(2) + " (table " + target_.writer.table() + ")";
    if (isCollision(connection_.lastErrno())) return Verdict::collision;
    if (isForeignKey(connection_.lastErrno())) return Verdict::foreignKey;
    throw Error(Msg::databaseError, {connection_.peer(), error.args().at(1), lastText_}, Origin::target);
  }
  const Connection::Outcome& outcome = outcomes.back();
  if (outcome.warnings != expected.warnings) {
    std::string text;
    for (const std::string& line : connection_.warnings()) text += (text.empty() ? "" : "; ") + line;
    throw Error(Msg::unexpectedWarning, {target_.writer.table(), text}, Origin::target);
  }
  if (expected.expect != StatementBatch::Expect::rows || outcome.affected == expected.count) return Verdict::done;
  if (outcome.affected == 0) return Verdict::missing;
  throw Error(Msg::schemaDrift,
              {plan_.target.database + "." + plan_.target.table,
               fmt::format("{} rows of the target have one key", outcome.affected)},
              Origin::target);
}

void RowApplier::note(const Change& change, const std::string& kind, const std::string& what, bool kept,
                      std::uint64_t gaveWay) {
  ApplyStats& stats = context_.stats;
  ++(kept ? stats.conflictsKept : stats.conflictsOverwritten);
  ConflictRow row;
  row.millis = Clock().now();
  row.transaction = transaction_;
  row.database = plan_.target.database;
  row.table = plan_.target.table;
  row.kind = kind;
  row.kept = kept;
  row.gaveWay = gaveWay;
  row.key = target_.writer.printableKey(change.rows, change.keyed());
  if (change.before) row.before = printableImage(change.rows, *change.before);
  if (change.after) row.after = printableImage(change.rows, *change.after);
  row.detail = shortened(what, kDetailCharacters);
  if (stats.conflictsKept + stats.conflictsOverwritten <= kLoggedConflicts)
    context_.log.warn("conflict in {}, key {}: {}", target_.writer.table(), row.key, row.detail);
  context_.notes.add(std::move(row));
}

void RowApplier::stop(const Change& change, const std::string& what) const {
  std::string text = shortened(what, kDetailCharacters);
  if (change.before) text += "; before " + printableImage(change.rows, *change.before);
  if (change.after) text += "; after " + printableImage(change.rows, *change.after);
  throw Error(Msg::conflict,
              {target_.writer.table(), target_.writer.printableKey(change.rows, change.keyed()), std::move(text)},
              Origin::target);
}

void RowApplier::keepOrStop(const Change& change, const std::string& kind, const std::string& what) {
  if (plan_.conflicts != ConflictPolicy::ignore) stop(change, what);
  note(change, kind, what, true, 0);
}

void RowApplier::insert(const RowBatch& rows, std::size_t row) {
  const Change change{rows, std::nullopt, row};
  batch_.insert(target_.writer, rows, row);
  const Verdict verdict = attempt();
  if (verdict == Verdict::done) return;
  if (verdict != Verdict::collision) return keepOrStop(change, "insert_refused", "an insert was refused: " + lastText_);
  if (mayOverwrite()) return overwrite(change, "insert_found");
  keepOrStop(change, "insert_found", "an insert expected no such row, found " + describeCollisions(rows, row, row));
}

void RowApplier::update(const RowBatch& rows, std::size_t before, std::size_t after) {
  const Change change{rows, before, after};
  batch_.update(target_.writer, rows, before, after, target_.clockColumns);
  switch (attempt()) {
    case Verdict::done:
      return;
    case Verdict::missing:
      if (mayOverwrite() && target_.writer.isPartial(rows, after))
        stop(change,
             "an update expected this row, found none, and its image has not all columns to make it anew "
             "(binlog_row_image is not FULL)");
      if (mayOverwrite()) return overwrite(change, "update_missing");
      return keepOrStop(change, "update_missing", "an update expected this row, found none");
    case Verdict::collision:
      if (!mayOverwrite())
        return keepOrStop(
            change, "update_found",
            "an update expected no other row with its values, found " + describeCollisions(rows, after, before));
      {
        const Removed removed = removeCollisions(change, before);
        batch_.update(target_.writer, rows, before, after, target_.clockColumns);
        if (attempt() == Verdict::done)
          return note(change, "update_found", "other rows had values of this update" + removed.text, false,
                      removed.rows);
      }
      stop(change, "an update was refused: " + lastText_);
    case Verdict::foreignKey:
      break;
  }
  keepOrStop(change, "update_refused", "an update was refused: " + lastText_);
}

void RowApplier::remove(const RowBatch& rows, std::size_t row) {
  const Change change{rows, row, std::nullopt};
  batch_.remove(target_.writer, target_.keyIndex, rows, row, true);
  switch (attempt()) {
    case Verdict::done:
      return;
    case Verdict::missing:
      if (mayOverwrite()) return note(change, "delete_missing", "a row to be deleted was not there", false, 0);
      return keepOrStop(change, "delete_missing", "a delete expected this row, found none");
    default:
      return keepOrStop(change, "delete_refused", "a delete was refused: " + lastText_);
  }
}

void RowApplier::overwrite(const Change& change, const std::string& kind) {
  const std::size_t row = *change.after;
  if (target_.writer.isPartial(change.rows, row))
    stop(change,
         "the row that is there cannot be overwritten by an image that has not all columns (binlog_row_image is "
         "not FULL)");
  const Removed removed = removeCollisions(change, row);
  std::string sql;
  const unsigned zeros = target_.writer.appendUpdateAll(sql, change.rows, row);
  batch_.strictMode(zeros == 0);
  batch_.add(sql, StatementBatch::Expect::rows, 1, zeros);
  Verdict verdict = attempt();
  if (verdict == Verdict::done)
    return note(change, kind, "the row with this key was overwritten" + removed.text, false, removed.rows + 1);
  if (verdict == Verdict::missing) {
    batch_.insert(target_.writer, change.rows, row);
    verdict = attempt();
  }
  if (verdict != Verdict::done) stop(change, "it cannot be overwritten: " + lastText_);
  note(change, kind, "the row was written by its after image" + removed.text, false, removed.rows);
}

std::string RowApplier::condition(const TargetKey& key, const RowBatch& rows, std::size_t row) const {
  std::string out;
  for (const IndexPart& part : key.parts) {
    const Cell& cell = rows.cell(row, part.column);
    // What an update leaves out has not changed: then it is no other row's. (Half a key is never looked up by.)
    if (cell.kind == CellKind::null || cell.kind == CellKind::absent) return {};
    if (!out.empty()) out += " AND ";
    if (part.prefix == 0) {
      out += target_.writer.name(part.column) + "=";
      target_.writer.appendCell(out, part.column, rows, cell);
    } else {
      out += fmt::format("LEFT({},{})=LEFT(", target_.writer.name(part.column), part.prefix);
      target_.writer.appendCell(out, part.column, rows, cell);
      out += fmt::format(",{})", part.prefix);
    }
  }
  return out;
}

RowApplier::Removed RowApplier::removeCollisions(const Change& change, std::size_t except) {
  Removed removed;
  std::string own;
  target_.writer.appendKey(own, change.rows, except);
  for (const TargetKey& key : target_.uniqueKeys) {
    const std::string same = key.resolvable ? condition(key, change.rows, *change.after) : std::string();
    if (same.empty()) continue;
    batch_.add(fmt::format("DELETE FROM {} WHERE {} AND NOT ({})", target_.writer.table(), same, own),
               StatementBatch::Expect::nothing);
    batch_.close();
    std::uint64_t deleted = 0;
    try {
      deleted = connection_.executeAll(batch_.sql()).back().affected;
      batch_.clear();
    } catch (const Error& error) {
      batch_.clear();
      if (error.msg() != Msg::databaseError || !isForeignKey(connection_.lastErrno())) throw;
      stop(change, "a row in the way cannot be deleted: " + error.args().at(2));
    }
    removed.rows += deleted;
    if (deleted > 0)
      removed.text += fmt::format("; {} in the way on key {} {} deleted",
                                  deleted == 1 ? "the row" : std::to_string(deleted) + " rows", key.name,
                                  deleted == 1 ? "was" : "were");
  }
  return removed;
}

std::string RowApplier::describeCollisions(const RowBatch& rows, std::size_t row, std::size_t except) {
  const auto isLeftOut = [&](std::size_t column) { return rows.cell(except, column).kind == CellKind::absent; };
  const auto& keyColumns = target_.writer.key();
  if (keyColumns.empty() || std::any_of(keyColumns.begin(), keyColumns.end(), isLeftOut)) return lastText_;
  std::string own, columns, out;
  target_.writer.appendKey(own, rows, except);
  for (const std::size_t column : target_.writer.key())
    columns += (columns.empty() ? "" : ",") + target_.writer.name(column);
  for (const TargetKey& key : target_.uniqueKeys) {
    const std::string same = key.resolvable ? condition(key, rows, row) : std::string();
    if (same.empty()) continue;
    const std::string other = row == except ? std::string() : fmt::format(" AND NOT ({})", own);
    for (const auto& found : connection_.query(fmt::format("SELECT {} FROM {} WHERE {}{} LIMIT {}", columns,
                                                           target_.writer.table(), same, other, kDescribedRows)))
      out += fmt::format("{}the row with key {} on {}", out.empty() ? "" : ", ", printableValues(found), key.name);
  }
  return out.empty() ? lastText_ : out;
}

}  // namespace drs::mysql
