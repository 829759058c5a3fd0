#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace drs {

/// One message of the catalogue (catalogue.def). The symbol is what code decides on, never the text.
enum class Msg {
#define X(symbol, code, http, action, text, remedy) symbol,
#include "base/catalogue.def"
#undef X
};

/// Where the cause lies.
enum class Origin { request, source, target, store, internal };

/// What the caller can do: try again later, involve the user, or nothing.
enum class Action { retry, ask_user, give_up };

/// What the catalogue says about a message; lives for ever.
struct Message {
  std::string_view symbol;
  std::string_view code;  ///< public code, e.g. "DRS.M00201"
  int http;               ///< status of the answer if it reaches an API client
  Action action;
  std::string_view text;    ///< fmt pattern
  std::string_view remedy;  ///< fmt pattern, may be empty
};

/// The catalogue's entry; never fails.
[[nodiscard]] const Message& message(Msg msg) noexcept;

/// All symbols in the order of the catalogue (for the generated reference and the tests).
[[nodiscard]] const std::vector<Msg>& allMessages();

/// The catalogue's text with its arguments filled in. A pattern that does not fit its arguments yields the pattern.
[[nodiscard]] std::string format(std::string_view pattern, const std::vector<std::string>& args);

/// A failure that ends the operation that was asked for. Expected outcomes (end of log, lease lost, row absent) are
/// return values instead. Caught in three places only: HTTP session, task runner, main.
class Error : public std::exception {
 public:
  /// `args` fill the catalogue's text; `detail` is for the log only and never reaches a client.
  explicit Error(Msg msg, std::vector<std::string> args = {}, Origin origin = Origin::internal,
                 std::string detail = {});

  [[nodiscard]] Msg msg() const noexcept { return msg_; }
  [[nodiscard]] Origin origin() const noexcept { return origin_; }
  [[nodiscard]] Action action() const noexcept { return message(msg_).action; }
  [[nodiscard]] const std::vector<std::string>& args() const noexcept { return args_; }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }  ///< filled in, without the remedy
  [[nodiscard]] std::string remedy() const;                                 ///< filled in, may be empty
  [[nodiscard]] std::string_view code() const noexcept { return message(msg_).code; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  Msg msg_;
  Origin origin_;
  std::vector<std::string> args_;
  std::string detail_;
  std::string text_;
};

/// "retry", "ask_user", "give_up" and "request", "source" …: as stored and shown.
[[nodiscard]] std::string_view toText(Action action) noexcept;
[[nodiscard]] std::string_view toText(Origin origin) noexcept;

}  // namespace drs
