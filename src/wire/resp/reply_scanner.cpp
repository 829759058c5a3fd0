#include "wire/resp/reply_scanner.h"

#include "wire/resp/bad_reply.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace drs::resp {
namespace {

/// Longer than anything that is, short enough for sums of it.
constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 40U;

std::string shown(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code >= 0x20 && code < 0x7f ? fmt::format("'{}'", c) : fmt::format("byte {}", code);
}

bool isBulk(char type) {
  return type == '$' || type == '!' || type == '=';
}

}  // namespace

ReplyScanner::Progress ReplyScanner::feed(std::string_view bytes, std::vector<ReplyProblem>& problems,
                                          std::uint64_t most) {
  const std::uint64_t before = complete_;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end && complete_ - before < most) {
    switch (state_) {
      case State::type:
        takeType(*at++);
        break;
      case State::number:
        at = takeNumber(at, end);
        break;
      case State::line:
      case State::errorLine:
        at = takeLine(at, end);
        break;
      case State::lineFeed:
        if (*at++ != '\n') refuse("a line whose CR has no LF");
        lineEnds(problems);
        break;
      case State::bulk:
        at = takeBulk(at, end);
        break;
      case State::bulkEnd:
        if (*at != (ends_ == 0 ? '\r' : '\n')) refuse("a bulk that is longer than its length says");
        ++at;
        if (++ends_ == 2) elementEnds(problems);
        break;
    }
  }
  return {static_cast<std::size_t>(at - bytes.data()), complete_ - before};
}

void ReplyScanner::takeType(char type) {
  type_ = type;
  switch (type) {
    case '+':
    case ':':
    case ',':
    case '(':
    case '#':
    case '_':
      state_ = State::line;
      break;
    case '-':
      state_ = State::errorLine;
      break;
    case '>':
      if (depth_ > 0 || attribute_) refuse("a push inside a reply");
      [[fallthrough]];
    case '$':
    case '!':
    case '=':
    case '*':
    case '~':
    case '%':
    case '|':
      state_ = State::number;
      negative_ = digits_ = false;
      number_ = 0;
      break;
    default:
      refuse(fmt::format("a reply that begins with {}", shown(type)));
  }
  if (depth_ == 0) attribute_ = type == '|';
}

const char* ReplyScanner::takeNumber(const char* at, const char* end) {
  for (; at != end; ++at) {
    const char c = *at;
    if (c >= '0' && c <= '9') {
      digits_ = true;
      number_ = number_ * 10 + static_cast<std::uint64_t>(c - '0');
      if (number_ > kMaxNumber) refuse("a length that is too large");
    } else if (c == '-' && !negative_ && !digits_) {
      negative_ = true;
    } else if (c == '\r' && digits_) {
      state_ = State::lineFeed;
      return at + 1;
    } else {
      refuse("a length that is no number");
    }
  }
  return at;
}

const char* ReplyScanner::takeLine(const char* at, const char* end) {
  const auto* const found = static_cast<const char*>(std::memchr(at, '\r', static_cast<std::size_t>(end - at)));
  const char* const to = found == nullptr ? end : found;
  if (state_ == State::errorLine) keepText(at, to);
  if (found == nullptr) return end;
  state_ = State::lineFeed;
  return found + 1;
}

const char* ReplyScanner::takeBulk(const char* at, const char* end) {
  const std::uint64_t size = std::min<std::uint64_t>(number_, static_cast<std::uint64_t>(end - at));
  if (type_ == '!') keepText(at, at + size);
  number_ -= size;
  if (number_ == 0) {
    state_ = State::bulkEnd;
    ends_ = 0;
  }
  return at + size;
}

void ReplyScanner::keepText(const char* from, const char* to) {
  const std::size_t room = kMaxErrorBytes - text_.size();
  text_.append(from, std::min(room, static_cast<std::size_t>(to - from)));
}

void ReplyScanner::lineEnds(std::vector<ReplyProblem>& problems) {
  if (isBulk(type_) || type_ == '*' || type_ == '~' || type_ == '%' || type_ == '>' || type_ == '|') {
    numberEnds(problems);
  } else {
    elementEnds(problems);
  }
}

void ReplyScanner::numberEnds(std::vector<ReplyProblem>& problems) {
  if (negative_) {
    if (number_ != 1 || (type_ != '$' && type_ != '*')) refuse("a negative length");
    if (type_ == '*' && depth_ == 0) report(ReplyProblem::Kind::nullArray, problems);
    elementEnds(problems);
  } else if (isBulk(type_)) {
    state_ = number_ == 0 ? State::bulkEnd : State::bulk;
    ends_ = 0;
  } else {
    open(type_ == '%' || type_ == '|' ? number_ * 2 : number_, problems);
  }
}

void ReplyScanner::open(std::uint64_t elements, std::vector<ReplyProblem>& problems) {
  if (elements == 0) {
    if (type_ == '|' || type_ == '>') {
      state_ = State::type;
    } else {
      elementEnds(problems);
    }
    return;
  }
  if (depth_ == kMaxDepth) refuse("a reply that is nested too deeply");
  levels_.at(depth_++) = {elements, elements, type_};
  state_ = State::type;
}

void ReplyScanner::elementEnds(std::vector<ReplyProblem>& problems) {
  if (type_ == '-' || type_ == '!')
    report(depth_ == 0 ? ReplyProblem::Kind::error : ReplyProblem::Kind::inner, problems);
  state_ = State::type;
  while (depth_ > 0) {
    Level& level = levels_.at(depth_ - 1);
    if (--level.left > 0) return;
    --depth_;
    // The element that an attribute belongs to is yet to come; a push is not part of the replies.
    if (level.type == '|' || level.type == '>') return;
  }
  ++complete_;
}

void ReplyScanner::report(ReplyProblem::Kind kind, std::vector<ReplyProblem>& problems) {
  const bool counts = depth_ == 0 || (levels_[0].type != '>' && levels_[0].type != '|');
  const std::uint64_t position = depth_ == 0 ? 0 : levels_[0].size - levels_[0].left;
  if (counts) problems.push_back({kind, complete_, position, std::move(text_)});
  text_.clear();
}

}  // namespace drs::resp
