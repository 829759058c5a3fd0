#pragma once

#include "model/row_batch.h"
#include "pipeline/conflict_keys.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// How the values of a column are brought into a form in which those that an index takes for equal are equal. A form
/// may be coarser than the index, never finer.
enum class KeyForm : std::uint8_t {
  unknown,     ///< none is known: floats, JSON, collations that are not listed
  number,      ///< integers, BIT, YEAR, the index of an ENUM, the mask of a SET
  decimal,     ///< digits without what does not count; the sign is left out
  temporal,    ///< as the log prints it; the sign is left out, for there may be a −0
  bytes,       ///< as they are
  fixedBytes,  ///< without trailing zeros
  binaryText,  ///< bytes without trailing spaces: _bin collations of charsets in which a space is one byte
  foldedText,  ///< printable ASCII alone, lower case, without trailing spaces; collations that tell these apart by
               ///< their case at most. Any other character: unknown
};

/// The form for a column of the target. `target.collation` must be the target's.
[[nodiscard]] KeyForm keyFormOf(const Column& target);

/// A hash for a thing that has a name: an index, a table. `salt` is the caller's own random number.
[[nodiscard]] std::uint64_t hashName(std::uint64_t salt, std::string_view name);

/// Makes conflict keys of one index (or of one side of a foreign key) of a table. Threads: const, any.
class ConflictIndex {
 public:
  struct Part {
    std::size_t column = 0;    ///< of the source's schema
    std::uint32_t prefix = 0;  ///< characters (bytes of binary columns), 0 = whole column
    KeyForm form = KeyForm::unknown;
    bool manyBytes = false;  ///< utf8: a character may take several bytes
  };

  /// `token`: hashName() of the index. Without parts every row touches the whole index. `isReference`: another table
  /// has an index with the same token, perhaps with columns of another form.
  ConflictIndex(std::uint64_t token, std::vector<Part> parts, bool isReference = false);

  /// Appends what the row touches: the value, exclusive or shared; nothing if a part is NULL; the whole index if the
  /// value has no known form. False if the image does not tell (a minimal one): the row touches everything then.
  /// Allocates nothing but room in `out`.
  [[nodiscard]] bool append(const RowBatch& rows, std::size_t row, bool exclusive,
                            std::vector<ConflictKey>& out) const {
    return append(rows, row, row, exclusive, out);
  }
  /// The same for both images of an update. What the image after leaves out is as before.
  [[nodiscard]] bool appendUpdate(const RowBatch& rows, std::size_t before, std::size_t after, bool exclusive,
                                  std::vector<ConflictKey>& out) const;

  /// True if the image has none of the columns. Never for an index without parts.
  [[nodiscard]] bool isLeftOut(const RowBatch& rows, std::size_t row) const;

 private:
  /// `base`: the image that has what `row` leaves out.
  [[nodiscard]] bool append(const RowBatch& rows, std::size_t row, std::size_t base, bool exclusive,
                            std::vector<ConflictKey>& out) const;

  std::uint64_t token_;
  std::vector<Part> parts_;
  bool alwaysKnown_;  ///< every value has a form, so that none touches the whole index
};

}  // namespace drs::mysql
