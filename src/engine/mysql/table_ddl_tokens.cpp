#include "engine/mysql/table_ddl_tokens.h"

#include "base/error.h"

#include <algorithm>
#include <cctype>

namespace drs::mysql {
namespace {

bool isWordCharacter(char c) {
  const auto u = static_cast<unsigned char>(c);
  return std::isalnum(u) != 0 || c == '_' || c == '$' || u >= 0x80;
}

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

/// The offset behind the quoted text that starts at `at`, or npos.
std::size_t behindQuoted(std::string_view sql, std::size_t at) {
  const char quote = sql[at];
  for (std::size_t i = at + 1; i < sql.size(); ++i) {
    if (quote != '`' && sql[i] == '\\') {
      ++i;
    } else if (sql[i] == quote) {
      if (i + 1 < sql.size() && sql[i + 1] == quote)
        ++i;
      else
        return i + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

void refuseDefinition(const std::string& table, const std::string& why) {
  throw Error(Msg::definitionNotSupported, {table, why}, Origin::target);
}

bool DdlToken::is(std::string_view word) const {
  if (kind == Kind::string || kind == Kind::name || kind == Kind::comment) return false;
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
    return std::toupper(static_cast<unsigned char>(a)) == std::toupper(static_cast<unsigned char>(b));
  });
}

DdlTokens ddlTokens(std::string_view sql, const std::string& table) {
  DdlTokens tokens;
  const auto add = [&](DdlToken::Kind kind, std::size_t begin, std::size_t end) {
    if (end == std::string_view::npos) refuseDefinition(table, "its SHOW CREATE TABLE ends inside a quoted text");
    tokens.push_back({kind, sql.substr(begin, end - begin), begin});
    return end;
  };
  for (std::size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++i;
    } else if (c == '`') {
      i = add(DdlToken::Kind::name, i, behindQuoted(sql, i));
    } else if (c == '\'' || c == '"') {
      i = add(DdlToken::Kind::string, i, behindQuoted(sql, i));
    } else if (sql.substr(i, 2) == "/*") {
      const std::size_t end = sql.find("*/", i + 2);
      i = add(DdlToken::Kind::comment, i, end == std::string_view::npos ? end : end + 2);
    } else if (isWordCharacter(c)) {
      std::size_t end = i;
      const bool number = isDigit(c);
      while (end < sql.size() && (isWordCharacter(sql[end]) || (number && sql[end] == '.'))) ++end;
      i = add(number ? DdlToken::Kind::number : DdlToken::Kind::word, i, end);
    } else {
      i = add(DdlToken::Kind::symbol, i, i + 1);
    }
  }
  return tokens;
}

std::size_t behindGroup(const DdlTokens& tokens, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is("(")) ++depth;
    if (tokens[i].is(")") && --depth == 0) return i + 1;
  }
  return tokens.size();
}

std::string unquoted(std::string_view name) {
  std::string out;
  for (std::size_t i = 1; i + 1 < name.size(); ++i) {
    out += name[i];
    if (name[i] == '`') ++i;
  }
  return out;
}

std::string_view slice(std::string_view sql, const DdlTokens& tokens, std::size_t first, std::size_t last) {
  if (first >= last || last > tokens.size()) return {};
  const std::size_t begin = tokens[first].begin;
  return sql.substr(begin, tokens[last - 1].begin + tokens[last - 1].text.size() - begin);
}

}  // namespace drs::mysql
