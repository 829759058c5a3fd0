#include "engine/mysql/single_snapshot.h"

#include "engine/mysql/table_splitter.h"

#include <cctype>

namespace drs::mysql {

std::vector<Chunk> oneChunk(const Plans& plans) {
  Chunk chunk;
  chunk.number = 1;
  chunk.exact = true;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const TableSchema& table = *plans[i].source;
    const std::string reason = cannotCopy(table);
    if (!reason.empty()) throw Error(Msg::precheckFailed, {quoteName(table.name) + ": " + reason}, Origin::source);
    chunk.plans.push_back(i);
    chunk.estimatedRows += table.estimatedRows;
    chunk.estimatedBytes += table.dataBytes;
  }
  return {chunk};
}

std::string withoutCounter(std::string definition) {
  constexpr std::string_view kCounter = " AUTO_INCREMENT=";
  // The table's options stand behind the last line that closes the list of columns; a comment there comes later.
  const std::size_t options = definition.rfind("\n) ");
  if (options == std::string::npos) return definition;
  const std::size_t at = definition.find(kCounter, options);
  const std::size_t comment = definition.find(" COMMENT=", options);
  if (at == std::string::npos || at > comment) return definition;
  std::size_t end = at + kCounter.size();
  while (end < definition.size() && std::isdigit(static_cast<unsigned char>(definition[end])) != 0) ++end;
  return definition.erase(at, end - at);
}

void requireSameDefinition(Connection& connection, const TableSchema& planned) {
  if (!connection.server().mariadb && connection.server().version >= 80030)
    connection.execute("SET show_gipk_in_create_table_and_information_schema = ON");
  const auto rows = connection.query("SHOW CREATE TABLE " + quoteName(planned.name));
  const std::string now = rows.empty() ? std::string() : rows.front().at(1).value_or("");
  if (withoutCounter(now) == withoutCounter(planned.createSql)) return;
  throw Error(Msg::schemaDrift,
              {planned.name.database + "." + planned.name.table,
               "its definition has changed since the task was planned, and the source writes no log to follow it by"},
              Origin::source);
}

}  // namespace drs::mysql
