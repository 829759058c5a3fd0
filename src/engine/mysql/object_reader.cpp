#include "engine/mysql/object_reader.h"

#include "engine/mysql/grants.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

using TextRow = std::vector<std::optional<std::string>>;

class Reader {
 public:
  Reader(Connection& source, const JobSpec& spec) : source_(source), spec_(spec), grants_(Grants::read(source)) {}

  SourceObjects run(const std::vector<std::string>& databases) {
    for (const std::string& database : databases) {
      noteHidden(database);
      readNames(database);
    }
    for (SourceObject& object : out_.objects) readText(object);
    findUnknown(databases);
    return std::move(out_);
  }

 private:
  /// Rows whose first column is exactly the database: older servers compare names without regard to case.
  std::vector<TextRow> rowsOf(const std::string& select, const std::string& column, const std::string& database,
                              const std::string& rest) {
    auto rows = source_.query(select + " WHERE " + column + " = " + quoteText(database) + " " + rest);
    std::erase_if(rows, [&](const TextRow& row) { return row.at(0) != database; });
    return rows;
  }

  /// information_schema leaves out what an account may not see, without a word.
  void noteHidden(const std::string& database) {
    const auto need = [&](bool held, const char* what, const std::string& right) {
      if (!held) out_.hidden.push_back(fmt::format("{} of {} ({})", what, database, right));
    };
    need(grants_.onDatabase("TRIGGER", database), "triggers", "TRIGGER");
    if (!isWholeDatabase(spec_, database)) return;
    need(grants_.onDatabase("EVENT", database), "events", "EVENT");
    const bool seesRoutines = grants_.onServer("SHOW_ROUTINE") || grants_.onServer("SHOW CREATE ROUTINE") ||
                              grants_.onServer("SELECT") || grants_.onDatabase("SELECT", "mysql") ||
                              grants_.onDatabase("SHOW CREATE ROUTINE", database);
    need(seesRoutines, "procedures and functions",
         source_.server().mariadb ? "SELECT on mysql.proc" : "SHOW_ROUTINE on *.*");
  }

  SourceObject* add(ObjectKind kind, const TableName& name) {
    SourceObject& object = out_.objects.emplace_back();
    object.name = name;
    object.text.kind = kind;
    return &object;
  }

  void readNames(const std::string& database) {
    readTableLike(database);
    readRoutines(database);
    for (const TextRow& row :
         rowsOf("SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS",
                "TRIGGER_SCHEMA", database,
                "ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"))
      if (isSelected(spec_, {database, row.at(2).value_or("")}))
        add(ObjectKind::trigger, {database, row.at(1).value_or("")});
    for (const TextRow& row : rowsOf("SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS", "EVENT_SCHEMA",
                                     database, "ORDER BY EVENT_NAME")) {
      const TableName name{database, row.at(1).value_or("")};
      if (isSelectedObject(spec_, ObjectKind::event, name)) add(ObjectKind::event, name);
    }
  }

  void readTableLike(const std::string& database) {
    const std::string collation =
        source_
            .value("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " +
                   quoteText(database))
            .value_or("");
    for (const TextRow& row : rowsOf("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES",
                                     "TABLE_SCHEMA", database, "AND TABLE_TYPE <> 'BASE TABLE' ORDER BY TABLE_NAME")) {
      const TableName name{database, row.at(1).value_or("")};
      const std::string type = row.at(2).value_or("");
      if (type.ends_with("VIEW")) {
        if (isSelectedObject(spec_, ObjectKind::view, name)) add(ObjectKind::view, name)->databaseCollation = collation;
      } else if (isSelected(spec_, name)) {
        const bool versioned = type == "SYSTEM VERSIONED";
        out_.others.push_back((versioned ? "system-versioned table " : "sequence ") + name.database + "." + name.table);
      }
    }
  }

