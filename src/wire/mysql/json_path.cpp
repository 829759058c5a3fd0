#include "wire/mysql/json_path.h"

#include "wire/mysql/json_items.h"

#include <charconv>

namespace drs::mysql {
namespace {

/// Reads a path from left to right.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  std::vector<JsonStep> steps() {
    if (take() != '$') throwDamagedJson();
    std::vector<JsonStep> out;
    while (at_ < text_.size()) {
      const char kind = take();
      if (kind != '.' && kind != '[') throwDamagedJson();
      out.push_back(kind == '.' ? JsonStep{member(), 0} : JsonStep{std::nullopt, cell()});
    }
    return out;
  }

 private:
  char take() {
    if (at_ >= text_.size()) throwDamagedJson();
    return text_[at_++];
  }

  std::uint64_t cell() {
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), out);
    if (error != std::errc()) throwDamagedJson();
    at_ = static_cast<std::size_t>(end - text_.data());
    if (take() != ']') throwDamagedJson();
    return out;
  }

  std::string member() {
    if (at_ < text_.size() && text_[at_] == '"') return quoted();
    const std::size_t end = std::min(text_.find_first_of(".[", at_), text_.size());
    std::string out(text_.substr(at_, end - at_));
    if (out.empty() || out == "*") throwDamagedJson();
    at_ = end;
    return out;
  }

  std::string quoted() {
    std::string out;
    ++at_;
    for (char c = take(); c != '"'; c = take()) {
      if (c == '\\') {
        appendEscaped(out);
      } else {
        out += c;
      }
    }
    return out;
  }

  void appendEscaped(std::string& out) {
    constexpr std::string_view kLetters = "bfnrt\"\\/", kMeanings = "\b\f\n\r\t\"\\/";
    const char c = take();
    if (c == 'u') return appendControl(out);
    const std::size_t at = kLetters.find(c);
    if (at == std::string_view::npos) throwDamagedJson();
    out += kMeanings[at];
  }

  /// \u00XX: the server writes no other characters in this form.
  void appendControl(std::string& out) {
    constexpr std::size_t kDigits = 4;
    constexpr unsigned kFirstPrinted = 0x20;
    const std::string_view digits = text_.substr(at_, kDigits);
    unsigned code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (error != std::errc() || digits.size() != kDigits || end != digits.data() + kDigits || code >= kFirstPrinted)
      throwDamagedJson();
    at_ += kDigits;
    out += static_cast<char>(code);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<JsonStep> parseJsonPath(std::string_view text) {
  return PathReader(text).steps();
}

}  // namespace drs::mysql
