#include "engine/mysql/shadow_tables.h"

#include "base/error.h"
#include "base/ids.h"
#include "engine/mysql/catalog.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/control_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace drs::mysql {
namespace {

constexpr std::size_t kPrefixBytes = 6;  // random ones
constexpr std::string_view kShadowLock = "drs_ctl.shadow";
constexpr int kShadowLockSeconds = 60;

void replaceAll(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

bool isSame(const Column& a, const Column& b) {
  return a.type == b.type && a.charset == b.charset && a.collation == b.collation && a.nullable == b.nullable &&
         a.generated == b.generated && a.onUpdateNow == b.onUpdateNow;
}

const Column* find(const TableSchema& schema, const std::string& name) {
  for (const Column& column : schema.columns)
    if (lowerCase(column.name) == lowerCase(name)) return &column;
  return nullptr;
}

/// Servers name a constraint without a name after its table: "shadow_…_0_ibfk_1" is "orders_ibfk_1" at the source, or
/// the next number that is free.
void renameConstraints(TableSchema& schema, const std::string& shadow) {
  std::set<std::string> taken;
  for (const ForeignKey& key : schema.foreignKeys) taken.insert(key.name);
  for (ForeignKey& key : schema.foreignKeys) {
    const std::string prefix = shadow + "_ibfk_";
    if (!key.name.starts_with(prefix)) continue;
    std::string name;
    for (int number = 1; name.empty() || taken.contains(name); ++number)
      name = fmt::format("{}_ibfk_{}", schema.name.table, number);
    taken.insert(name);
    replaceAll(schema.createSql, quoteName(key.name), quoteName(name));
    key.name = name;
  }
  replaceAll(schema.createSql, "`" + shadow + "_chk_", "`" + schema.name.table + "_chk_");
}

}  // namespace

ShadowTables::ShadowTables(Connection& connection, const Collations& collations)
    : connection_(connection),
      collations_(collations),
      lock_(connection, kShadowLock, kShadowLockSeconds),
      prefix_("shadow_" + randomHex(kPrefixBytes) + "_") {
  connection_.execute("SET SESSION foreign_key_checks = 0");
  dropAll();
}

ShadowTables::~ShadowTables() {
  try {
    dropAll();
  } catch (const Error&) {  // the next one drops them
  }
}

void ShadowTables::dropAll() {
  for (const auto& row : connection_.query(
           fmt::format("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}' AND TABLE_NAME LIKE "
                       "'shadow|_%' ESCAPE '|'",
                       kControlSchema)))
    connection_.execute("DROP TABLE IF EXISTS " + quoteName({std::string(kControlSchema), row.at(0).value_or("")}));
}

TableName ShadowTables::nameFor(const TableName& source) {
  const auto found = names_.find(source);
  if (found != names_.end()) return found->second;
  TableName shadow{std::string(kControlSchema), fmt::format("{}{}", prefix_, names_.size())};
  names_[source] = shadow;
  return shadow;
}

void ShadowTables::add(const TableSchema& schema) {
  const TableName shadow = nameFor(schema.name);
  connection_.execute(rewriteTable(schema, shadow, collations_, true).createSql);
  for (const ForeignKey& key : schema.foreignKeys)
    connection_.execute("ALTER TABLE " + quoteName(shadow) + " ADD " +
                        foreignKeySql(schema, key, nameFor({key.referencedDatabase, key.referencedTable})));
}

TableSchema ShadowTables::read(const TableName& source) {
  const TableName shadow = nameFor(source);
  const auto tables =
      readTables(connection_, {std::string(kControlSchema)}, [&](const TableName& name) { return name == shadow; });
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const TableSchemaPtr& table) { return table->name == shadow; });
  if (found == tables.end())
    throw Error(Msg::schemaDrift, {source.database + "." + source.table, "the statement leaves no table of this name"},
                Origin::target);
  TableSchema schema = **found;
  schema.name = source;
  schema.estimatedRows = schema.averageRowBytes = schema.dataBytes = 0;
  for (ForeignKey& key : schema.foreignKeys)
    for (const auto& [name, itsShadow] : names_)
      if (itsShadow.table == key.referencedTable) {
        key.referencedDatabase = name.database;
        key.referencedTable = name.table;
        break;
      }
  renameConstraints(schema, shadow.table);
  return schema;
}

TableSchema applied(const TableSchema& known, const TableSchema& before, TableSchema after) {
  for (Column& column : after.columns) {
    const Column* was = find(before, column.name);
    const Column* source = find(known, column.name);
    if (was != nullptr && source != nullptr && isSame(*was, column)) column = *source;
  }
  for (Index& index : after.indexes)
    for (const Index& source : known.indexes)
      if (source.name == index.name && source.unique == index.unique) index.type = source.type;
  if (after.collation == before.collation) after.collation = known.collation;
  after.engine = known.engine;
  after.estimatedRows = known.estimatedRows;
  after.averageRowBytes = known.averageRowBytes;
  after.dataBytes = known.dataBytes;
  return after;
}

}  // namespace drs::mysql
