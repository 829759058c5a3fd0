#pragma once

#include "model/row_batch.h"

#include <string>

namespace drs::mysql {

/// A value for messages: a number as it is, text of a UTF-8 column in quotes, other bytes in hexadecimal, NULL, "?" for
/// what the image does not hold; behind 64 bytes "…". Not meant to be sent to a server.
void appendPrintable(std::string& out, const RowBatch& rows, std::size_t row, std::size_t column);

/// A row for messages and lists: {"id": "1", "name": "'a'"}, JSON in UTF-8, at most about 4 KiB: the columns behind
/// that are counted in a last member "…". What the image does not hold, and generated columns, are left out.
[[nodiscard]] std::string printableImage(const RowBatch& rows, std::size_t row);

}  // namespace drs::mysql
