#include "model/spec_tables.h"

// Tables 20 to 25: what is copied, and under which names. Bounds of the maps are ours; they lie above what the
// databases themselves allow or recommend, and kMaxObjects bounds all of them together.

namespace drs {
namespace {

constexpr std::int64_t kMaxDatabases = 10'000;
constexpr std::int64_t kMaxTables = 200'000;
constexpr std::int64_t kMaxColumns = 4096;  // MySQL's limit of columns in a table
constexpr std::int64_t kMaxConditions = 64;

Rule config() {
  return oneOf({"config"}).later("sync only: an object that is only looked up, not replicated");
}

}  // namespace

template <>
const Table<DbObject>& tableOf<DbObject>() {
  static const Table<DbObject> table{
      "DbObject",
      20,
      {
          field<&DbObject::objectScope>("object_scope", oneOf({"all", "database", "table"}).required().enacted()),
          field<&DbObject::targetRootDb>("target_root_db",
                                         object().later("links from database.table to database.schema.table")),
          field<&DbObject::objectInfo>(
              "object_info",
              elements(0, kMaxDatabases)
                  .enacted("absent for scope all, mandatory for database and table; by name of the source database")),
      }};
  return table;
}

template <>
const Table<TargetRootDb>& tableOf<TargetRootDb>() {
  static const Table<TargetRootDb> table{
      "TargetRootDb",
      21,
      {
          field<&TargetRootDb::dbName>("db_name", text().later()),
          field<&TargetRootDb::dbEncoding>("db_encoding", text().defaultsTo("utf8").later()),
      }};
  return table;
}

template <>
const Table<DatabaseObject>& tableOf<DatabaseObject>() {
  static const Table<DatabaseObject> table{
      "DatabaseObject",
      22,
      {
          field<&DatabaseObject::syncType>("sync_type", config()),
          field<&DatabaseObject::name>("name", text().enacted("name in the target")),
          field<&DatabaseObject::all>("all", flag().enacted("absent = false when tables or schemas are listed")),
          field<&DatabaseObject::schemas>("schemas", elements(0, kMaxDatabases).later("sources with three levels")),
          field<&DatabaseObject::tables>("tables", elements(0, kMaxTables).enacted("by name of the source table")),
          field<&DatabaseObject::totalTableNum>("total_table_num", integer(0, INT32_MAX).stored("informative")),
          field<&DatabaseObject::isSynchronized>("is_synchronized", flag().stored("informative")),
      }};
  return table;
}

template <>
const Table<SchemaObject>& tableOf<SchemaObject>() {
  static const Table<SchemaObject> table{"SchemaObject",
                                         23,
                                         {
                                             field<&SchemaObject::syncType>("sync_type", config()),
                                             field<&SchemaObject::name>("name", text().later("name in the target")),
                                             field<&SchemaObject::all>("all", flag().later()),
                                             field<&SchemaObject::tables>("tables", elements(0, kMaxTables).later()),
                                         }};
  return table;
}

template <>
const Table<TableObject>& tableOf<TableObject>() {
  static const Table<TableObject> table{
      "TableObject",
      24,
      {
          field<&TableObject::syncType>("sync_type", config()),
          field<&TableObject::type>("type",
                                    oneOf({"table", "view", "procedure"}).enacted("table; views and procedures later")),
          field<&TableObject::name>("name", text().enacted("name in the target")),
          field<&TableObject::all>("all", flag().enacted("false asks for columns")),
          field<&TableObject::dbAliasName>("db_alias_name",
                                           text().later("one2many: database of this table in the target")),
          field<&TableObject::schemaAliasName>("schema_alias_name",
                                               text().later("one2many: schema of this table in the target")),
          field<&TableObject::filtered>("filtered", flag().later("row filter on or off")),
          field<&TableObject::filterConditions>(
              "filter_conditions", elements(0, kMaxConditions).later("what follows WHERE, 0 to 512 characters each")),
          field<&TableObject::configConditions>(
              "config_conditions",
              elements(0, kMaxConditions).later("conditions of a looked-up table, 0 to 512 characters each")),
          field<&TableObject::isSynchronized>("is_synchronized", flag().stored("informative")),
          field<&TableObject::columns>("columns", elements(0, kMaxColumns).later("by name of the column; sync only")),
      }};
  return table;
}

template <>
const Table<ColumnObject>& tableOf<ColumnObject>() {
  static const Table<ColumnObject> table{
      "ColumnObject",
      25,
      {
          field<&ColumnObject::syncType>("sync_type",
                                         oneOf({"config"}).later("takes part in a row filter with a look-up")),
          field<&ColumnObject::primaryKeyForDataFiltering>("primary_key_for_data_filtering", text().later()),
          field<&ColumnObject::indexForDataFiltering>("index_for_data_filtering", text().later()),
          field<&ColumnObject::name>("name",
                                     text().later("name in the target; equal to the key for an additional column")),
          field<&ColumnObject::type>("type", text().later()),
          field<&ColumnObject::primaryKeyForColumnFiltering>("primary_key_for_column_filtering",
                                                             oneOf({"PRI", ""}).later()),
          field<&ColumnObject::filtered>("filtered",
                                         flag().later("true = the column is replicated, false = it is dropped")),
          field<&ColumnObject::additional>("additional", flag().later("excludes filtered")),
          field<&ColumnObject::operationType>(
              "operation_type",
              oneOf({"ADDITIONALCOLUMN,default_value", "ADDITIONALCOLUMN,create_time", "ADDITIONALCOLUMN,update_time",
                     "ADDITIONALCOLUMN,expression", "ADDITIONALCOLUMN,server_database_table"})
                  .later("how an additional column is filled")),
          field<&ColumnObject::value>("value", text(0, kLongText).later("of an additional column")),
      }};
  return table;
}

}  // namespace drs
