#include "engine/mysql/definition_diff.h"

#include "engine/mysql/catalog.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/definition_text.h"
#include "transform/foreign_keys.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace drs::mysql {
namespace {

std::string utf8Name(const std::string& charset) {
  return charset == "utf8" ? "utf8mb3" : charset;
}

const Column* findColumn(const TableSchema& table, const std::string& name) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const Column& column) { return lowerCase(column.name) == lowerCase(name); });
  return found == table.columns.end() ? nullptr : &*found;
}

/// MariaDB's JSON is a LONGTEXT; either may stand for the other.
bool isJsonPair(const Column& a, const Column& b) {
  const auto isJson = [](const Column& column) { return column.kind == ColumnKind::json; };
  const auto isLongText = [](const Column& column) {
    return column.dataType == "longtext" && column.charset == "utf8mb4";
  };
  return (isJson(a) && isLongText(b)) || (isLongText(a) && isJson(b));
}

bool isUnique(const TableSchema& table, const Column& column) {
  return isInUniqueKey(table, static_cast<std::size_t>(&column - table.columns.data()));
}

/// A generated column of the primary key must be made of the same at both sides.
std::string keyGenerationDifference(const TableSchema& source, const TableSchema& target) {
  for (const std::size_t i : source.primaryKey) {
    const std::string& name = source.columns[i].name;
    if (source.columns[i].generated && generation(source, name) != generation(target, name))
      return "column " + name + " is " + generation(source, name) + " at the source and " + generation(target, name) +
             " at the target";
  }
  return {};
}

std::string collationDifference(const Column& source, const Column& target, const Collations& collations) {
  if (isJsonPair(source, target) || source.collation.empty() || source.collation == target.collation) return {};
  if (collations.equal(source.collation) == target.collation ||
      collations.nearest(source.collation) == target.collation)
    return {};
  return "has collation " + source.collation + " at the source and " + target.collation + " at the target";
}

/// `unique`: a unique key of either side holds the column.
std::string columnDifference(const Column& source, const Column& target, const Collations& collations, bool unique,
                             Differences which) {
  if (which == Differences::all && source.nullable != target.nullable) return "allows NULL at one side only";
  std::string difference = valueDifference(source, target);
  if (!difference.empty()) return difference;
  difference = collationDifference(source, target, collations);
  if (which == Differences::all) return difference;
  return unique && !Collations::keepsApart(source.collation, target.collation) ? difference : std::string();
}

std::vector<std::string> keyNames(const TableSchema& table) {
  std::vector<std::string> names;
  for (const std::size_t i : table.primaryKey) names.push_back(lowerCase(table.columns[i].name));
  return names;
}

/// Each unique key as text, without its name; one over an expression in the words of its server.
std::set<std::string> uniqueKeys(const TableSchema& table) {
  std::set<std::string> keys;
  for (const Index& index : table.indexes) {
    if (!index.unique) continue;
    if (index.type == kFunctionalIndex) {
      keys.insert(indexParts(table, index.name));
      continue;
    }
    std::set<std::string> parts;  // a key holds the same values for unique in any order
    for (const IndexPart& part : index.parts)
      parts.insert(lowerCase(table.columns[part.column].name) + "(" + std::to_string(part.prefix) + ")");
    std::string text;
    for (const std::string& part : parts) text += part + " ";
    keys.insert(text);
  }
  return keys;
}

/// RESTRICT and NO ACTION are the same in InnoDB.
std::string actionOf(const std::string& rule) {
  std::string name = lowerCase(rule);
  return name == "restrict" || name == "no action" ? std::string() : name;
}

