#include "engine/redis/selection.h"

#include "base/error.h"
#include "wire/resp/glob.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace drs::redis {
namespace {

/// Each pattern is tried on each key, so that a thousand of them already cost more than all the rest.
constexpr std::size_t kMaxPatterns = 1000;
constexpr std::string_view kSpecial = "*?[\\";

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw Error(Msg::crossField, {path, reason}, Origin::request);
}

std::uint32_t databaseNumber(const std::string& text, const std::string& path) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number > kLargestDatabase || (text.size() > 1 && text.front() == '0'))
    throw Error(Msg::valueNotAllowed, {path, text, "the number of a Redis database: 0, 1, …"}, Origin::request);
  return number;
}

bool given(const std::optional<std::string>& text) {
  return text && !text->empty();
}

template <typename List>
bool hasItems(const std::optional<List>& list) {
  return list && !list->empty();
}

void checkTable(const std::string& name, const TableObject& table, const std::string& path) {
  if (name.empty()) refuse(path, "a prefix or pattern of keys must not be empty; all: true of the database takes all");
  if (given(table.syncType)) refuse(path + ".sync_type", "keys are not looked up by a filter");
  if (given(table.type) && *table.type != "table") refuse(path + ".type", "a Redis has keys, no " + *table.type);
  if (given(table.name) && *table.name != name)
    refuse(path + ".name", "other names for keys are not supported by this version");
  if (given(table.dbAliasName)) refuse(path + ".db_alias_name", "the keys of a database go to one database");
  if (given(table.schemaAliasName)) refuse(path + ".schema_alias_name", "a Redis has no schemas");
  if (table.filtered.value_or(false) || hasItems(table.filterConditions))
    refuse(path + ".filter_conditions", "values are not filtered; choose keys by prefixes and patterns");
  if (hasItems(table.configConditions)) refuse(path + ".config_conditions", "values are not filtered");
  if (hasItems(table.columns) || !table.all.value_or(true)) refuse(path + ".columns", "a Redis has no columns");
}

/// Sorted, and without those that begin with another one.
void reducePrefixes(std::vector<std::string>& prefixes) {
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<std::string> kept;
  for (std::string& each : prefixes)
    if (kept.empty() || !each.starts_with(kept.back())) kept.push_back(std::move(each));
  prefixes = std::move(kept);
}

Selection::Database compile(const JobSpec& spec, const std::string& name, const DatabaseObject& object,
                            const std::string& path) {
  Selection::Database out;
  out.source = databaseNumber(name, path);
  out.target = given(object.name) ? databaseNumber(*object.name, path + ".name") : out.source;
  if (given(object.syncType)) refuse(path + ".sync_type", "keys are not looked up by a filter");
  if (hasItems(object.schemas)) refuse(path + ".schemas", "a Redis has databases and keys, no schemas");
  if (object.tables) {
    for (const auto& [text, table] : *object.tables) {
      std::string at = path;
      at.append(".tables.").append(text);
      checkTable(text, table, at);
      (isKeyPattern(text) ? out.patterns : out.prefixes).push_back(text);
    }
  }
  // As for other databases: in the scope database one that is named by itself is meant as a whole.
  out.whole = object.all.value_or(spec.dbObject.objectScope == "database" && !hasItems(object.tables));
  if (!out.whole && out.prefixes.empty() && out.patterns.empty())
    refuse(path + ".tables", "nothing is selected: list prefixes or patterns of keys, or set all to true");
  if (out.patterns.size() > kMaxPatterns)
    refuse(path + ".tables", std::to_string(out.patterns.size()) +
                                 " patterns of keys, each of which is tried on every " +
                                 "key; allowed: " + std::to_string(kMaxPatterns) + ", and any number of prefixes");
  reducePrefixes(out.prefixes);
  return out;
}

}  // namespace

bool isKeyPattern(std::string_view name) noexcept {
  return name.find_first_of(kSpecial) != std::string_view::npos;
}

Selection::Selection(const JobSpec& spec) : all_(spec.dbObject.objectScope == "all") {
  if (all_) return;
  const std::string path = "db_object.object_info";
  if (!hasItems(spec.dbObject.objectInfo)) refuse(path, "nothing is selected: name databases, or use object_scope all");
  std::map<std::uint32_t, std::uint32_t> sources;  // by target
  for (const auto& [name, object] : *spec.dbObject.objectInfo) {
    std::string at = path;
    at.append(".").append(name);
    Database database = compile(spec, name, object, at);
    const auto [other, isNew] = sources.emplace(database.target, database.source);
    if (!isNew)
      refuse(at + ".name", "the databases " + std::to_string(other->second) + " and " + name +
                               " would share the target's database " + std::to_string(database.target) +
                               ", where keys of the same name would overwrite each other");
    databases_.push_back(std::move(database));
  }
  std::sort(databases_.begin(), databases_.end(),
            [](const Database& a, const Database& b) { return a.source < b.source; });
}

const Selection::Database* Selection::find(std::uint64_t sourceDb) const noexcept {
  const auto at = std::lower_bound(databases_.begin(), databases_.end(), sourceDb,
                                   [](const Database& each, std::uint64_t number) { return each.source < number; });
  return at == databases_.end() || at->source != sourceDb ? nullptr : &*at;
}

std::optional<std::uint32_t> Selection::targetDb(std::uint64_t sourceDb) const {
  if (sourceDb > kLargestDatabase)
    throw Error(Msg::logCorrupt, {"database " + std::to_string(sourceDb), "no server has a database of this number"},
                Origin::source);
  if (all_) return static_cast<std::uint32_t>(sourceDb);
  const Database* database = find(sourceDb);
  if (database == nullptr) return std::nullopt;
  return database->target;
}

bool Selection::covers(std::uint64_t sourceDb, std::string_view key) const noexcept {
  if (key.starts_with(kControlPrefix)) return false;
  if (all_) return true;
  const Database* database = find(sourceDb);
  if (database == nullptr) return false;
  if (database->whole) return true;
  // No prefix begins with another one, so that only the last one that is not behind the key can be one of the key.
  const auto& prefixes = database->prefixes;
  const auto next = std::upper_bound(prefixes.begin(), prefixes.end(), key,
                                     [](std::string_view text, const std::string& prefix) { return text < prefix; });
  if (next != prefixes.begin() && key.starts_with(*std::prev(next))) return true;
  return std::any_of(database->patterns.begin(), database->patterns.end(),
                     [&](const std::string& pattern) { return resp::globMatch(pattern, key); });
}

bool Selection::coversWhole(std::uint64_t sourceDb) const noexcept {
  if (all_) return true;
  const Database* database = find(sourceDb);
  return database != nullptr && database->whole;
}

std::optional<std::uint32_t> Selection::sourceDb(std::uint64_t targetDb) const noexcept {
  if (all_) {
    if (targetDb > kLargestDatabase) return std::nullopt;
    return static_cast<std::uint32_t>(targetDb);
  }
  for (const Database& each : databases_)
    if (each.target == targetDb) return each.source;
  return std::nullopt;
}

}  // namespace drs::redis
