#pragma once

#include <string>
#include <string_view>

namespace drs::mysql {

/// Appends the JSON text of a value in MySQL's binary format, in the form that the server prints: keys in stored order,
/// ", " and ": " between, doubles in the shortest text that gives the same double back and always recognisable as
/// doubles, DECIMAL as a number, temporal values as their texts, other opaque values as "base64:type<n>:…". An empty
/// value is null, as for the server. Throws Error(logCorrupt): damage, nesting deeper than the server's 100, or values
/// that overlap so that the text would grow out of all proportion.
void appendJson(std::string& out, std::string_view binary);

}  // namespace drs::mysql
