#pragma once

#include "base/clock.h"

#include <cstdint>
#include <string>

namespace drs {

/// A change that did not fit the rows of the target, and what was done about it. Texts are bounded in length.
struct ConflictRow {
  std::uint64_t number = 0;     ///< counts the conflicts of the job from 1; 0 until it is written
  UnixMillis millis = 0;        ///< when it was met
  std::string transaction;      ///< of the source: GTID, or "file:offset"
  std::string database, table;  ///< at the target
  /// insert_found, update_missing, update_found, delete_missing; insert_refused, update_refused, delete_refused (a
  /// foreign key of the target, or a row that cannot be put in).
  std::string kind;
  bool kept = true;           ///< the target's rows stand; false: they gave way
  std::uint64_t gaveWay = 0;  ///< rows of the target that were deleted or overwritten
  std::string key;            ///< "(1, 'a')"
  std::string before, after;  ///< images: {"column": "value as a literal", …}; empty: the change has none
  std::string detail;         ///< what was found, or the server's words
};

}  // namespace drs
