#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// Appends a double as MySQL prints it in JSON: the shortest digits that give the same double back, with a point
/// ("1.0", "0.000000000000001") or an exponent (below 1e-15, and whole numbers from 1e15 on: "1e20"). `value` is
/// finite.
void appendJsonReal(std::string& out, double value);

/// Appends a text as a JSON string, with the escapes that MySQL prints.
void appendJsonString(std::string& out, std::string_view text);

/// MySQL reads a number in a JSON text as a 64-bit integer or as a double. Gives the first number of a text, as MySQL
/// printed it, that would come out different: a DECIMAL; empty if there is none. Integers and doubles always pass.
[[nodiscard]] std::string_view numberThatChanges(std::string_view json);

/// A number that numberThatChanges() means, and where it stands.
struct JsonNumber {
  std::string path;         ///< of MySQL's JSON functions: "$[2].\"price\"", members quoted as in the text
  std::string_view number;  ///< within the text
};
/// The first `limit` of them. `json` is a text as MySQL prints it: well formed, no member twice in one object.
[[nodiscard]] std::vector<JsonNumber> numbersThatChange(std::string_view json, std::size_t limit);

}  // namespace drs::mysql
