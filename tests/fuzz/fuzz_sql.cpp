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
  return 0;
}
