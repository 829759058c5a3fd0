#pragma once

#include "support/memory_engine.h"

namespace drs::testing {

// Rows of the memory engine in a RowBatch, for its own files.

[[nodiscard]] inline Row rowOf(const RowBatch& batch, std::size_t row) {
  Row out;
  for (std::size_t column = 0; column < batch.width(); ++column) {
    const Cell& cell = batch.cell(row, column);
    out.push_back(cell.kind == CellKind::null ? Value{} : Value{cell.i});
  }
  return out;
}

inline void addRow(RowBatch& batch, const Row& row) {
  batch.addVolume(row.size() * sizeof(std::int64_t));
  for (const Value& value : row) {
    if (value) {
      batch.addSigned(*value);
    } else {
      batch.addNull();
    }
  }
}

[[nodiscard]] inline std::int64_t keyOf(const Row& row) {
  return *row.at(0);
}

[[nodiscard]] inline UnixMillis nowMillis() {
  return Clock().now();
}

}  // namespace drs::testing
