#include "model/field_spec.h"

#include "model/utf8.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace drs {
namespace {

constexpr std::int64_t kConditionCharacters = 512;  // filter_conditions, config_conditions

bool isDecimal(std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  return text.front() != '-' && (text.front() != '0' || text.size() == 1) && number >= min && number <= max;
}

bool isListOf(const std::vector<std::string_view>& values, std::string_view list) {
  std::vector<bool> seen(values.size());
  while (true) {
    const std::size_t comma = list.find(',');
    const auto at = std::find(values.begin(), values.end(), list.substr(0, comma));
    if (at == values.end()) return false;
    const auto index = static_cast<std::size_t>(at - values.begin());
    if (seen[index]) return false;
    seen[index] = true;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

std::optional<char32_t> firstForbidden(const Letters* letters, std::string_view text) {
  while (!text.empty()) {
    const CodePoint c = *firstCodePoint(text);  // the caller has checked that it is UTF-8
    if (c.value == 0 || (letters != nullptr && !letters->allowed(c.value))) return c.value;
    text.remove_prefix(c.size);
  }
  return std::nullopt;
}

bool fitsShape(const Rule& rule, std::string_view text) {
  if (rule.list) return isListOf(rule.values, text);
  if (!rule.values.empty()) return std::find(rule.values.begin(), rule.values.end(), text) != rule.values.end();
  if (rule.numeric) return isDecimal(text, rule.min, rule.max);
  return rule.format == nullptr || rule.format->fits(text);
}

/// Everything that can be said about one text. `shown` is what a problem may print.
bool checkText(std::string_view text, const Rule& rule, std::string_view shown, const std::string& path,
               Decoding& run) {
  if (!run.rulesApply()) return true;
  const auto characters = countCharacters(text);
  if (!characters) {
    run.notAllowed(path, shown, "text in UTF-8");
    return false;
  }
  const bool mayBeEmpty = rule.min == 0 && !rule.numeric && !rule.list;
  if (text.empty() && rule.mandatory && (!mayBeEmpty || !rule.values.empty())) {
    run.missing(path);
    return false;
  }
  if (const auto bad = firstForbidden(rule.letters, text)) {
    run.forbidden(path, shown, nameOfCharacter(*bad),
                  rule.letters == nullptr ? "text without U+0000" : allowedText(rule));
    return false;
  }
  const auto length = static_cast<std::int64_t>(*characters);
  const bool measured = rule.values.empty() && !rule.numeric;
  if (measured && (length < rule.min || length > rule.max)) {
    Rule lengthOnly = rule;
    lengthOnly.format = nullptr;
    run.tooLong(length > rule.max ? rule.tooLong : Msg::valueNotAllowed, path, shown, allowedText(lengthOnly));
    return false;
  }
  if (!fitsShape(rule, text)) {
    run.notAllowed(path, shown, allowedText(rule));
    return false;
  }
  return true;
}

bool expectType(bool fits, const Json& value, std::string_view expected, const std::string& path, Decoding& run) {
  if (!fits) run.wrongType(path, expected, value);
  return fits;
}

bool checkCount(std::size_t count, const Rule& rule, const std::string& path, Decoding& run) {
  if (!run.rulesApply()) return true;
  const auto n = static_cast<std::int64_t>(count);
  if (n == 0 && rule.min > 0) {
    run.missing(path);
    return false;
  }
  if (n <= rule.max) return true;
  if (rule.tooLong == Msg::tooManyTags) {
    const std::string shown = std::to_string(count);
    run.report(
        {rule.tooLong, path, shown, fmt::format("at most {}", rule.max), {path, shown, std::to_string(rule.max)}});
  } else {
    const std::string allowed =
        rule.min == rule.max ? fmt::format("exactly {}", rule.max) : fmt::format("at most {}", rule.max);
    run.notAllowed(path, fmt::format("{} elements", count), allowed);
  }
  return false;
}

}  // namespace

namespace impl {

const Json* findMember(const Json& object, std::string_view name) {
  const auto at = object.find(name);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

std::size_t elementCount(const Json& array) {
  return array.size();
}
const Json& elementAt(const Json& array, std::size_t index) {
  return array[index];
}

void forEachMember(const Json& object, const std::function<void(const std::string&, const Json&)>& fn) {
  for (const auto& [key, value] : object.items()) {
    if (!value.is_null()) fn(key, value);
  }
}

bool expectObject(const Json& value, const std::string& path, Decoding& run) {
  if (!value.is_object()) run.noContainer(path, "an object", value);
  return value.is_object();
}

bool expectArray(const Json& value, const Rule& rule, const std::string& path, Decoding& run) {
  if (!value.is_array()) {
    run.noContainer(path, "an array", value);
    return false;
  }
  return checkCount(value.size(), rule, path, run);
}

bool expectMap(const Json& value, const Rule& rule, const std::string& path, Decoding& run) {
  return expectObject(value, path, run) && checkCount(value.size(), rule, path, run);
}

bool keyFits(const std::string& key, const std::string& path, Decoding& run) {
  static const Rule kKey = text(1, static_cast<std::int64_t>(kMaxKeyCharacters));
  return checkText(key, kKey, key, path, run);
}

// The ordered object is a vector; its operator[] looks for the key from the front, which is too slow for large maps.
// The keys are known to be new here.
OutJson& addMember(OutJson& into, std::string_view name, OutJson value) {
  auto& members = into.get_ref<OutJson::object_t&>();
  members.emplace_back(std::string(name), std::move(value));
  return members.back().second;
}
OutJson& addObject(OutJson& into, std::string_view name) {
  return addMember(into, name, OutJson::object());
}
OutJson& addArray(OutJson& into, std::string_view name) {
  return addMember(into, name, OutJson::array());
}
OutJson& addElement(OutJson& array) {
  return array.emplace_back(OutJson::object());
}

}  // namespace impl

void decodeValue(std::optional<std::string>& out, const Json& value, const Rule& rule, const std::string& path,
                 Decoding& run) {
  out.reset();
  if (rule.acceptNumber && value.is_number_integer()) {
    const std::string number = value.dump();
    if (checkText(number, rule, number, path, run)) out = number;
    return;
  }
  if (!expectType(value.is_string(), value, "text", path, run)) return;
  const auto& sent = value.get_ref<const std::string&>();
  if (checkText(sent, rule, sent, path, run)) out = sent;
}

void decodeValue(std::optional<bool>& out, const Json& value, const Rule&, const std::string& path, Decoding& run) {
  out.reset();
  if (expectType(value.is_boolean(), value, "a boolean", path, run)) out = value.get<bool>();
}

void decodeValue(std::optional<std::int64_t>& out, const Json& value, const Rule& rule, const std::string& path,
                 Decoding& run) {
  out.reset();
  if (!expectType(value.is_number_integer(), value, "an integer", path, run)) return;
  const bool tooLarge = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
  const std::int64_t number = tooLarge ? 0 : value.get<std::int64_t>();
  const bool listed = rule.numbers.empty()
                          ? number >= rule.min && number <= rule.max
                          : std::find(rule.numbers.begin(), rule.numbers.end(), number) != rule.numbers.end();
  if (run.rulesApply() && (tooLarge || !listed)) {
    const bool enumerated = !rule.numbers.empty();
    run.notAllowed(path, value.dump(), enumerated ? allowedText(rule) : fmt::format("{} to {}", rule.min, rule.max));
    return;
  }
  out = number;
}

void decodeValue(std::optional<Secret>& out, const Json& value, const Rule& rule, const std::string& path,
                 Decoding& run) {
  constexpr std::string_view kHidden = "***";
  out.reset();
  if (!value.is_string()) {
    run.wrongTypeOfSecret(path, value);
    return;
  }
  const auto& sent = value.get_ref<const std::string&>();
  if (checkText(sent, rule, kHidden, path, run)) out = Secret{sent, !run.rulesApply()};
}

void decodeValue(std::optional<std::vector<std::string>>& out, const Json& value, const Rule& rule,
                 const std::string& path, Decoding& run) {
  static const Rule kElement = text(0, kConditionCharacters);
  out.reset();
  if (!impl::expectArray(value, rule, path, run)) return;
  out.emplace();
  for (std::size_t i = 0; i < value.size() && !run.full(); ++i) {
    std::optional<std::string> element;
    decodeValue(element, value[i], kElement, elementPath(path, i), run);
    if (element) out->push_back(std::move(*element));
  }
}

void encodeValue(const std::optional<std::string>& value, OutJson& into, std::string_view name, EncodeFor) {
  if (value) impl::addMember(into, name, *value);
}
void encodeValue(const std::optional<bool>& value, OutJson& into, std::string_view name, EncodeFor) {
  if (value) impl::addMember(into, name, *value);
}
void encodeValue(const std::optional<std::int64_t>& value, OutJson& into, std::string_view name, EncodeFor) {
  if (value) impl::addMember(into, name, *value);
}

void encodeValue(const std::optional<Secret>& value, OutJson& into, std::string_view name, EncodeFor purpose) {
  if (!value || purpose == EncodeFor::answer) return;
  if (!value->sealed) throw Error(Msg::internal, {fmt::format("{} is not sealed", name)});
  impl::addMember(into, name, value->text);
}

void encodeValue(const std::optional<std::vector<std::string>>& value, OutJson& into, std::string_view name,
                 EncodeFor) {
  if (!value) return;
  OutJson& array = impl::addArray(into, name);
  for (const auto& element : *value) array.emplace_back(element);
}

}  // namespace drs
