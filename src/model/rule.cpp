#include "model/rule.h"

#include <fmt/format.h>

#include <utility>

namespace drs {
namespace {

Rule with(const Rule& rule, auto change) {
  Rule out = rule;
  change(out);
  return out;
}

std::string rangeText(std::int64_t min, std::int64_t max) {
  return min == max ? std::to_string(min) : fmt::format("{} to {}", min, max);
}

/// An expression for the decimal integers of the few ranges that the contract has as text.
std::string_view numberPattern(std::int64_t min, std::int64_t max) {
  if (min == 1 && max == 65535) {
    return "^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$";
  }
  if (min == 1 && max == 9999) return "^[1-9][0-9]{0,3}$";
  if (min == 14 && max == 100) return "^(1[4-9]|[2-9][0-9]|100)$";
  return "";
}

}  // namespace

Rule Rule::required() const {
  return with(*this, [](Rule& r) { r.mandatory = true; });
}
Rule Rule::only(const Letters& what) const {
  return with(*this, [&](Rule& r) { r.letters = &what; });
}
Rule Rule::shaped(const Format& what) const {
  return with(*this, [&](Rule& r) { r.format = &what; });
}
Rule Rule::whenLong(Msg msg) const {
  return with(*this, [&](Rule& r) { r.tooLong = msg; });
}
Rule Rule::orNumber() const {
  return with(*this, [](Rule& r) { r.acceptNumber = true; });
}
Rule Rule::hidden() const {
  return with(*this, [](Rule& r) { r.notInAnswer = true; });
}
Rule Rule::defaultsTo(std::string_view what) const {
  return with(*this, [&](Rule& r) { r.fallback = what; });
}
Rule text(std::int64_t min, std::int64_t max) {
  return Rule{.min = min, .max = max};
}
Rule numberText(std::int64_t min, std::int64_t max) {
  return Rule{.min = min, .max = max, .numeric = true};
}
Rule oneOf(std::vector<std::string_view> values) {
  return Rule{.max = kShortText, .values = std::move(values)};
}
Rule listOf(std::vector<std::string_view> values) {
  return Rule{.min = 1, .max = kShortText, .values = std::move(values), .list = true};
}
Rule flag() {
  return {};
}
Rule integer(std::int64_t min, std::int64_t max) {
  return Rule{.min = min, .max = max};
}
Rule oneOfNumbers(std::vector<std::int64_t> numbers) {
  return Rule{.numbers = std::move(numbers)};
}
Rule object() {
  return {};
}
Rule elements(std::int64_t min, std::int64_t max) {
  return Rule{.min = min, .max = max};
}

std::string allowedText(const Rule& rule) {
  if (rule.list) return fmt::format("a comma-separated list of {}, each at most once", fmt::join(rule.values, ", "));
  if (!rule.values.empty()) {
    std::vector<std::string_view> shown = rule.values;
    for (auto& value : shown) value = value.empty() ? std::string_view("an empty text") : value;
    return fmt::format("{}", fmt::join(shown, ", "));
  }
  if (!rule.numbers.empty()) return fmt::format("{}", fmt::join(rule.numbers, ", "));
  if (rule.numeric) return fmt::format("an integer from {} to {}, as text", rule.min, rule.max);
  if (rule.format != nullptr) return std::string(rule.format->words);
  const std::string range = rangeText(rule.min, rule.max) + " characters";
  return rule.letters == nullptr ? range : fmt::format("{}: {}", range, rule.letters->words);
}

std::string patternOf(const Rule& rule) {
  if (rule.list) {
    const std::string any = fmt::format("({})", fmt::join(rule.values, "|"));
    return fmt::format("^{0}(,{0})*$", any);
  }
  if (rule.numeric) return std::string(numberPattern(rule.min, rule.max));
  if (rule.letters != nullptr) return std::string(rule.letters->pattern);
  if (rule.format != nullptr) return std::string(rule.format->pattern);
  return {};
}

std::string_view toText(Use use) noexcept {
  switch (use) {
    case Use::enacted:
      return "enacted";
    case Use::placement:
      return "placement";
    case Use::stored:
      return "stored only";
    case Use::later:
      return "refused until a later version";
  }
  return "";
}

}  // namespace drs
