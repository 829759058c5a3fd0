#include "transform/foreign_keys.h"

#include "base/ascii.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <string>

namespace drs {
namespace {

std::string nameKey(std::string_view database, std::string_view table) {
  std::string key = toLowerAscii(database);
  key += '\0';
  return key + toLowerAscii(table);
}

bool acts(const std::string& action) {
  const std::string name = toLowerAscii(action);
  return !name.empty() && name != "restrict" && name != "no action";
}

/// Union-find over positions; the root is the smallest member.
class Families {
 public:
  explicit Families(std::size_t size) : root_(size) { std::iota(root_.begin(), root_.end(), std::size_t{0}); }

  std::size_t find(std::size_t at) {
    while (root_[at] != at) at = root_[at] = root_[root_[at]];
    return at;
  }
  void join(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    root_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> root_;
};

}  // namespace

bool hasAction(const ForeignKey& key) {
  return acts(key.onDelete) || acts(key.onUpdate);
}

bool refersTo(const ForeignKey& key, const TableName& table) {
  return nameKey(key.referencedDatabase, key.referencedTable) == nameKey(table.database, table.table);
}

std::vector<ForeignKeyFamily> foreignKeyFamilies(const std::vector<TableSchemaPtr>& tables) {
  std::multimap<std::string, std::size_t> byName;
  for (std::size_t i = 0; i < tables.size(); ++i)
    byName.emplace(nameKey(tables[i]->name.database, tables[i]->name.table), i);

  Families families(tables.size());
  std::vector<bool> acting(tables.size(), false);
  for (std::size_t child = 0; child < tables.size(); ++child) {
    for (const ForeignKey& key : tables[child]->foreignKeys) {
      const auto [begin, end] = byName.equal_range(nameKey(key.referencedDatabase, key.referencedTable));
      for (auto parent = begin; parent != end; ++parent) {
        families.join(child, parent->second);
        if (hasAction(key)) acting[child] = true;
      }
    }
  }

  std::vector<ForeignKeyFamily> out;
  std::map<std::size_t, std::size_t> place;  // root → index in out; roots are the smallest members, so out is in order
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto [it, isNew] = place.emplace(families.find(i), out.size());
    if (isNew) out.emplace_back();
    ForeignKeyFamily& family = out[it->second];
    family.tables.push_back(i);
    family.hasActions = family.hasActions || acting[i];
  }
  return out;
}

}  // namespace drs
