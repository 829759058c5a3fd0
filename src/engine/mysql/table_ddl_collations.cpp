#include "engine/mysql/table_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace drs::mysql {
namespace {

/// `text` with the first `from` replaced by `to`; empty if it does not occur.
std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string_view::npos) return {};
  std::string out(text);
  return out.replace(at, from.size(), to);
}

std::vector<std::string> equalNames(std::string_view name) {
  std::vector<std::string> names{std::string(name)};
  if (name.starts_with("utf8_")) names.push_back(replaced(name, "utf8_", "utf8mb3_"));
  if (name.starts_with("utf8mb3_")) names.push_back(replaced(name, "utf8mb3_", "utf8_"));
  if (name == "utf8mb4_0900_bin") names.emplace_back("utf8mb4_nopad_bin");
  if (name == "utf8mb4_nopad_bin") names.emplace_back("utf8mb4_0900_bin");
  return names;
}

/// The collations of single languages, in MySQL's names (utf8mb4_es_0900_ai_ci) and in MariaDB's
/// (utf8mb4_uca1400_spanish_nopad_ai_ci): the pairs that MariaDB names aliases. For the languages that are not here one
/// of the two has none.
struct CollatedLanguage {
  std::string_view mysql, mariadb;
};
constexpr CollatedLanguage kCollatedLanguages[] = {
    {"cs", "czech"},    {"da", "danish"},        {"de_pb", "german2"}, {"eo", "esperanto"}, {"es", "spanish"},
    {"et", "estonian"}, {"es_trad", "spanish2"}, {"hr", "croatian"},   {"hu", "hungarian"}, {"is", "icelandic"},
    {"la", "roman"},    {"lt", "lithuanian"},    {"lv", "latvian"},    {"pl", "polish"},    {"ro", "romanian"},
    {"sk", "slovak"},   {"sl", "slovenian"},     {"sv", "swedish"},    {"tr", "turkish"},   {"vi", "vietnamese"},
};

/// The language's collation of the other family; empty: none.
std::string ofOtherFamily(std::string_view name) {
  for (const char* strength : {"_ai_ci", "_as_cs"}) {
    for (const CollatedLanguage& language : kCollatedLanguages) {
      std::string mysql = fmt::format("utf8mb4_{}_0900{}", language.mysql, strength);
      std::string mariadb = fmt::format("utf8mb4_uca1400_{}_nopad{}", language.mariadb, strength);
      if (name == mysql) return mariadb;
      if (name == mariadb || name == replaced(mariadb, "_nopad_", "_")) return mysql;
    }
  }
  return {};
}

std::vector<std::string> nearNames(std::string_view name) {
  if (name == "utf8mb4_0900_ai_ci")
    return {"utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_unicode_520_nopad_ci", "utf8mb4_unicode_520_ci"};
  if (name == "utf8mb4_0900_as_ci") return {"utf8mb4_uca1400_nopad_as_ci"};
  if (name == "utf8mb4_0900_as_cs") return {"utf8mb4_uca1400_nopad_as_cs"};
  if (name == "utf8mb4_0900_bin") return {"utf8mb4_bin"};
  std::vector<std::string> names;
  const std::string padded = replaced(name, "_nopad_", "_");
  if (!padded.empty()) names.push_back(padded);
  const std::string_view plain = padded.empty() ? name : std::string_view(padded);
  if (plain == "utf8mb4_uca1400_ai_ci") names.insert(names.end(), {"utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci"});
  if (plain == "utf8mb4_uca1400_as_ci") names.emplace_back("utf8mb4_0900_as_ci");
  if (plain == "utf8mb4_uca1400_as_cs") names.emplace_back("utf8mb4_0900_as_cs");
  if (std::string other = ofOtherFamily(name); !other.empty()) names.push_back(std::move(other));
  if (plain == "utf8mb3_uca1400_ai_ci") names.insert(names.end(), {"utf8mb3_unicode_520_ci", "utf8_unicode_520_ci"});
  return names;
}

/// True if the collation takes 'a' and 'a ' for different.
bool isNoPad(std::string_view name) {
  return name == "binary" || name.find("_nopad_") != std::string_view::npos ||
         name.find("_0900_") != std::string_view::npos;
}

}  // namespace

std::map<std::string, std::string, std::less<>> collationAliases(Connection& server) {
  constexpr std::string_view kAlias = "Alias for ";
  std::map<std::string, std::string, std::less<>> aliases;
  if (!server.server().mariadb) return aliases;
  // The column came with the aliases, in the middle of several releases: 11.4.5, 11.7.2, 11.8.1.
  if (!server.value("SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME "
                    "= 'COLLATIONS' AND COLUMN_NAME = 'COMMENT'"))
    return aliases;
  for (const auto& row : server.query("SELECT COLLATION_NAME, COMMENT FROM information_schema.COLLATIONS WHERE COMMENT "
                                      "LIKE 'Alias for %'"))
    aliases[row.at(0).value_or("")] = row.at(1).value_or("").substr(kAlias.size());
  return aliases;
}

Collations Collations::read(Connection& target) {
  const ServerInfo& server = target.server();
  // From 10.10 on MariaDB lists collations of several charsets once, without the charset in the name; the full names
  // stand elsewhere.
  const bool fullNames = server.mariadb && server.version >= 101001;
  std::set<std::string, std::less<>> known;
  for (const auto& row : target.query(
           fullNames ? "SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
                     : "SELECT COLLATION_NAME FROM information_schema.COLLATIONS"))
    known.insert(row.at(0).value_or(""));
  for (const auto& [alias, name] : collationAliases(target)) known.erase(alias);
  return {std::move(known), server};
}

std::optional<std::string> Collations::firstKnown(const std::vector<std::string>& names) const {
  for (const std::string& name : names)
    if (known_.contains(name)) return name;
  return std::nullopt;
}

std::optional<std::string> Collations::equal(std::string_view collation) const {
  return firstKnown(equalNames(collation));
}

std::optional<std::string> Collations::nearest(std::string_view collation) const {
  if (auto name = equal(collation)) return name;
  return firstKnown(nearNames(collation));
}

bool Collations::keepsApart(std::string_view source, std::string_view target) {
  const auto names = equalNames(source);
  if (std::find(names.begin(), names.end(), target) != names.end()) return true;
  const bool byCodePoint = target == "binary" || target.ends_with("_bin");
  return byCodePoint && (isNoPad(target) || !isNoPad(source));
}

}  // namespace drs::mysql
