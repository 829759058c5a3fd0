#pragma once

#include "wire/mysql/json_items.h"

#include <string>
#include <string_view>

namespace drs::mysql {

/// Appends the JSON text of a value in MySQL's binary format, in the form that the server prints: keys in stored order,
/// ", " and ": " between, doubles in the shortest text that gives the same double back and always recognisable as
/// doubles, DECIMAL as a number, temporal values as their texts, other opaque values as "base64:type<n>:…". An empty
/// value is null, as for the server. Throws Error(logCorrupt): damage, nesting deeper than the server's 100, or values
/// that overlap so that the text would grow out of all proportion.
void appendJson(std::string& out, std::string_view binary);

/// Nesting beyond this is damage; the server's own limit.
inline constexpr unsigned kMaxJsonDepth = 100;
/// The most bytes that the text of so many binary bytes can have.
[[nodiscard]] std::size_t jsonTextLimit(std::size_t binaryBytes);
/// Appends one value of a larger one, `depth` levels inside of it, in the form of appendJson(). `limit`: `out` is not
/// longer than this for values that do not overlap. Throws as appendJson().
void appendJsonValue(std::string& out, const JsonValue& value, unsigned depth, std::size_t limit);

}  // namespace drs::mysql
