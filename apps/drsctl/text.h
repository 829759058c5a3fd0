#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

// Text for people: everything that came over the network passes printable() before it reaches a terminal.

namespace drs::ctl {

/// A member of an object as text: "" if it is absent; numbers and booleans are written out.
[[nodiscard]] std::string textOf(const nlohmann::json& object, std::string_view member);

/// Control characters (which could drive a terminal) become "?"; line feeds stay if `lines`.
[[nodiscard]] std::string printable(std::string_view text, bool lines = false);

/// Indented JSON, valid UTF-8.
[[nodiscard]] std::string jsonText(const nlohmann::json& value);

/// Rows under headings, columns aligned, two spaces apart; ends with a line feed.
[[nodiscard]] std::string table(const std::vector<std::string>& headings,
                                const std::vector<std::vector<std::string>>& rows);

/// Characters, as far as columns of a terminal are concerned: code points.
[[nodiscard]] std::size_t width(std::string_view text);

}  // namespace drs::ctl
