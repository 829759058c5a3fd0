#include "wire/mysql/ddl_statement.h"

#include "wire/mysql/ddl_parser.h"

#include <algorithm>

namespace drs::mysql {

DdlStatement parseDdl(std::string_view sql, SqlSyntax syntax) {
  return DdlParser(sql, syntax).run();
}

std::string splice(std::string_view sql, std::vector<Splice> splices) {
  std::stable_sort(splices.begin(), splices.end(),
                   [](const Splice& a, const Splice& b) { return a.at.offset < b.at.offset; });
  std::string out;
  std::size_t at = 0;
  for (const Splice& one : splices) {
    out += sql.substr(at, one.at.offset - at);
    out += one.text;
    at = one.at.offset + one.at.size;
  }
  out += sql.substr(std::min(at, sql.size()));
  return out;
}

}  // namespace drs::mysql
