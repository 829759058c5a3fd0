#include "model/spec_tables.h"

// Tables 20 to 25: what is copied, and under which names. Bounds of the maps are ours; they lie above what the
// databases themselves allow or recommend, and kMaxObjects bounds all of them together.

namespace drs {

using enum Use;

namespace {

constexpr std::int64_t kMaxDatabases = 10'000;
constexpr std::int64_t kMaxTables = 200'000;
constexpr std::int64_t kMaxColumns = 4096;  // MySQL's limit of columns in a table
constexpr std::int64_t kMaxConditions = 64;
constexpr std::string_view kLookUp = "sync only: looked up by a row filter, not replicated";

}  // namespace

template <>
const Table<DbObject>& tableOf<DbObject>() {
  static const Table<DbObject> table{
      "DbObject",
      20,
      {
          field<&DbObject::objectScope>("object_scope", oneOf({"all", "database", "table"}).required(), enacted),
          field<&DbObject::targetRootDb>("target_root_db", object(), stored,
                                         "mandatory from database.table to database.schema.table, which is "
                                         "oracle-to-gaussdbv5 without schemas"),
          field<&DbObject::objectInfo>("object_info", elements(0, kMaxDatabases), enacted,
                                       "by name in the source; absent for scope all, mandatory for the others"),
      }};
  return table;
}

template <>
const Table<TargetRootDb>& tableOf<TargetRootDb>() {
  static const Table<TargetRootDb> table{
      "TargetRootDb",
      21,
      {
          field<&TargetRootDb::dbName>("db_name", text(), stored),
          field<&TargetRootDb::dbEncoding>("db_encoding", text().defaultsTo("utf8"), stored),
      }};
  return table;
}

template <>
const Table<DatabaseObject>& tableOf<DatabaseObject>() {
  static const Table<DatabaseObject> table{
      "DatabaseObject",
      22,
      {
          field<&DatabaseObject::syncType>("sync_type", oneOf({"config"}), later, kLookUp),
          field<&DatabaseObject::name>("name", text(), enacted, "name in the target; absent or empty = the same"),
          field<&DatabaseObject::all>("all", flag(), enacted,
                                      "absent = false, but true in the scope database when no tables are listed"),
          field<&DatabaseObject::schemas>("schemas", elements(0, kMaxDatabases), later, "of sources with three levels"),
          field<&DatabaseObject::tables>("tables", elements(0, kMaxTables), enacted,
                                         "by name in the source; mandatory when all is false"),
          field<&DatabaseObject::totalTableNum>("total_table_num", integer(0, INT32_MAX), stored, "informative"),
          field<&DatabaseObject::isSynchronized>("is_synchronized", flag(), stored, "informative"),
      }};
  return table;
}

template <>
const Table<SchemaObject>& tableOf<SchemaObject>() {
  static const Table<SchemaObject> table{
      "SchemaObject",
      23,
      {
          field<&SchemaObject::syncType>("sync_type", oneOf({"config"}), later, kLookUp),
          field<&SchemaObject::name>("name", text(), later, "name in the target"),
          field<&SchemaObject::all>("all", flag(), later, "false asks for tables"),
          field<&SchemaObject::tables>("tables", elements(0, kMaxTables), later, "by name in the source"),
      }};
  return table;
}

template <>
const Table<TableObject>& tableOf<TableObject>() {
  static const Table<TableObject> table{
      "TableObject",
      24,
      {
          field<&TableObject::syncType>("sync_type", oneOf({"config"}), later,
                                        "sync only: looked up by a row filter, not replicated; asks for "
                                        "config_conditions"),
          field<&TableObject::type>("type", oneOf({"table", "view", "procedure"}), enacted,
                                    "absent = table; a view or procedure keeps its name"),
          field<&TableObject::name>("name", text(), enacted, "name in the target; absent or empty = the same"),
          field<&TableObject::all>("all", flag(), enacted, "absent = true; false asks for columns"),
          field<&TableObject::dbAliasName>("db_alias_name", text(), later, "one2many: database of this table"),
          field<&TableObject::schemaAliasName>("schema_alias_name", text(), later, "one2many: schema of this table"),
          field<&TableObject::filtered>("filtered", flag(), later, "row filter on or off"),
          field<&TableObject::filterConditions>("filter_conditions", elements(0, kMaxConditions), later,
                                                "what follows WHERE, 0 to 512 characters each"),
          field<&TableObject::configConditions>("config_conditions", elements(0, kMaxConditions), later,
                                                "conditions of a looked-up table, 0 to 512 characters each"),
          field<&TableObject::isSynchronized>("is_synchronized", flag(), stored, "informative"),
          field<&TableObject::columns>("columns", elements(0, kMaxColumns), later,
                                       "by name in the source; sync only; mandatory when all is false"),
      }};
  return table;
}

template <>
const Table<ColumnObject>& tableOf<ColumnObject>() {
  static const Table<ColumnObject> table{
      "ColumnObject",
      25,
      {
          field<&ColumnObject::syncType>("sync_type", oneOf({"config"}), later, "takes part in a row filter"),
          field<&ColumnObject::primaryKeyForDataFiltering>("primary_key_for_data_filtering", text(), later),
          field<&ColumnObject::indexForDataFiltering>("index_for_data_filtering", text(), later),
          field<&ColumnObject::name>("name", text(), later,
                                     "name in the target; of an additional column equal to its key in the map"),
          field<&ColumnObject::type>("type", text(), later, "of an additional column: by its operation_type"),
          field<&ColumnObject::primaryKeyForColumnFiltering>("primary_key_for_column_filtering", oneOf({"PRI", ""}),
                                                             later),
          field<&ColumnObject::filtered>("filtered", flag(), later, "true = replicated, false = dropped"),
          field<&ColumnObject::additional>("additional", flag(), later, "excludes filtered, asks for operation_type"),
          field<&ColumnObject::operationType>(
              "operation_type",
              oneOf({"ADDITIONALCOLUMN,default_value", "ADDITIONALCOLUMN,create_time", "ADDITIONALCOLUMN,update_time",
                     "ADDITIONALCOLUMN,expression", "ADDITIONALCOLUMN,server_database_table"}),
              later, "how an additional column is filled"),
          field<&ColumnObject::value>("value", text(0, kLongText), later, "mandatory for default_value"),
      }};
  return table;
}

}  // namespace drs
