#pragma once

#include "wire/resp/reply_scanner.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::resp {

/// One reply as a tree, for control connections. The data path counts replies with ReplyScanner instead.
class Reply {
 public:
  enum class Kind : std::uint8_t {
    null,
    error,    ///< text() is the server's words
    text,     ///< simple string, bulk, verbatim text (without its format), big number
    integer,  ///< also true and false of RESP3, as 1 and 0
    number,   ///< RESP3's double, as text()
    array,    ///< also sets
    map,      ///< RESP3's: elements() are key, value, key, value …
  };

  Reply() = default;
  Reply(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  explicit Reply(std::int64_t value) : kind_(Kind::integer), integer_(value) {}
  Reply(Kind kind, std::vector<Reply> elements) : kind_(kind), elements_(std::move(elements)) {}

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool isNull() const { return kind_ == Kind::null; }
  [[nodiscard]] bool isError() const { return kind_ == Kind::error; }
  /// Is it this text ("OK")?
  [[nodiscard]] bool is(std::string_view text) const { return kind_ == Kind::text && text_ == text; }
  /// Of text, number and error; empty for other kinds.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The first word of an error ("WRONGTYPE", "MOVED"), which code decides on; empty for other kinds.
  [[nodiscard]] std::string_view errorCode() const;
  /// An integer, or a text that is one in decimal; nothing for anything else.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  /// Of arrays and maps; empty for other kinds.
  [[nodiscard]] const std::vector<Reply>& elements() const { return elements_; }
  /// The element, or a null reply behind the end.
  [[nodiscard]] const Reply& at(std::size_t index) const;
  /// The value behind this key in a map, or in an array that lists keys and values in turn (RESP2); null if absent.
  [[nodiscard]] const Reply& find(std::string_view key) const;
  /// For logs and test output: "OK", (integer) 3, [a, b], cut at about 200 characters. No secret is ever in a reply to
  /// our commands.
  [[nodiscard]] std::string describe() const;

 private:
  Kind kind_ = Kind::null;
  std::string text_;
  std::int64_t integer_ = 0;
  std::vector<Reply> elements_;
};

struct ReplyLimits {
  std::size_t bytes = std::size_t{64} << 20U;  ///< of one reply
  std::size_t elements = 1U << 20U;            ///< of one reply, all levels together
};

/// Cuts a stream of bytes into replies. Depth is limited to ReplyScanner::kMaxDepth. Pushes and attributes are dropped.
/// One thread.
class ReplyReader {
 public:
  explicit ReplyReader(ReplyLimits limits = {}) : limits_(limits) {}

  void append(std::string_view bytes) { window_.append(bytes); }
  /// The next complete reply; nothing if more bytes are needed. Throws Error(badReply) if the bytes are no RESP or a
  /// reply passes a limit; then the connection is of no more use.
  [[nodiscard]] std::optional<Reply> next();
  /// Bytes behind the last reply that next() gave, taken out: what follows the replies is no RESP (a snapshot).
  [[nodiscard]] std::string takeRest();

 private:
  ReplyLimits limits_;
  ReplyScanner scanner_;
  std::string window_;
  std::size_t begin_ = 0;    ///< of the reply at hand
  std::size_t scanned_ = 0;  ///< up to here the scanner has seen it
  std::vector<ReplyProblem> problems_;
};

}  // namespace drs::resp
