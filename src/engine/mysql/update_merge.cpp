#include "engine/mysql/update_merge.h"

#include "engine/mysql/applier_target.h"
#include "engine/mysql/column_types.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace drs::mysql {
namespace {

constexpr std::size_t kMostColumns = 64;
constexpr std::size_t kNameFrameBytes = 64;  // more than the words around a name
/// Of a row. Longer ones are no burden as statements of their own, and one in memory twice is enough.
constexpr std::size_t kMostTextBytes = 1024;

bool isPlainBytes(const Column& column) {
  constexpr std::array<std::string_view, 6> kTypes = {"binary", "varbinary",  "tinyblob",
                                                      "blob",   "mediumblob", "longblob"};
  return std::find(kTypes.begin(), kTypes.end(), column.dataType) != kTypes.end() && !isGeometry(column) &&
         !isPrintedBytes(column);
}

/// True if a CASE of this column's literals stores what the literal alone stores. JSON literals have several forms.
bool mayShare(const Column& column) {
  if (column.generated || column.kind == ColumnKind::json) return false;
  return column.kind != ColumnKind::bytes || isPlainBytes(column);
}

/// A literal of another type than its column's others.
bool isOdd(const Column& column, const Cell& cell) {
  if (cell.kind == CellKind::real) return cell.d == 0 && std::signbit(cell.d);
  if (cell.kind != CellKind::unsignedInt && cell.kind != CellKind::signedInt) return false;
  if (column.kind == ColumnKind::enumerated) return cell.u == 0;  // it wants another mode
  // Beside smaller numbers these make the CASE a DECIMAL, which a SET takes for text.
  return cell.kind == CellKind::unsignedInt && cell.u > std::numeric_limits<std::int64_t>::max();
}

}  // namespace

UpdateMerge::UpdateMerge(const TableSchema& schema, std::string index, const std::vector<TargetKey>& keys,
                         bool hasTriggers)
    : index_(std::move(index)) {
  if (hasTriggers || index_.empty() || schema.columns.size() > kMostColumns) return;
  std::uint64_t unique = 0;
  for (const TargetKey& its : keys) {
    if (!its.resolvable) return;  // it may hold any column
    for (const IndexPart& part : its.parts) unique |= std::uint64_t{1} << part.column;
  }
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    if (mayShare(schema.columns[i])) columns_ |= std::uint64_t{1} << i;
    if (schema.columns[i].generated) skipped_ |= std::uint64_t{1} << i;
  }
  columns_ &= ~unique;
}

UpdateShape UpdateMerge::shapeOf(const RowBatch& rows, std::size_t before, std::size_t after) const {
  if (columns_ == 0) return 0;
  UpdateShape shape = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < rows.width(); ++i) {
    const Cell& cell = rows.cell(after, i);
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (cell.kind == CellKind::absent || (skipped_ & bit) != 0 || sameCell(rows, rows.cell(before, i), cell)) continue;
    if ((columns_ & bit) == 0 || isOdd(rows.schema().columns[i], cell)) return 0;
    if (cell.kind == CellKind::text) bytes += cell.length;
    shape |= bit;
  }
  return bytes > kMostTextBytes ? 0 : shape;
}

void MergedUpdate::begin(const SqlWriter& writer, const UpdateMerge& merge, UpdateShape shape,
                         const std::vector<std::size_t>& keep) {
  writer_ = &writer;
  merge_ = &merge;
  keep_ = &keep;
  shape_ = shape;
  columns_.clear();
  for (; shape != 0; shape &= shape - 1) columns_.push_back(static_cast<std::size_t>(std::countr_zero(shape)));
  if (cases_.size() < columns_.size()) cases_.resize(columns_.size());
  for (std::string& text : cases_) text.clear();
  keys_.clear();
  rows_ = 0;
  bytes_ = kNameFrameBytes + writer.table().size() + merge.index().size() + writer.name(writer.key().front()).size();
  for (const std::size_t i : columns_)
    bytes_ += writer.name(i).size() + writer.name(writer.key().front()).size() + kNameFrameBytes;
  for (const std::size_t i : keep) bytes_ += 2 * writer.name(i).size() + kNameFrameBytes;
}

void MergedUpdate::add(const RowBatch& rows, std::size_t before, std::size_t after) {
  key_.clear();
  writer_->appendKeyValues(key_, rows, before);
  if (rows_ > 0) keys_ += ',';
  keys_ += key_;
  bytes_ += key_.size() + 1;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::string& text = cases_[i];
    const std::size_t size = text.size();
    text += " WHEN ";
    text += key_;
    text += " THEN ";
    writer_->appendValue(text, columns_[i], rows, after);
    bytes_ += text.size() - size;
  }
  ++rows_;
}

void MergedUpdate::finish(std::string& out) const {
  const std::string& key = writer_->name(writer_->key().front());
  out += "UPDATE ";
  out += writer_->table();
  out += " FORCE INDEX (";
  out += merge_->index();
  out += ") SET ";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    out += writer_->name(columns_[i]);
    out += "=CASE ";
    out += key;
    out += cases_[i];
    out += " END,";
  }
  for (const std::size_t i : *keep_) {
    if ((shape_ >> i & 1) != 0 || !writer_->isWritten(i)) continue;
    out += writer_->name(i);
    out += '=';
    out += writer_->name(i);
    out += ',';
  }
  out.back() = ' ';
  out += "WHERE ";
  out += key;
  out += " IN (";
  out += keys_;
  out += ')';
}

}  // namespace drs::mysql
