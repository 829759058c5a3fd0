#include "engine/mysql/conflict_table.h"

#include "engine/mysql/applier_target.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/key_range.h"

#include <set>

namespace drs::mysql {
namespace {

ConflictIndex::Part partOf(const IndexPart& part, const TargetColumns& columns) {
  const auto& column = columns.at(part.column);
  if (!column) return {part.column, part.prefix, KeyForm::unknown, false};
  return {part.column, part.prefix, keyFormOf(*column), column->charset.starts_with("utf8")};
}

/// Nothing if the source lacks one of the columns, or does not write it.
std::optional<std::vector<ConflictIndex::Part>> partsOf(const std::vector<std::string>& names,
                                                        const TableSchema& source, const TargetColumns& columns) {
  std::vector<ConflictIndex::Part> parts;
  for (const std::string& name : names) {
    const auto column = columnOf(source, name);
    if (!column || source.columns[*column].generated) return std::nullopt;
    parts.push_back(partOf({*column, 0}, columns));
    // The other side may be a BINARY of another length.
    if (parts.back().form == KeyForm::bytes) parts.back().form = KeyForm::fixedBytes;
  }
  return parts;
}

/// The name of a parent's columns, the same seen from both sides.
std::string referenceName(const TargetForeignKey& key) {
  std::string name = "reference " + lowerName(key.parent);
  for (const std::string& column : key.referenced) name += " " + lowerCase(column);
  return name;
}

}  // namespace

ConflictTable::ConflictTable(std::uint64_t salt, const TableSchema& source, const TableName& target, bool hasKey,
                             const TargetColumns& columns, const std::vector<TargetKey>& uniqueKeys,
                             const TargetForeignKeys& foreignKeys, bool hasTriggers)
    : touchesAll_(hasTriggers) {
  const std::string name = lowerName(target);
  if (!hasKey) always_.push_back(exclusiveKey(hashName(salt, "table " + name)));
  const std::string family = foreignKeys.actingFamily(target);
  if (!family.empty()) always_.push_back(exclusiveKey(hashName(salt, "family " + family)));
  const std::vector<std::size_t> found = hasKey ? rowKey(source) : std::vector<std::size_t>{};
  for (const TargetKey& key : uniqueKeys) {
    std::vector<ConflictIndex::Part> parts;
    for (const IndexPart& part : key.parts) parts.push_back(partOf(part, columns));
    if (!key.resolvable) parts.clear();
    own_.emplace_back(hashName(salt, "index " + name + " " + lowerCase(key.name)), std::move(parts));
    hasRowKey_ = hasRowKey_ || isOver(key, found);
  }
  if (family.empty()) addForeignKeys(salt, source, target, columns, foreignKeys);
}

void ConflictTable::addForeignKeys(std::uint64_t salt, const TableSchema& source, const TableName& target,
                                   const TargetColumns& columns, const TargetForeignKeys& foreignKeys) {
  std::set<std::string> referenced;
  for (const TargetForeignKey* key : foreignKeys.of(target)) {
    const std::string name = referenceName(*key);
    const std::uint64_t token = hashName(salt, name);
    if (lowerName(key->child) == lowerName(target)) {
      // Without parts every row of the table touches all parents.
      parents_.emplace_back(token, partsOf(key->columns, source, columns).value_or(std::vector<ConflictIndex::Part>{}),
                            true);
    }
    if (lowerName(key->parent) == lowerName(target) && referenced.insert(name).second)
      own_.emplace_back(token, partsOf(key->referenced, source, columns).value_or(std::vector<ConflictIndex::Part>{}),
                        true);
  }
}

bool ConflictTable::append(const RowBatch& rows, std::size_t row, std::vector<ConflictKey>& out) const {
  if (touchesAll_) return false;
  out.insert(out.end(), always_.begin(), always_.end());
  bool isTold = true;
  for (const ConflictIndex& index : own_) isTold = index.append(rows, row, true, out) && isTold;
  for (const ConflictIndex& index : parents_) isTold = index.append(rows, row, false, out) && isTold;
  return isTold;
}

/// An index of which neither image tells anything was not changed. It may be left out if the row's own key is there,
/// which orders all that happens to the row.
bool ConflictTable::appendUpdate(const RowBatch& rows, std::size_t before, std::vector<ConflictKey>& out) const {
  if (touchesAll_) return false;
  out.insert(out.end(), always_.begin(), always_.end());
  bool isTold = true;
  for (const ConflictIndex& index : own_) {
    if (index.isLeftOut(rows, before) && index.isLeftOut(rows, before + 1))
      isTold = isTold && hasRowKey_;
    else
      isTold = index.appendUpdate(rows, before, before + 1, true, out) && isTold;
  }
  for (const ConflictIndex& index : parents_) {
    if (index.isLeftOut(rows, before) && index.isLeftOut(rows, before + 1))
      isTold = isTold && hasRowKey_;
    else
      isTold = index.appendUpdate(rows, before, before + 1, false, out) && isTold;
  }
  return isTold;
}

}  // namespace drs::mysql
