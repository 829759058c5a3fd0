#include "api/query.h"

#include "api/json_io.h"
#include "base/error.h"
#include "model/utf8.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace drs::api {
namespace {

constexpr std::int64_t kMaxLimit = 1000;
constexpr std::int64_t kMaxOffset = 2147483647;

std::int64_t number(const http::Request& request, std::string_view name, std::int64_t fallback, std::int64_t least,
                    std::int64_t most) {
  const auto text = request.queryValue(name);
  if (!text) return fallback;
  std::int64_t value = 0;
  const char* const begin = text->data();
  const char* const end = begin + text->size();
  const auto [stop, failure] = std::from_chars(begin, end, value);
  if (failure == std::errc() && stop == end && value >= least && value <= most) return value;
  throw Error(
      Msg::badPaging,
      {std::string(name), shortened(*text, kShownCharacters), std::to_string(least) + " to " + std::to_string(most)},
      Origin::request);
}

/// The digits of `text` from `at`; nothing if there is anything else.
std::optional<unsigned> digits(std::string_view text, std::size_t at, std::size_t count) {
  unsigned value = 0;
  const char* const begin = text.data() + at;
  const auto [stop, failure] = std::from_chars(begin, begin + count, value);
  if (failure != std::errc() || stop != begin + count) return std::nullopt;
  return value;
}

std::optional<UnixMillis> timeOf(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] != '0' && text[i] != kForm[i]) return std::nullopt;
  const auto y = digits(text, 0, 4), m = digits(text, 5, 2), d = digits(text, 8, 2);
  const auto h = digits(text, 11, 2), min = digits(text, 14, 2), s = digits(text, 17, 2);
  if (!y || !m || !d || !h || !min || !s || *h > 23 || *min > 59 || *s > 59) return std::nullopt;
  const year_month_day date(year(static_cast<int>(*y)), month(*m), day(*d));
  if (!date.ok()) return std::nullopt;
  return milliseconds(sys_days(date).time_since_epoch() + hours(*h) + minutes(*min) + seconds(*s)).count();
}

[[noreturn]] void refuse(std::string_view name, std::string_view value, std::string allowed) {
  throw Error(Msg::valueNotAllowed, {std::string(name), shortened(value, kShownCharacters), std::move(allowed)},
              Origin::request);
}

}  // namespace

Paging pagingOf(const http::Request& request) {
  Paging paging;
  paging.offset = number(request, "offset", paging.offset, 0, kMaxOffset);
  paging.limit = number(request, "limit", paging.limit, 1, kMaxLimit);
  return paging;
}

std::optional<std::string> queryText(const http::Request& request, std::string_view name) {
  const auto value = request.queryValue(name);
  if (!value || value->empty()) return std::nullopt;
  return std::string(*value);
}

std::string requiredQuery(const http::Request& request, std::string_view name) {
  auto value = queryText(request, name);
  if (!value) throw Error(Msg::missingMember, {std::string(name)}, Origin::request);
  return *value;
}

std::optional<std::string> queryChoice(const http::Request& request, std::string_view name,
                                       std::span<const std::string_view> allowed) {
  auto value = queryText(request, name);
  if (value && std::find(allowed.begin(), allowed.end(), *value) == allowed.end())
    refuse(name, *value, listed(allowed));
  return value;
}

std::string requiredQueryChoice(const http::Request& request, std::string_view name,
                                std::span<const std::string_view> allowed) {
  (void)requiredQuery(request, name);
  return *queryChoice(request, name, allowed);
}

bool isDescending(const http::Request& request) {
  static constexpr std::string_view kDirections[] = {"desc", "asc"};
  return queryChoice(request, "sort_dir", kDirections) != "asc";
}

bool queryFlag(const http::Request& request, std::string_view name) {
  static constexpr std::string_view kFlags[] = {"true", "false"};
  return queryChoice(request, name, kFlags) == "true";
}

std::optional<UnixMillis> queryTime(const http::Request& request, std::string_view name) {
  const auto text = queryText(request, name);
  if (!text) return std::nullopt;
  const auto time = timeOf(*text);
  if (!time) refuse(name, *text, "a time in UTC like 2020-09-01T18:50:20Z");
  return time;
}

std::vector<std::string> queryList(const http::Request& request, std::string_view name, std::size_t most) {
  std::vector<std::string> out;
  for (const std::string& value : request.queryValues(name)) {
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      if (end > 0) out.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  if (out.size() > most) refuse(name, std::to_string(out.size()) + " values", "at most " + std::to_string(most));
  return out;
}

}  // namespace drs::api
