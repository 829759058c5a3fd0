#pragma once

#include "base/error.h"
#include "engine/mysql/log_assembler.h"
#include "event_builder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

// What the tests of the log assembler share: a table, a lane that is fed with events, positions.

namespace drs::mysql {

inline constexpr const char* kUuid = "11111111-1111-1111-1111-111111111111";

inline TableSchemaPtr table(const std::string& name, const std::string& engine = "InnoDB") {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"d", name};
  schema->engine = engine;
  Column id;
  id.name = "id";
  id.kind = ColumnKind::integer;
  id.type = id.dataType = "int";
  Column value;
  value.name = "v";
  value.type = "varchar(20)";
  value.dataType = "varchar";
  schema->columns = {id, value};
  schema->primaryKey = {0};
  return schema;
}

/// A lane over d.t (InnoDB) and d.m (MyISAM); the selection covers the whole database d, or all that is no system
/// database.
class Lane {
 public:
  explicit Lane(const LogPosition& start, std::size_t maxBytes = 1U << 20U, bool all = false,
                std::size_t memoryBytes = 1U << 20U)
      : plans_{makePlan(table("t")), makePlan(table("m", "MyISAM"))},
        scope_(makeScope(all)),
        assembler_(scope_, start, {memoryBytes, maxBytes, spillFolder()}) {}

  /// Feeds packets; what came out as text: "id: +1=a ~1=a>1=b -1=b" and so on.
  std::vector<std::string> feed(const std::vector<std::string>& packets) {
    std::vector<std::string> out;
    for (const std::string& packet : packets) {
      if (const auto transaction = assembler_.feed(packet)) {
        out.push_back(describe(*transaction));
        last_ = *transaction;
      }
    }
    return out;
  }
  [[nodiscard]] std::string at() const { return toPosition(assembler_.position()).text; }
  LogAssembler& assembler() { return assembler_; }
  void target(const std::string& identity) { scope_.target = identity; }
  [[nodiscard]] const Transaction& last() const { return last_; }

 private:
  static TablePlan makePlan(TableSchemaPtr schema) {
    TablePlan plan;
    plan.source = std::move(schema);
    return plan;
  }
  LogScope makeScope(bool all) {
    LogScope scope;
    scope.plans = &plans_;
    scope.coversDatabase = [all](const std::string& name) {
      return all ? !name.empty() && name != "mysql" && name != "sys" : name == "d";
    };
    scope.covers = [this](const TableName& name) { return scope_.coversDatabase(name.database); };
    return scope;
  }
  static std::string rowText(const RowBatch& rows, std::size_t i) {
    return fmt::format("{}={}", rows.cell(i, 0).i, rows.text(rows.cell(i, 1)));
  }
  static std::string describe(const Transaction& transaction) {
    std::string out = transaction.id + ":";
    if (transaction.stored) out += " stored";
    forEachRows(transaction, [&](const RowsChange& change) { return describe(out, change), true; });
    for (const ChangeEvent& change : transaction.changes) {
      if (const auto* schema = std::get_if<SchemaChange>(&change)) {
        const bool truncate = schema->kind == SchemaChange::Kind::truncate;
        out += fmt::format(" {} {}.{}", truncate ? "truncate" : "schema", schema->table.database, schema->table.table);
      }
    }
    return out;
  }
  static void describe(std::string& out, const RowsChange& rows) {
    for (std::size_t i = 0; i < rows.rows.rows(); ++i) {
      if (rows.op == RowOp::insert) out += " +" + rowText(rows.rows, i);
      if (rows.op == RowOp::remove) out += " -" + rowText(rows.rows, i);
      if (rows.op == RowOp::update) out += (i % 2 == 0 ? " ~" : ">") + rowText(rows.rows, i);
    }
    if (!rows.foreignKeyChecks) out += " nofk";
  }
  static std::string spillFolder() { return testing::TempDir() + "opendrs-spill"; }

  Plans plans_;
  LogScope scope_;
  LogAssembler assembler_;
  Transaction last_;
};

inline LogPosition mysqlByFile(std::uint64_t offset = 4) {
  return {false, "", "bin.000001", offset};
}
inline LogPosition mysqlByGtid(const std::string& set) {
  return {false, set, "bin.000001", 4};
}
inline LogPosition mariadbByFile() {
  return {true, "", "bin.000001", 4};
}
inline LogPosition mariadbByGtid(const std::string& gtids) {
  return {true, gtids, "bin.000001", 4};
}

using Texts = std::vector<std::string>;

template <typename Call>
Error thrown(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(Msg::internal, {""});
}

}  // namespace drs::mysql
