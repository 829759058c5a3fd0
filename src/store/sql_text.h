#pragma once

#include "store/sql.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace drs {

/// Concatenates pieces of a statement.
[[nodiscard]] inline std::string sqlText(std::initializer_list<std::string_view> pieces) {
  std::string out;
  for (const auto piece : pieces) out.append(piece);
  return out;
}

/// Collects conditions and their parameters: add("name = ", value).
class Conditions {
 public:
  /// `before` + placeholder + `after`, joined by AND to what is there.
  void add(std::string_view before, SqlValue value, std::string_view after = "") {
    text_.append(text_.empty() ? " WHERE " : " AND ").append(before).append(bind(std::move(value))).append(after);
  }
  /// "(a OR b …)" of `before` + placeholder + `after` for each value; nothing for no values.
  void addAny(std::string_view before, const std::vector<std::string>& values, std::string_view after = "") {
    if (values.empty()) return;
    text_.append(text_.empty() ? " WHERE (" : " AND (");
    for (std::size_t i = 0; i < values.size(); ++i) {
      text_.append(i == 0 ? "" : " OR ").append(before).append(bind(values[i])).append(after);
    }
    text_.append(")");
  }
  /// A condition without a parameter.
  void addText(std::string_view condition) { text_.append(text_.empty() ? " WHERE " : " AND ").append(condition); }
  /// A further parameter (LIMIT, OFFSET); returns its placeholder.
  std::string bind(SqlValue value) {
    params_.push_back(std::move(value));
    return "$" + std::to_string(params_.size());
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const SqlParams& params() const { return params_; }

 private:
  std::string text_;
  SqlParams params_;
};

/// A LIKE pattern for texts that contain `part`; use with ESCAPE '!'.
[[nodiscard]] inline std::string containing(std::string_view part) {
  std::string out = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '!') out.push_back('!');
    out.push_back(c);
  }
  out.push_back('%');
  return out;
}

/// "'a', 'b'" of our own enumerator texts (never of user input).
template <typename E>
[[nodiscard]] std::string quotedList(const std::vector<E>& values) {
  std::string out;
  for (const E value : values) out.append(out.empty() ? "'" : ", '").append(toText(value)).append("'");
  return out;
}

}  // namespace drs
