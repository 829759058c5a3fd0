#include "base/error.h"
#include "engine/mysql/catalog.h"
#include "engine/mysql/connection.h"
#include "engine/mysql/select_list.h"
#include "transform/condition/condition.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

// condition_eval PORT USER PASSWORD DATABASE TABLE: reads the table's rows in the order of `id`, as a copy does, then
// one condition (a JSON string) from each line of standard input. For each it prints a line: one character for each row
// (0, 1, N = NULL, ? = the server is to be asked, E = the server fails), or "!" and the reason why it is refused.

namespace {

using namespace drs;

char letterOf(condition::Verdict verdict) {
  switch (verdict) {
    case condition::Verdict::no:
      return '0';
    case condition::Verdict::yes:
      return '1';
    case condition::Verdict::unknown:
      return 'N';
    case condition::Verdict::askServer:
      return '?';
    case condition::Verdict::error:
      break;
  }
  return 'E';
}

int run(char** arguments) {
  mysql::ConnectOptions options;
  options.addresses = {{"127.0.0.1", std::atoi(arguments[1])}};
  options.user = arguments[2];
  options.password = arguments[3];
  const TableName name{arguments[4], arguments[5]};
  const auto connection = mysql::Connection::open(options);
  const auto tables =
      mysql::readTables(*connection, {name.database}, [&](const TableName& each) { return each == name; });
  TableSchemaPtr schema;
  for (const auto& table : tables) {
    if (table->name == name) schema = table;
  }
  if (!schema) return 2;
  RowBatch rows(schema);
  connection->stream(fmt::format("SELECT {} FROM {} ORDER BY id", mysql::selectList(*schema), mysql::quoteName(name)),
                     [&](const mysql::Row& row) {
                       mysql::appendRow(rows, row);
                       return true;
                     });
  const condition::SessionFacts facts{connection->value("SELECT @@collation_connection").value()};
  condition::Scope scope;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::string out;
    try {
      const auto text = nlohmann::json::parse(line).get<std::string>();
      const auto compiled = condition::Condition::compile(text, *schema, facts);
      for (std::size_t row = 0; row < rows.rows(); ++row) out += letterOf(compiled.judge(rows, row, scope));
    } catch (const Error& error) {
      out = "!" + error.text();
    }
    fmt::print("{}\n", out);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) return 2;
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
