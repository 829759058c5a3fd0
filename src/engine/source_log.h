#pragma once

#include "engine/engine.h"

#include <memory>
#include <string>

namespace drs {

/// How much of the time or the room for which a source keeps its log a reader at some place has used up.
struct LogUse {
  double share = 0;     ///< 1 and more: what the reader needs may be gone at any moment
  std::string text;     ///< for people, with the remedy
  bool isGone = false;  ///< the reader cannot go on
};

/// What is asked of a source's log while nobody reads it. One thread; every call opens a session. Throws what a session
/// throws.
class SourceLog {
 public:
  virtual ~SourceLog() = default;
  /// `at`: where the log will be read from, `readUpTo`: up to when all has been read.
  [[nodiscard]] virtual LogUse use(const Position& at, UnixMillis readUpTo) = 0;
};

/// Null: such a source is not asked.
[[nodiscard]] std::unique_ptr<SourceLog> sourceLogOf(const EngineJob& job);

}  // namespace drs
