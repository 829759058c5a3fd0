#include "wire/mysql/json_text.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iterator>

namespace drs::mysql {
namespace {

/// A decimal of at most this many digits is the shortest text of its double.
constexpr std::size_t kSafeDigits = 15;

/// The end of the string whose opening quote is at `at`, behind its closing quote.
std::size_t skipString(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at)
    if (json[at] == '\\') ++at;
  return at + 1;
}

template <typename T>
bool reads(std::string_view token) {
  T value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  return error == std::errc() && end == token.data() + token.size();
}

bool survives(std::string_view token) {
  // Servers print DECIMALs without an exponent.
  if (token.find_first_of("eE") != std::string_view::npos) return true;
  const std::size_t point = token.find('.');
  if (point == std::string_view::npos)
    return token.size() <= kSafeDigits || reads<std::int64_t>(token) || reads<std::uint64_t>(token);
  const bool trimmed = token.back() != '0' || point + 2 == token.size();
  if (trimmed && token.size() <= kSafeDigits) return true;
  double value = 0;
  if (std::from_chars(token.data(), token.data() + token.size(), value).ec != std::errc()) return false;
  std::string printed;
  appendJsonReal(printed, value);
  return printed == token;
}

std::string_view numberAt(std::string_view json, std::size_t at) {
  const std::size_t end = std::min(json.find_first_not_of("0123456789+-.eE", at), json.size());
  return json.substr(at, end - at);
}

/// Where a walk through a JSON text is.
class JsonPath {
 public:
  void onSymbol(char c) {
    if (c == '{' || c == '[') {
      levels_.push_back({c == '{', c == '{', 0, {}});
    } else if (levels_.empty()) {
      return;
    } else if (c == '}' || c == ']') {
      levels_.pop_back();
    } else if (c == ',') {
      ++levels_.back().index;
      levels_.back().atName = levels_.back().isObject;
    }
  }
  void onString(std::string_view quoted) {
    if (levels_.empty() || !levels_.back().atName) return;
    levels_.back().name = quoted;
    levels_.back().atName = false;
  }
  [[nodiscard]] std::string text() const {
    std::string out = "$";
    for (const Level& level : levels_) {
      if (level.isObject)
        out.append(".").append(level.name);
      else
        out.append("[").append(std::to_string(level.index)).append("]");
    }
    return out;
  }

 private:
  struct Level {
    bool isObject = false;
    bool atName = false;  ///< the next string is a member's name
    std::size_t index = 0;
    std::string_view name;
  };
  std::vector<Level> levels_;
};

}  // namespace

void appendJsonReal(std::string& out, double value) {
  constexpr int kMostDigitsBeforePoint = 15, kMostZerosBehindPoint = 14;  // MAX_DECPT_FOR_F_FORMAT of the servers
  std::array<char, 40> text{};
  const char* const end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr;
  const char* at = text.data();
  if (*at == '-') out += *at++;
  std::string digits(1, *at++);
  if (*at == '.') digits.append(at + 1, std::find(at, end, 'e'));
  const int exponent = std::atoi(std::find(at, end, 'e') + 1);
  const int length = static_cast<int>(digits.size());
  const int point = exponent + 1;  // where it stands in the digits
  if (point < -kMostZerosBehindPoint || (point > kMostDigitsBeforePoint && length <= point)) {
    if (length > 1) digits.insert(1, 1, '.');
    out += digits + 'e' + std::to_string(exponent);
  } else if (point <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else if (length > point) {
    out += digits.insert(static_cast<std::size_t>(point), 1, '.');
  } else {
    out += digits + std::string(static_cast<std::size_t>(point - length), '0') + ".0";  // "1" would be an integer
  }
}

std::string_view numberThatChanges(std::string_view json) {
  std::size_t at = 0;
  while (at < json.size()) {
    if (json[at] == '"') {
      at = skipString(json, at);
    } else if (!isDigit(json[at]) && json[at] != '-') {
      ++at;
    } else {
      const std::string_view token = numberAt(json, at);
      if (!survives(token)) return token;
      at += token.size();
    }
  }
  return {};
}

std::vector<JsonNumber> numbersThatChange(std::string_view json, std::size_t limit) {
  std::vector<JsonNumber> found;
  JsonPath path;
  for (std::size_t at = 0; at < json.size() && found.size() < limit;) {
    if (json[at] == '"') {
      const std::size_t end = std::min(skipString(json, at), json.size());
      path.onString(json.substr(at, end - at));
      at = end;
    } else if (isDigit(json[at]) || json[at] == '-') {
      const std::string_view token = numberAt(json, at);
      if (!survives(token)) found.push_back({path.text(), token});
      at += token.size();
    } else {
      path.onSymbol(json[at]);
      ++at;
    }
  }
  return found;
}

void appendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20U) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace drs::mysql
