#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// The names of tables for which a table of this name may be the new one that a tool for schema changes builds beside
/// them: gh-ost's `_t_gho`, pt-online-schema-change's `_t_new` (with more underscores in front while the name is
/// taken). Empty: it is no such name.
[[nodiscard]] std::vector<std::string> tablesOfGhost(std::string_view name);

}  // namespace drs::mysql
