#pragma once

#include "base/clock.h"
#include "store/records.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs {

/// What a cut-over is asked to do.
struct CutoverRequest {
  bool freezeSource = true;  ///< false: the caller says that nobody writes at the source any more
  std::optional<CompareType> compare = CompareType::contents;  ///< nothing: no comparison
  int timeoutSeconds = 3600;                                   ///< then it goes back
  bool dryRun = false;                                         ///< looks only
  bool reverse = false;  ///< a switchover: behind it the job goes the other way round, see switchover.h
};

/// One line of what happened.
struct CutoverStep {
  std::string name;    ///< replication, freeze_source, catch_up, compare, confirm, end_task, thaw_source
  std::string status;  ///< "done", "running", "failed"; of a dry run "ok", "warning", "problem"
  std::string message;
  UnixMillis millis = 0;
};

enum class CutoverState { running, goingBack, successful, failed, checked };
[[nodiscard]] std::string_view toText(CutoverState state) noexcept;  ///< as in the API: "RUNNING" …

/// A cut-over: the payload of its task while it runs, behind that the job's document "cutover".
struct Cutover {
  CutoverRequest request;
  CutoverState state = CutoverState::running;
  UnixMillis deadline = 0;
  bool noted = false;     ///< `setting` is known: the source is about to be frozen, or is
  bool frozen = false;    ///< freezing has ended
  std::string setting;    ///< the source's before it was frozen, for SourceFreezer::thaw()
  std::string position;   ///< Position::text of the source's end; empty: not known yet
  std::string shown;      ///< the same for users
  bool caughtUp = false;  ///< the target has everything up to `position`
  bool compared = false;
  std::string compareId;
  std::string reverseFrom;  ///< switchover, Position::text: where the new source stood before anybody could write there
  bool decided = false;     ///< switchover: it cannot go back any more
  bool standsBy = false;    ///< switchover: the old source is a standby
  bool released = false;    ///< switchover: the new source can be written to
  std::string failure;      ///< why it goes, or went, back
  std::vector<CutoverStep> steps;

  /// Adds a step, or replaces the last one if it has the same name.
  void note(const std::string& name, const std::string& status, const std::string& message, UnixMillis now);
};

// JSON text. Decoding throws Error(storeDamaged).
[[nodiscard]] std::string encodeCutover(const Cutover& cutover);
[[nodiscard]] Cutover decodeCutover(const std::string& text);

/// Name of the document with the last cut-over of a job; outlives the job's end.
inline constexpr const char* kCutoverDocument = "cutover";
/// Its text is the id of a cut-over's task that is to go back.
inline constexpr const char* kCutoverCancelDocument = "cutover_cancel";

}  // namespace drs