  void readRoutines(const std::string& database) {
    for (const TextRow& row :
         rowsOf("SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, IS_DETERMINISTIC, SQL_DATA_ACCESS FROM "
                "information_schema.ROUTINES",
                "ROUTINE_SCHEMA", database, "ORDER BY ROUTINE_NAME")) {
      const TableName name{database, row.at(1).value_or("")};
      const std::string type = row.at(2).value_or("");
      if (type == "FUNCTION" || type == "PROCEDURE") {
        const ObjectKind kind = type == "FUNCTION" ? ObjectKind::function : ObjectKind::procedure;
        if (!isSelectedObject(spec_, kind, name)) continue;
        add(kind, name)->deterministic = row.at(3) == "YES" || row.at(4) == "NO SQL" || row.at(4) == "READS SQL DATA";
      } else if (isWholeDatabase(spec_, database)) {
        out_.others.push_back((type == "PACKAGE BODY" ? "package body " : "package ") + name.database + "." +
                              name.table);
      }
    }
  }

  void readText(SourceObject& object) {
    try {
      const auto rows = source_.records("SHOW CREATE " + sqlWord(object.text.kind) + " " + quoteName(object.name));
      if (!rows.empty()) take(object, rows.front());
      if (object.text.statement.empty())
        object.problem = "the source account may not read its definition";
      else if (object.text.kind == ObjectKind::view)
        tryView(object.name);
    } catch (const Error& error) {
      if (error.action() == Action::retry) throw;
      const bool read = !object.text.statement.empty();
      object.problem = (read ? "it is broken at the source: " : "it cannot be read: ") + error.text();
    }
  }

  static void take(SourceObject& object, const std::map<std::string, std::string>& row) {
    const auto column = [&](const char* name) {
      const auto found = row.find(name);
      return found == row.end() ? std::string() : found->second;
    };
    for (const char* name :
         {"Create View", "Create Procedure", "Create Function", "SQL Original Statement", "Create Event"})
      if (object.text.statement.empty()) object.text.statement = column(name);
    object.text.sqlMode = column("sql_mode");
    object.text.charset = column("character_set_client");
    object.collation = column("collation_connection");
    object.timeZone = column("time_zone");
    if (const std::string collation = column("Database Collation"); !collation.empty())
      object.databaseCollation = collation;
  }

  /// Opens all that the view stands on without running it.
  void tryView(const TableName& name) {
    source_.execute("SET @drs_view = " + quoteText("SELECT 1 FROM " + quoteName(name)));
    source_.execute("PREPARE drs_view FROM @drs_view");
    source_.execute("DEALLOCATE PREPARE drs_view");
  }

  void findUnknown(const std::vector<std::string>& databases) {
    for (const ListedObject& listed : listedObjects(spec_)) {
      const auto isIt = [&](const SourceObject& object) {
        return object.text.kind == listed.kind && object.name == listed.name;
      };
      const bool known = std::find(databases.begin(), databases.end(), listed.name.database) != databases.end();
      if (!known || std::any_of(out_.objects.begin(), out_.objects.end(), isIt)) continue;
      SourceObject* missing = add(listed.kind, listed.name);
      missing->problem =
          "the source has no such " + std::string(toText(listed.kind)) + ", or its account cannot see it";
    }
  }

  Connection& source_;
  const JobSpec& spec_;
  Grants grants_;
  SourceObjects out_;
};

}  // namespace

std::string sqlWord(ObjectKind kind) {
  std::string word(toText(kind));
  std::transform(word.begin(), word.end(), word.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return word;
}

std::string printable(ObjectKind kind, const TableName& name) {
  return std::string(toText(kind)) + " " + (isAccountKind(kind) ? name.table : name.database + "." + name.table);
}

SourceObjects readObjects(Connection& source, const JobSpec& spec, const std::vector<std::string>& databases) {
  SourceObjects out = Reader(source, spec).run(databases);
  std::stable_sort(out.objects.begin(), out.objects.end(),
                   [](const SourceObject& a, const SourceObject& b) { return a.text.kind < b.text.kind; });
  return out;
}

}  // namespace drs::mysql
