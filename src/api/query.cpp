#include "api/query.h"

#include "api/json_io.h"
#include "base/error.h"
#include "model/utf8.h"

#include <algorithm>
#include <charconv>

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
