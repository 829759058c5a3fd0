#include "engine/mysql/ghost_table.h"

namespace drs::mysql {

std::vector<std::string> tablesOfGhost(std::string_view name) {
  constexpr std::size_t kMostUnderscores = 10;  // pt-online-schema-change tries no more
  std::vector<std::string> out;
  const bool isGhost = name.ends_with("_gho");
  if (!isGhost && !name.ends_with("_new")) return out;
  std::string_view rest = name.substr(0, name.size() - 4);
  for (std::size_t i = 0; i < (isGhost ? 1 : kMostUnderscores) && rest.starts_with('_'); ++i) {
    rest.remove_prefix(1);
    if (!rest.empty()) out.emplace_back(rest);
  }
  return out;
}

}  // namespace drs::mysql
