#include "engine/mysql/catalog.h"

#include "base/task_group.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/table_ddl.h"
#include "transform/table_plan.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <map>

namespace drs::mysql {
namespace {

using TextRow = std::vector<std::optional<std::string>>;
using Aliases = std::map<std::string, std::string, std::less<>>;
using Tables = std::map<std::string, TableSchema>;  ///< of one database, by table name

std::string text(const TextRow& row, std::size_t i) {
  return row.at(i).value_or("");
}

std::uint64_t number(const TextRow& row, std::size_t i) {
  std::uint64_t value = 0;
  if (const auto& field = row.at(i)) std::from_chars(field->data(), field->data() + field->size(), value);
  return value;
}

/// Rows of an information_schema view for one database. The first selected column must be the schema's name: older
/// servers compare names without regard to case, so rows of a database that differs in case are left out here.
std::vector<TextRow> rowsOf(Connection& connection, const std::string& database, const std::string& select,
                            const std::string& schemaColumn, const std::string& rest) {
  auto rows = connection.query(select + " WHERE " + schemaColumn + " = " + quoteText(database) + " " + rest);
  std::erase_if(rows, [&](const TextRow& row) { return row.at(0) != database; });
  return rows;
}

TableSchema* find(Tables& tables, const std::string& name) {
  const auto found = tables.find(name);
  return found == tables.end() ? nullptr : &found->second;
}

std::size_t columnIndex(const TableSchema& table, const std::string& name) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (lowerCase(table.columns[i].name) == lowerCase(name)) return i;
  throw Error(Msg::schemaDrift,
              {table.name.database + "." + table.name.table, "its definition changed while it was read"},
              Origin::source);
}

Tables readNames(Connection& connection, const std::string& database) {
  Tables tables;
  for (const TextRow& row :
       rowsOf(connection, database,
              "SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_COLLATION, TABLE_ROWS, AVG_ROW_LENGTH, "
              "DATA_LENGTH FROM information_schema.TABLES",
              "TABLE_SCHEMA", "AND TABLE_TYPE = 'BASE TABLE'")) {
    TableSchema& table = tables[text(row, 1)];
    table.name = {database, text(row, 1)};
    table.engine = text(row, 2);
    table.collation = text(row, 3);
    table.estimatedRows = number(row, 4);
    table.averageRowBytes = number(row, 5);
    table.dataBytes = number(row, 6);
  }
  return tables;
}

void readColumns(Connection& connection, const std::string& database, Tables& tables) {
  for (const TextRow& row :
       rowsOf(connection, database,
              "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, EXTRA, "
              "CHARACTER_SET_NAME, COLLATION_NAME, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, "
              "NUMERIC_PRECISION, DATETIME_PRECISION, IS_NULLABLE FROM information_schema.COLUMNS",
              "TABLE_SCHEMA", "ORDER BY TABLE_NAME, ORDINAL_POSITION")) {
    TableSchema* table = find(tables, text(row, 1));
    if (table == nullptr) continue;  // a view's, or made this moment
    ColumnText column;
    column.dataType = text(row, 3);
    column.columnType = text(row, 4);
    column.extra = text(row, 5);
    column.charset = text(row, 6);
    column.collation = text(row, 7);
    column.characters = number(row, 8);
    column.octets = number(row, 9);
    column.precision = number(row, 10);
    column.fraction = static_cast<int>(number(row, 11));
    column.nullable = text(row, 12) != "NO";
    table->columns.push_back(makeColumn(text(row, 2), column));
  }
}

/// By the names under which they are what they are.
void nameCollations(Tables& tables, const Aliases& aliases) {
  if (aliases.empty()) return;
  const auto rename = [&](std::string& collation) {
    if (const auto found = aliases.find(collation); found != aliases.end()) collation = found->second;
  };
  for (auto& [name, table] : tables) {
    rename(table.collation);
    for (Column& column : table.columns) rename(column.collation);
  }
}

void readIndexes(Connection& connection, const std::string& database, Tables& tables) {
  for (const TextRow& row :
       rowsOf(connection, database,
              "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, INDEX_TYPE "
              "FROM information_schema.STATISTICS",
              "TABLE_SCHEMA", "ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX")) {
    TableSchema* table = find(tables, text(row, 1));
    if (table == nullptr) continue;
    const std::string name = text(row, 2);
    if (name == "PRIMARY") {
      table->primaryKey.push_back(columnIndex(*table, text(row, 4)));
      continue;
    }
    if (table->indexes.empty() || table->indexes.back().name != name)
      table->indexes.push_back({name, number(row, 3) == 0, false, text(row, 6), {}});
    Index& index = table->indexes.back();
    if (!row.at(4)) {
      index.type = kFunctionalIndex;  // over an expression: there is no column to name
      continue;
    }
    index.parts.push_back({columnIndex(*table, text(row, 4)), static_cast<std::uint32_t>(number(row, 5))});
  }
}

void readForeignKeys(Connection& connection, const std::string& database, Tables& tables) {
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>> actions;
  for (const TextRow& row :
       rowsOf(connection, database,
              "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE FROM "
              "information_schema.REFERENTIAL_CONSTRAINTS",
              "CONSTRAINT_SCHEMA", ""))
    actions[{text(row, 1), text(row, 2)}] = {text(row, 3), text(row, 4)};

  for (const TextRow& row :
       rowsOf(connection, database,
              "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, "
              "REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE",
              "TABLE_SCHEMA",
              "AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION")) {
    TableSchema* table = find(tables, text(row, 1));
    if (table == nullptr) continue;
    const std::string name = text(row, 2);
    if (table->foreignKeys.empty() || table->foreignKeys.back().name != name) {
      const auto& [onUpdate, onDelete] = actions[{text(row, 1), name}];
      table->foreignKeys.push_back({name, {}, text(row, 4), text(row, 5), {}, onUpdate, onDelete});
    }
    table->foreignKeys.back().columns.push_back(columnIndex(*table, text(row, 3)));
    table->foreignKeys.back().referencedColumns.push_back(text(row, 6));
  }
}

std::size_t count(std::string_view sql, std::string_view part) {
  std::size_t n = 0;
  for (auto at = sql.find(part); at != std::string_view::npos; at = sql.find(part, at + part.size())) ++n;
  return n;
}

/// Both ways of asking for foreign keys must agree: which tables must be read together is decided by them, and
/// information_schema hides rows from accounts with few rights.
void verifyForeignKeys(const TableSchema& table, Origin origin) {
  // In SHOW CREATE TABLE each one stands on a line of its own; texts of users have their line breaks escaped.
  std::size_t defined = 0;
  for (std::size_t at = 0; at < table.createSql.size();) {
    const std::size_t end = std::min(table.createSql.find('\n', at), table.createSql.size());
    const std::string_view line = std::string_view(table.createSql).substr(at, end - at);
    if (line.starts_with("  CONSTRAINT `") && count(line, "` FOREIGN KEY (") > 0) ++defined;
    at = end + 1;
  }
  bool complete = defined == table.foreignKeys.size();
  for (const ForeignKey& key : table.foreignKeys) complete = complete && !key.onDelete.empty() && !key.onUpdate.empty();
  if (complete) return;
  throw Error(
      Msg::databaseError,
      {table.name.database + "." + table.name.table, "0",
       "information_schema does not show all of its foreign keys; grant more than SELECT (LOCK TABLES, SHOW VIEW)"},
      origin);
}

void readDefinition(Connection& connection, TableSchema& table) {
  try {
    const auto rows = connection.query("SHOW CREATE TABLE " + quoteName(table.name));
    if (!rows.empty() && rows.front().size() > 1) table.createSql = rows.front()[1].value_or("");
  } catch (const Error&) {
    if (connection.lastErrno() != 1146) throw;  // dropped this moment
  }
}

/// What the session must say of every table.
void showEverything(Connection& connection) {
  const ServerInfo& server = connection.server();
  if (!server.mariadb && server.version >= 80000) connection.execute("SET information_schema_stats_expiry = 0");
  // A generated invisible primary key is a column of every row in the log, so it must be one here.
  if (!server.mariadb && server.version >= 80030)
    connection.execute("SET show_gipk_in_create_table_and_information_schema = ON");
}

using Definitions = std::vector<TableSchema*>;  ///< whose SHOW CREATE TABLE is wanted

Definitions definitionsOf(Tables& tables, const std::function<bool(const TableName&)>& wanted) {
  Definitions out;
  for (auto& [name, table] : tables)
    if (wanted(table.name)) out.push_back(&table);
  return out;
}

constexpr std::size_t kWorthASession = 100;  ///< so many definitions take longer than to log in

/// A second session begins with the definitions while this one asks information_schema; then both go on with them.
void readDetails(Connection& connection, const std::string& database, Tables& tables, const Definitions& definitions,
                 const ConnectOptions* second) {
  std::atomic<std::size_t> next = 0;
  const auto define = [&](Connection& session, const std::stop_token& stop) {
    for (std::size_t i = next++; i < definitions.size() && !stop.stop_requested(); i = next++)
      readDefinition(session, *definitions[i]);
  };
  TaskGroup group;
  if (second != nullptr && definitions.size() >= kWorthASession) {
    group.start("definitions", [&](const std::stop_token& stop) {
      std::unique_ptr<Connection> session;
      try {
        session = Connection::open(*second);
        showEverything(*session);
      } catch (const Error&) {  // the first session does it alone
        return;
      }
      define(*session, stop);
    });
  }
  readColumns(connection, database, tables);
  nameCollations(tables, collationAliases(connection));
  readIndexes(connection, database, tables);
  readForeignKeys(connection, database, tables);
  define(connection, {});
  group.wait();
}

class MysqlCatalog final : public Catalog {
 public:
  MysqlCatalog(const EngineJob& job, Side side) : options_(connectOptions(job, side)) {
    if (side == Side::source)
      wanted_ = [spec = job.spec](const TableName& name) { return isSelected(spec, name); };
    else
      wanted_ = [](const TableName&) { return true; };
  }

