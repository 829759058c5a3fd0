#include "wire/resp/command_parser.h"

#include "base/error.h"

#include <fmt/core.h>

#include <algorithm>

namespace drs::resp {
namespace {

/// The shortest argument: "$0\r\n\r\n".
constexpr std::size_t kSmallestArgument = 6;

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

bool isSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

void CommandParser::refuse(std::size_t at, std::string_view why) const {
  throw Error(Msg::logCorrupt, {fmt::format("offset {}", offset_ + at), std::string(why)}, Origin::source);
}

void CommandParser::reset() {
  at_ = expected_ = bulk_ = 0;
  bulkKnown_ = false;
  pieces_.clear();
}

CommandParser::Result CommandParser::finish(Status status, std::size_t size) {
  offset_ += size;
  reset();
  return {status, size};
}

CommandParser::Result CommandParser::parse(std::string_view window) {
  if (window.size() < at_) refuse(at_, "the window has become shorter");
  if (window.empty()) return {Status::incomplete, 1};
  if (window[0] == '*') return parseArray(window);
  if (window[0] == '\n') return finish(Status::heartbeat, 1);
  if (window[0] == '\r') {
    if (window.size() < 2) return {Status::incomplete, 2};
    if (window[1] == '\n') return finish(Status::heartbeat, 2);
  }
  return parseInline(window);
}

bool CommandParser::readNumber(std::string_view window, std::size_t limit, std::size_t& number) {
  std::size_t at = at_ + 1;
  number = 0;
  for (; at < window.size() && isDigit(window[at]); ++at) {
    // A length has one form only, as servers write and demand it.
    if (number == 0 && at > at_ + 1) refuse(at_, "a length with a leading zero");
    number = number * 10 + static_cast<std::size_t>(window[at] - '0');
    if (number > limit) refuse(at_, fmt::format("the length {} or more, the limit is {}", number, limit));
  }
  if (at == window.size()) return false;
  if (at == at_ + 1 || window[at] != '\r') refuse(at_, "a length that is no number");
  if (at + 1 == window.size()) return false;
  if (window[at + 1] != '\n') refuse(at_, "a length without its line end");
  at_ = at + 2;
  return true;
}

CommandParser::Result CommandParser::parseArray(std::string_view window) {
  const auto incomplete = [&](std::size_t toArgument) {
    const std::size_t behind = expected_ == 0 ? kSmallestArgument : (expected_ - pieces_.size()) * kSmallestArgument;
    return Result{Status::incomplete, std::max(window.size() + 1, at_ + toArgument + behind)};
  };
  if (expected_ == 0) {
    if (!readNumber(window, limits_.arguments, expected_)) {
      expected_ = 0;
      return incomplete(0);
    }
    if (expected_ == 0) refuse(0, "a command without a name");
  }
  while (pieces_.size() < expected_) {
    if (!bulkKnown_) {
      if (at_ == window.size()) return incomplete(0);
      if (window[at_] != '$') refuse(at_, "an argument that does not begin with '$'");
      if (!readNumber(window, limits_.bulkBytes, bulk_)) return incomplete(0);
      bulkKnown_ = true;
    }
    if (window.size() - at_ < bulk_ + 2) {
      const std::size_t behind = (expected_ - pieces_.size() - 1) * kSmallestArgument;
      return {Status::incomplete, at_ + bulk_ + 2 + behind};
    }
    if (window[at_ + bulk_] != '\r' || window[at_ + bulk_ + 1] != '\n')
      refuse(at_ + bulk_, "an argument that is longer than its length says");
    pieces_.push_back({at_, bulk_});
    at_ += bulk_ + 2;
    bulkKnown_ = false;
  }
  arguments_.clear();
  for (const Piece& piece : pieces_) arguments_.push_back(window.substr(piece.at, piece.size));
  return finish(Status::command, at_);
}

CommandParser::Result CommandParser::parseInline(std::string_view window) {
  if (!limits_.inlineCommands) refuse(0, "no command begins here: the stream is out of step");
  const std::size_t end = window.find('\n', at_);
  if (end == std::string_view::npos) {
    at_ = window.size();
    if (at_ > limits_.lineBytes) refuse(0, "an inline command without an end");
    return {Status::incomplete, at_ + 1};
  }
  if (end > limits_.lineBytes) refuse(0, "an inline command that is too long");
  const std::string_view line = window.substr(0, end);
  // Servers take quotes off; what they stand for would be no slice of the window.
  if (line.find_first_of("\"'") != std::string_view::npos) refuse(0, "an inline command with quotes");
  arguments_.clear();
  for (std::size_t from = 0; from < line.size();) {
    if (isSpace(line[from])) {
      ++from;
      continue;
    }
    std::size_t to = from;
    while (to < line.size() && !isSpace(line[to])) ++to;
    arguments_.push_back(line.substr(from, to - from));
    from = to;
  }
  return finish(arguments_.empty() ? Status::heartbeat : Status::command, end + 1);
}

}  // namespace drs::resp
