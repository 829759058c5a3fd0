#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace drs::resp {

/// What a server did not do, among the replies of a pipeline.
struct ReplyProblem {
  enum class Kind : std::uint8_t {
    error,      ///< "-ERR …" (RESP3 also "!"): the command of this reply
    inner,      ///< an error inside an array: of EXEC, the command of the transaction at `position`
    nullArray,  ///< "*-1": an EXEC that did nothing because a WATCH saw a change
  };
  Kind kind = Kind::error;
  std::uint64_t index = 0;     ///< of the outer reply, counted from the scanner's beginning or reset()
  std::uint64_t position = 0;  ///< of `inner`: which element of the outer array, from 0
  std::string text;            ///< without "-" and line end; at most ReplyScanner::kMaxErrorBytes, the rest is dropped
};

/// Counts complete replies in a stream of bytes without keeping them: lines, bulks, arrays in arrays, all types of
/// RESP2 and RESP3. Attributes ("|") belong to the reply behind them; pushes (">") are no replies and do not count.
/// Stands still anywhere, between two bytes of a line too. Allocates only for an error. One thread.
///
/// Every reply of a pipeline is to be counted, every problem to be looked at: a command is applied when its reply came.
class ReplyScanner {
 public:
  static constexpr std::size_t kMaxErrorBytes = 4096;
  static constexpr std::size_t kMaxDepth = 32;

  struct Progress {
    std::size_t bytes = 0;      ///< of those given, as many as were taken: all, unless `most` replies were complete
    std::uint64_t replies = 0;  ///< completed by them
  };
  /// Takes bytes, stops behind the `most`th reply, and appends what went wrong to `problems`. Throws Error(badReply) if
  /// they are no RESP; then the connection is of no more use.
  Progress feed(std::string_view bytes, std::vector<ReplyProblem>& problems,
                std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

  /// Replies completed since the beginning or reset().
  [[nodiscard]] std::uint64_t complete() const { return complete_; }
  /// Is no reply begun?
  [[nodiscard]] bool idle() const { return state_ == State::type && depth_ == 0 && !attribute_; }
  void reset() { *this = ReplyScanner(); }

 private:
  enum class State : std::uint8_t {
    type,       ///< at the first byte of a reply or element
    number,     ///< in the digits behind a type with a length
    line,       ///< in a line whose content does not matter
    errorLine,  ///< in a line that is kept
    lineFeed,   ///< behind the CR of a line
    bulk,       ///< in the bytes of a bulk
    bulkEnd,    ///< at its CR or LF
  };
  struct Level {
    std::uint64_t left = 0, size = 0;  ///< elements to come, elements in all
    char type = 0;
  };

  void takeType(char type);
  const char* takeNumber(const char* at, const char* end);
  const char* takeLine(const char* at, const char* end);
  const char* takeBulk(const char* at, const char* end);
  void lineEnds(std::vector<ReplyProblem>& problems);
  void numberEnds(std::vector<ReplyProblem>& problems);
  void open(std::uint64_t elements, std::vector<ReplyProblem>& problems);
  void elementEnds(std::vector<ReplyProblem>& problems);
  void keepText(const char* from, const char* to);
  void report(ReplyProblem::Kind kind, std::vector<ReplyProblem>& problems);

  State state_ = State::type;
  char type_ = 0;  ///< of the element at hand
  bool negative_ = false;
  bool digits_ = false;       ///< has the number a digit?
  bool attribute_ = false;    ///< behind a top-level attribute whose reply has not begun
  std::uint64_t number_ = 0;  ///< read so far; in a bulk: bytes to come
  std::uint8_t ends_ = 0;     ///< of CR LF behind a bulk: how many have come
  std::size_t depth_ = 0;
  std::uint64_t complete_ = 0;
  std::array<Level, kMaxDepth> levels_{};
  std::string text_;  ///< of an error
};

}  // namespace drs::resp