std::string upperCase(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

struct ActingKey {
  std::vector<std::pair<std::string, std::string>> columns;  ///< own, referenced; sorted: the order means nothing
  TableName parent;
  std::string onDelete, onUpdate;
  auto operator<=>(const ActingKey&) const = default;
};

std::string describe(const ActingKey& key) {
  std::string own, theirs;
  for (const auto& [column, referenced] : key.columns) {
    own += (own.empty() ? "" : ",") + column;
    theirs += (theirs.empty() ? "" : ",") + referenced;
  }
  std::string text = "(" + own + ") to " + key.parent.database + "." + key.parent.table + " (" + theirs + ")";
  if (!key.onDelete.empty()) text += " ON DELETE " + upperCase(key.onDelete);
  if (!key.onUpdate.empty()) text += " ON UPDATE " + upperCase(key.onUpdate);
  return text;
}

std::set<ActingKey> actingKeys(const TableSchema& table, const std::function<TableName(const TableName&)>& mapped) {
  std::set<ActingKey> keys;
  for (const ForeignKey& key : table.foreignKeys) {
    if (!hasAction(key)) continue;
    ActingKey out{
        {}, mapped({key.referencedDatabase, key.referencedTable}), actionOf(key.onDelete), actionOf(key.onUpdate)};
    for (std::size_t i = 0; i < key.columns.size(); ++i)
      out.columns.emplace_back(lowerCase(table.columns.at(key.columns[i]).name),
                               lowerCase(key.referencedColumns.at(i)));
    std::sort(out.columns.begin(), out.columns.end());
    keys.insert(std::move(out));
  }
  return keys;
}

}  // namespace

std::string foreignKeyDifference(const TableSchema& source, const TableSchema& target,
                                 const std::function<TableName(const TableName&)>& mapped) {
  const std::set<ActingKey> ours = actingKeys(source, mapped);
  const std::set<ActingKey> theirs = actingKeys(target, [](const TableName& name) { return name; });
  for (const ActingKey& key : ours)
    if (!theirs.contains(key)) return "the target has no foreign key " + describe(key);
  for (const ActingKey& key : theirs)
    if (!ours.contains(key)) return "the source has no foreign key " + describe(key);
  return {};
}

std::string normalType(const Column& column) {
  if (column.dataType == "geomcollection") return "geometrycollection";
  const bool whole = column.kind == ColumnKind::integer;
  const auto open = column.type.find('(');
  if (!whole)
    return column.kind == ColumnKind::enumerated || column.kind == ColumnKind::set
               ? column.type
               : lowerCase(column.type.substr(0, column.type.find(" /*M!")));
  const auto close = column.type.find(')');
  if (open == std::string::npos || close == std::string::npos) return lowerCase(column.type);
  return lowerCase(column.type.substr(0, open) + column.type.substr(close + 1));
}

std::string valueDifference(const Column& source, const Column& target) {
  if (source.generated != target.generated) return "is generated at one side only";
  if (isJsonPair(source, target)) return {};
  if (normalType(source) != normalType(target))
    return "is " + source.type + " at the source and " + target.type + " at the target";
  if (utf8Name(source.charset) != utf8Name(target.charset))
    return "has character set " + source.charset + " at the source and " + target.charset + " at the target";
  return {};
}

std::string definitionDifference(const TableSchema& source, const TableSchema& target,
                                 const Collations& targetCollations, Differences which) {
  if (lowerCase(target.engine) != "innodb") return "its engine at the target is " + target.engine + ", not InnoDB";
  for (const Column& column : source.columns) {
    const Column* other = findColumn(target, column.name);
    if (other == nullptr) return "the target has no column " + column.name;
    const bool unique = isUnique(source, column) || isUnique(target, *other);
    const std::string difference = columnDifference(column, *other, targetCollations, unique, which);
    if (!difference.empty()) return "column " + column.name + " " + difference;
  }
  for (const Column& column : target.columns)
    if (which == Differences::all && findColumn(source, column.name) == nullptr)
      return "the source has no column " + column.name;
  if (keyNames(source) != keyNames(target)) return "the primary keys differ";
  if (uniqueKeys(source) != uniqueKeys(target)) return "the unique keys differ";
  return keyGenerationDifference(source, target);
}

}  // namespace drs::mysql
