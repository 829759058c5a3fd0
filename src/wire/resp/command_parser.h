#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace drs::resp {

/// What the parser takes before it calls a stream broken.
struct CommandLimits {
  /// Servers: INT_MAX since Redis 7.0, 1024 * 1024 before (networking.c, processMultibulkBuffer). No memory is taken
  /// for arguments that have not come.
  std::size_t arguments = std::numeric_limits<std::int32_t>::max();
  /// Servers: proto-max-bulk-len, 512 MiB by default. A source that has it raised can send longer values, and a replica
  /// takes them (networking.c exempts the link to the master): give the source's setting.
  std::size_t bulkBytes = std::size_t{512} << 20U;
  /// Servers: PROTO_INLINE_MAX_SIZE, for inline commands and for the lines of lengths.
  std::size_t lineBytes = std::size_t{64} << 10U;
  /// Inline commands ("PING\r\n"). No server of 2.8 or later sends one to a replica; a replica that gets one takes the
  /// link for out of step and cuts it. So does this parser, unless told.
  bool inlineCommands = false;
};

/// Finds the commands of a replication stream in a window of its bytes, without copying them. Give parse() the window
/// that begins with the first byte of a command; when it says `incomplete`, give it the same command again with more
/// bytes behind (the window may have moved in memory): it goes on where it stopped, so that a long command that comes
/// in small pieces is looked at once.
///
///     while (true) {
///       const CommandParser::Result result = parser.parse(window);
///       if (result.status == CommandParser::Status::incomplete) break;  // read until window.size() >= result.size
///       if (result.status == CommandParser::Status::command) use(parser.arguments(), window.substr(0, result.size));
///       window.remove_prefix(result.size), offset += result.size;  // heartbeats count in the offset, too
///     }
///
/// One thread. Allocates only while the list of arguments grows.
class CommandParser {
 public:
  enum class Status : std::uint8_t {
    command,     ///< arguments() has it
    heartbeat,   ///< an empty line: "\n" or "\r\n"
    incomplete,  ///< more bytes are needed
  };
  struct Result {
    Status status = Status::incomplete;
    /// Of a command or heartbeat: its bytes. If incomplete: a lower bound of the bytes that the command will have,
    /// above the window's size; exact as soon as the length of its last argument has been read. A command longer than
    /// the largest window is the caller's problem.
    std::size_t size = 0;
  };

  explicit CommandParser(CommandLimits limits = {}) : limits_(limits) {}

  /// Throws Error(logCorrupt) with the offset inside the command (and `position` before it, see countFrom()) if the
  /// bytes are no command or a limit is passed. After that the parser must be reset().
  [[nodiscard]] Result parse(std::string_view window);

  /// The last command's arguments, at least one, the first is the name; slices of the window that parse() was given.
  [[nodiscard]] const std::vector<std::string_view>& arguments() const { return arguments_; }

  /// Forgets a command that was incomplete.
  void reset();
  /// The offset of the stream at the beginning of the next window, for the texts of errors; parse() counts on from it.
  void countFrom(std::uint64_t offset) { offset_ = offset; }

 private:
  struct Piece {
    std::size_t at, size;
  };
  [[nodiscard]] Result parseArray(std::string_view window);
  [[nodiscard]] Result parseInline(std::string_view window);
  [[nodiscard]] Result finish(Status status, std::size_t size);
  /// The number of the line at at_ behind its type byte; false if the line is incomplete.
  [[nodiscard]] bool readNumber(std::string_view window, std::size_t limit, std::size_t& number);
  [[noreturn]] void refuse(std::size_t at, std::string_view why) const;

  CommandLimits limits_;
  std::uint64_t offset_ = 0;  ///< of the window's first byte
  std::size_t at_ = 0;        ///< in the window: what stands before it has been understood
  std::size_t expected_ = 0;  ///< arguments of the command at hand; 0: its head has not been read
  bool bulkKnown_ = false;    ///< is bulk_ the length of the argument at at_?
  std::size_t bulk_ = 0;
  std::vector<Piece> pieces_;
  std::vector<std::string_view> arguments_;
};

}  // namespace drs::resp
