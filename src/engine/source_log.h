#pragma once

#include "engine/engine.h"

#include <map>
#include <memory>
#include <string>

namespace drs {

/// How much of the time or the room for which a source keeps its log a reader at some place has used up.
struct LogUse {
  double share = 0;     ///< 1 and more: what the reader needs may be gone at any moment
  std::string text;     ///< for people, with the remedy
  bool isGone = false;  ///< the reader cannot go on
};

/// What came of an attempt to remove log at the source.
struct LogPurge {
  std::string removed;   ///< for people; empty: nothing
  std::string obstacle;  ///< why nothing was, though there is something that the task does not need; empty: none
};

/// What is asked of a source's log beside reading it. One thread; every call opens a session. Throws what a session
/// throws.
class SourceLog {
 public:
  virtual ~SourceLog() = default;
  /// `at`: where the log will be read from, `readUpTo`: up to when all has been read.
  [[nodiscard]] virtual LogUse use(const Position& at, UnixMillis readUpTo) = 0;
  /// is_open_fast_clean: removes the files of the log that lie wholly before `durable`, which the target has, before
  /// all of `others` (job id, and where that job will go on; empty: not known), and before what any other reader of the
  /// log needs; if that cannot be known, nothing is removed.
  [[nodiscard]] virtual LogPurge purge(const Position& durable, const std::map<std::string, Position>& others) = 0;
};

/// Null: such a source is not asked.
[[nodiscard]] std::unique_ptr<SourceLog> sourceLogOf(const EngineJob& job);

}  // namespace drs
