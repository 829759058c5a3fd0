#include "wire/mysql/ddl_statement.h"
#include "wire/mysql/sql_statement.h"
#include "wire/mysql/sql_tokens.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// Any statement: the tokens stand in order and are pieces of the text; recognising never fails.

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drs::mysql;
  if (size == 0) return 0;
  const SqlSyntax syntax{(data[0] & 1U) != 0, (data[0] & 2U) != 0};
  const std::string_view sql(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::size_t end = 0;
  for (const Token& token : tokenize(sql, syntax)) {
    require(token.offset >= end && !token.raw.empty());
    require(sql.substr(token.offset, token.raw.size()) == token.raw);
    end = token.offset + token.raw.size();
    require(token.name().size() <= token.raw.size());
  }
  const Statement statement = recognize(sql, syntax);
  const bool changesTables = statement.kind == StatementKind::truncateTable ||
                             statement.kind == StatementKind::createTable ||
                             statement.kind == StatementKind::alterTable ||
                             statement.kind == StatementKind::dropTable || statement.kind == StatementKind::renameTable;
  require(!changesTables || !statement.tables.empty());
  const DdlStatement ddl = parseDdl(sql, syntax);
  require(ddl.kind != DdlKind::unknown || !ddl.why.empty());
  for (const DdlTable& table : ddl.tables) require(table.size > 0 && table.offset + table.size <= sql.size());
  for (const TextPiece& engine : ddl.engines) require(engine.offset + engine.size <= sql.size());
  require(ddl.optionsAt <= sql.size());
  require(splice(sql, {}) == sql);
  return 0;
}
