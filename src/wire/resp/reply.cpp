#include "wire/resp/reply.h"

#include "wire/resp/bad_reply.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace drs::resp {
namespace {

std::optional<std::int64_t> parseInteger(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Reads one reply whose bytes ReplyScanner has found complete: lengths hold and the depth is bounded.
class TreeParser {
 public:
  TreeParser(std::string_view bytes, std::size_t maxElements) : bytes_(bytes), left_(maxElements) {}

  Reply parse() {
    if (left_-- == 0) refuse("a reply with too many elements");
    const char type = bytes_.at(at_++);
    const std::string_view line = takeLine();
    switch (type) {
      case '+':
      case '(':
        return {Reply::Kind::text, std::string(line)};
      case '-':
        return {Reply::Kind::error, std::string(line)};
      case ',':
        return {Reply::Kind::number, std::string(line)};
      case ':':
        return Reply(demandInteger(line));
      case '#':
        return Reply(std::int64_t{line == "t"});
      case '_':
        return {};
      default:
        return withLength(type, line);
    }
  }

  [[nodiscard]] bool atEnd() const { return at_ == bytes_.size(); }

 private:
  Reply withLength(char type, std::string_view line) {
    const std::int64_t length = demandInteger(line);
    if (length < 0) return {};
    const auto size = static_cast<std::size_t>(length);
    switch (type) {
      case '$':
        return {Reply::Kind::text, std::string(takeBulk(size))};
      case '!':
        return {Reply::Kind::error, std::string(takeBulk(size))};
      case '=': {  // "txt:" stands before the text
        const std::string_view whole = takeBulk(size);
        return {Reply::Kind::text, std::string(whole.substr(std::min<std::size_t>(4, whole.size())))};
      }
      case '|':  // belongs to what follows
        (void)elements(size * 2);
        return parse();
      case '>':  // nobody has asked for it
        (void)elements(size);
        return parse();
      case '%':
        return {Reply::Kind::map, elements(size * 2)};
      default:
        return {Reply::Kind::array, elements(size)};
    }
  }

  std::vector<Reply> elements(std::size_t count) {
    std::vector<Reply> all;
    all.reserve(std::min<std::size_t>(count, 1024));
    for (std::size_t i = 0; i < count; ++i) all.push_back(parse());
    return all;
  }

  std::string_view takeLine() {
    const std::size_t end = bytes_.find("\r\n", at_);
    if (end == std::string_view::npos) refuse("a line without an end");
    const std::string_view line = bytes_.substr(at_, end - at_);
    at_ = end + 2;
    return line;
  }

  std::string_view takeBulk(std::size_t size) {
    if (bytes_.size() - at_ < size + 2) refuse("a bulk without an end");
    const std::string_view bulk = bytes_.substr(at_, size);
    at_ += size + 2;
    return bulk;
  }

  static std::int64_t demandInteger(std::string_view line) {
    const std::optional<std::int64_t> value = parseInteger(line);
    if (!value) refuse("an integer that is none");
    return *value;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t left_;
};

void describeInto(const Reply& reply, std::string& out) {
  constexpr std::size_t kEnough = 200;
  if (out.size() > kEnough) return;
  switch (reply.kind()) {
    case Reply::Kind::null:
      out += "(null)";
      break;
    case Reply::Kind::error:
      out += "(error) ";
      [[fallthrough]];
    case Reply::Kind::text:
    case Reply::Kind::number:
      out.append(reply.text(), 0, kEnough);
      break;
    case Reply::Kind::integer:
      out += fmt::format("(integer) {}", *reply.integer());
      break;
    case Reply::Kind::array:
    case Reply::Kind::map: {
      std::string_view between;
      out += '[';
      for (const Reply& each : reply.elements()) {
        if (out.size() > kEnough) break;
        out += between;
        between = ", ";
        describeInto(each, out);
      }
      out += ']';
      break;
    }
  }
}

const Reply kNull;

}  // namespace

std::string_view Reply::errorCode() const {
  if (kind_ != Kind::error) return {};
  return std::string_view(text_).substr(0, text_.find(' '));
}

std::optional<std::int64_t> Reply::integer() const {
  if (kind_ == Kind::integer) return integer_;
  if (kind_ == Kind::text) return parseInteger(text_);
  return std::nullopt;
}

const Reply& Reply::at(std::size_t index) const {
  return index < elements_.size() ? elements_[index] : kNull;
}

const Reply& Reply::find(std::string_view key) const {
  for (std::size_t i = 0; i + 1 < elements_.size(); i += 2)
    if (elements_[i].kind_ == Kind::text && elements_[i].text_ == key) return elements_[i + 1];
  return kNull;
}

std::string Reply::describe() const {
  constexpr std::size_t kMost = 220;
  std::string out;
  describeInto(*this, out);
  if (out.size() > kMost) out.replace(kMost, std::string::npos, "…");
  return out;
}

std::optional<Reply> ReplyReader::next() {
  problems_.clear();
  const ReplyScanner::Progress progress = scanner_.feed(std::string_view(window_).substr(scanned_), problems_, 1);
  scanned_ += progress.bytes;
  if (scanned_ - begin_ > limits_.bytes) refuse(fmt::format("a reply of more than {} bytes", limits_.bytes));
  if (progress.replies == 0) return std::nullopt;
  TreeParser parser(std::string_view(window_).substr(begin_, scanned_ - begin_), limits_.elements);
  Reply reply = parser.parse();
  begin_ = scanned_;
  if (begin_ == window_.size()) {
    window_.clear();
    begin_ = scanned_ = 0;
  }
  return reply;
}

std::string ReplyReader::takeRest() {
  std::string rest = window_.substr(begin_);
  window_.clear();
  begin_ = scanned_ = 0;
  scanner_.reset();
  return rest;
}

}  // namespace drs::resp
