#pragma once

#include "base/clock.h"

#include <cstdint>
#include <string>

namespace drs {

/// Characters of a statement in messages.
inline constexpr std::size_t kShownStatement = 200;

/// A statement of the source's log that defines objects of a job, and what became of it.
struct StatementRow {
  std::uint64_t number = 0;  ///< grows in the order in which the statements were met; there are gaps
  std::string transaction;   ///< of the source: GTID, or "file:offset"
  std::string position;      ///< behind it, the engine's text
  UnixMillis committed = 0;  ///< at the source
  UnixMillis recorded = 0;   ///< at the target, when it was met first
  std::string kind;          ///< "ALTER TABLE"
  /// applying (it may have run), applied, filtered (by the request), failed (the task stands at it), skipped, replaced.
  std::string state;
  std::string sql;          ///< for reading: bounded, UTF-8
  std::string fingerprint;  ///< of the whole statement
  std::string reason;       ///< why it is in this state
  UnixMillis cleaned = 0;   ///< when somebody took note; 0 = not yet. Of the store only
};

/// What a person wants of the statement at which a task stands: nothing is to run at the target, or another statement.
struct StatementDecision {
  std::string transaction, fingerprint;  ///< the very statement; at any other one the decision means nothing
  bool skip = true;
  std::string replacement;  ///< if not to be skipped: as if it stood in the source's log
};

}  // namespace drs
