#pragma once

#include "model/table_schema.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace drs {

enum class CellKind : std::uint8_t {
  null,
  absent,  ///< not in the image (a minimal row image)
  signedInt,
  unsignedInt,
  real,    ///< a double; a FLOAT is the double of equal value
  number,  ///< decimal text, to be written unquoted
  text,    ///< bytes: of the column's charset (text), raw (bytes), ASCII (temporal), utf8mb4 (json)
};

/// One value. Numbers stand inline, the rest points into the batch's bytes.
struct Cell {
  CellKind kind = CellKind::null;
  std::uint32_t length = 0;
  union {
    std::int64_t i;
    std::uint64_t u;
    double d;
    std::uint64_t offset;
  };
  Cell() : i(0) {}
};

/// Many rows of one table in one buffer, row-major. Filling it allocates nothing per value once it has grown; clear()
/// keeps the memory. Threads: one at a time.
class RowBatch {
 public:
  RowBatch() = default;
  explicit RowBatch(TableSchemaPtr schema) : schema_(std::move(schema)) {}

  [[nodiscard]] const TableSchema& schema() const { return *schema_; }
  [[nodiscard]] const TableSchemaPtr& schemaPtr() const { return schema_; }
  [[nodiscard]] std::size_t width() const { return schema_->columns.size(); }
  [[nodiscard]] std::size_t rows() const { return schema_ ? cells_.size() / width() : 0; }
  /// Memory that the rows take.
  [[nodiscard]] std::size_t bytes() const { return bytes_.size() + cells_.size() * sizeof(Cell); }
  /// Bytes of the rows as the source sent them, for speeds and figures; only a copy's batches have it.
  [[nodiscard]] std::uint64_t volume() const { return volume_; }
  void addVolume(std::uint64_t bytes) { volume_ += bytes; }
  [[nodiscard]] const Cell& cell(std::size_t row, std::size_t column) const { return cells_[row * width() + column]; }
  [[nodiscard]] std::string_view text(const Cell& cell) const { return {bytes_.data() + cell.offset, cell.length}; }

  // Cells are appended in column order; a row is complete after width() of them.
  void addNull() { add(CellKind::null); }
  void addAbsent() { add(CellKind::absent); }
  void addSigned(std::int64_t value) { add(CellKind::signedInt).i = value; }
  void addUnsigned(std::uint64_t value) { add(CellKind::unsignedInt).u = value; }
  void addReal(double value) { add(CellKind::real).d = value; }
  void addNumber(std::string_view value) { addBytes(CellKind::number, value); }
  void addText(std::string_view value) { addBytes(CellKind::text, value); }
  /// Makes room for a large row, so that its bytes are not copied again while they come in.
  void reserve(std::size_t bytes) { bytes_.reserve(bytes_.size() + bytes); }
  /// Keeps something alive as long as the rows are (see LargeRows).
  void hold(std::shared_ptr<const void> thing) { held_ = std::move(thing); }
  void clear() {
    bytes_.clear();
    cells_.clear();
    volume_ = 0;
    held_.reset();
  }
  /// What the rows are made of, for keeping them elsewhere, and rows made of it again. The cells point into the bytes.
  [[nodiscard]] std::span<const Cell> rawCells() const { return cells_; }
  [[nodiscard]] std::span<const char> rawBytes() const { return bytes_; }
  void setRaw(std::vector<Cell> cells, std::vector<char> bytes) {
    cells_ = std::move(cells);
    bytes_ = std::move(bytes);
  }
  /// Drops the cells of an unfinished row (a decoder found damage half way).
  void dropPartialRow() { cells_.resize(rows() * width()); }

 private:
  Cell& add(CellKind kind) {
    Cell& cell = cells_.emplace_back();
    cell.kind = kind;
    return cell;
  }
  void addBytes(CellKind kind, std::string_view value) {
    Cell& cell = add(kind);
    cell.offset = bytes_.size();
    cell.length = static_cast<std::uint32_t>(value.size());
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }

  TableSchemaPtr schema_;
  std::vector<char> bytes_;
  std::vector<Cell> cells_;
  std::uint64_t volume_ = 0;
  std::shared_ptr<const void> held_;
};

}  // namespace drs