  std::vector<std::string> databases() override { return userDatabases(connection()); }
  DatabaseCollations collations() override {
    DatabaseCollations out;
    for (const TextRow& row :
         connection().query("SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA"))
      if (!isSystemDatabase(text(row, 0))) out[text(row, 0)] = text(row, 1);
    return out;
  }
  std::vector<TableSchemaPtr> tables(const std::vector<std::string>& databases) override {
    return readTables(connection(), databases, wanted_, &options_);
  }

 private:
  Connection& connection() {
    if (!connection_) connection_ = Connection::open(options_);
    return *connection_;
  }

  ConnectOptions options_;
  std::function<bool(const TableName&)> wanted_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace

bool isSystemDatabase(std::string_view name) {
  constexpr std::array<std::string_view, 4> kSystem = {"information_schema", "performance_schema", "mysql", "sys"};
  const std::string lower = lowerCase(name);
  return lower == kControlSchema || std::find(kSystem.begin(), kSystem.end(), lower) != kSystem.end();
}

std::vector<std::string> userDatabases(Connection& connection) {
  std::vector<std::string> names;
  for (const TextRow& row : connection.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"))
    if (!isSystemDatabase(text(row, 0))) names.push_back(text(row, 0));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<TableSchemaPtr> readTables(Connection& connection, const std::vector<std::string>& databases,
                                       const std::function<bool(const TableName&)>& wanted,
                                       const ConnectOptions* second) {
  showEverything(connection);
  std::vector<TableSchemaPtr> out;
  for (const std::string& database : databases) {
    Tables tables = readNames(connection, database);
    if (tables.empty()) continue;
    readDetails(connection, database, tables, definitionsOf(tables, wanted), second);
    for (auto& [name, table] : tables) {
      if (wanted(table.name)) {
        if (table.createSql.empty()) continue;
        verifyForeignKeys(table, connection.origin());
      }
      if (!table.columns.empty()) out.push_back(std::make_shared<const TableSchema>(std::move(table)));
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  return out;
}

std::unique_ptr<Catalog> makeCatalog(const EngineJob& job, Side side) {
  return std::make_unique<MysqlCatalog>(job, side);
}

}  // namespace drs::mysql
