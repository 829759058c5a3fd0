#pragma once

#include "http/request.h"
#include "store/records.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Query parameters, by the rules that all lists share (v5-endpoints.md 0). All functions throw Error with origin
// request.

namespace drs::api {

/// offset ≥ 0 (default 0), limit 1–1000 (default 10). Throws Error(badPaging).
[[nodiscard]] Paging pagingOf(const http::Request& request);

/// The first value of a parameter; an empty one counts as absent.
[[nodiscard]] std::optional<std::string> queryText(const http::Request& request, std::string_view name);

/// Throws Error(missingMember).
[[nodiscard]] std::string requiredQuery(const http::Request& request, std::string_view name);

/// A value out of a closed list. Throws Error(valueNotAllowed).
[[nodiscard]] std::optional<std::string> queryChoice(const http::Request& request, std::string_view name,
                                                     std::span<const std::string_view> allowed);
[[nodiscard]] std::string requiredQueryChoice(const http::Request& request, std::string_view name,
                                              std::span<const std::string_view> allowed);

/// sort_dir: desc (default) or asc.
[[nodiscard]] bool isDescending(const http::Request& request);

/// "true" or "false" (any other value is not allowed), false when absent.
[[nodiscard]] bool queryFlag(const http::Request& request, std::string_view name);

/// A time, "2020-09-01T18:50:20Z". Throws Error(valueNotAllowed).
[[nodiscard]] std::optional<UnixMillis> queryTime(const http::Request& request, std::string_view name);

/// A list parameter: the key repeated, each value again a comma list. Throws Error(valueNotAllowed) beyond `most`.
[[nodiscard]] std::vector<std::string> queryList(const http::Request& request, std::string_view name, std::size_t most);

/// The part of `rows` that a page asks for.
template <typename T>
[[nodiscard]] std::span<const T> sliceOf(const std::vector<T>& rows, const Paging& paging) {
  const auto from = std::min(rows.size(), static_cast<std::size_t>(paging.offset));
  return std::span<const T>(rows).subspan(from, std::min(rows.size() - from, static_cast<std::size_t>(paging.limit)));
}

}  // namespace drs::api
