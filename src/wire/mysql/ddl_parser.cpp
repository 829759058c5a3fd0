#include "wire/mysql/ddl_parser.h"

#include <algorithm>

namespace drs::mysql {

DdlStatement DdlParser::run() {
  if (take("CREATE")) {
    create();
  } else if (take("ALTER")) {
    alter();
  } else if (take("DROP")) {
    drop();
  } else if (next("RENAME") && nextAny({"TABLE", "TABLES"}, 1)) {
    at_ += 2;
    renameTable();
  } else {
    refuse("a statement of this kind is not known");
  }
  return std::move(out_);
}

void DdlParser::refuse(std::string why) {
  out_.kind = DdlKind::unknown;
  if (out_.why.empty()) out_.why = std::move(why);
}

void DdlParser::forbid(std::string why) {
  if (out_.why.empty()) out_.why = std::move(why);
}

bool DdlParser::nextAny(std::initializer_list<std::string_view> keywords, std::size_t ahead) const {
  return std::any_of(keywords.begin(), keywords.end(), [&](std::string_view keyword) { return next(keyword, ahead); });
}

bool DdlParser::take(std::string_view keyword) {
  if (!next(keyword)) return false;
  ++at_;
  return true;
}

bool DdlParser::takeAny(std::initializer_list<std::string_view> keywords) {
  return std::any_of(keywords.begin(), keywords.end(), [this](std::string_view keyword) { return take(keyword); });
}

bool DdlParser::takeSymbol(char c) {
  if (!symbolAt(at_, c)) return false;
  ++at_;
  return true;
}

bool DdlParser::takeIfExists() {
  if (!next("IF")) return false;
  ++at_;
  (take("NOT") ? out_.ifNotExists : out_.ifExists) = true;
  return take("EXISTS");
}

/// name | name . name
bool DdlParser::takeTable(DdlTable::Role role) {
  if (at_ >= tokens_.size() || !tokens_[at_].isName()) return false;
  DdlTable table;
  table.role = role;
  table.offset = tokens_[at_].offset;
  table.name.name = tokens_[at_++].name();
  if (takeSymbol('.')) {
    if (at_ >= tokens_.size() || !tokens_[at_].isName()) return false;
    table.name.database = std::move(table.name.name);
    table.name.name = tokens_[at_++].name();
  }
  const Token& last = tokens_[at_ - 1];
  table.size = last.offset + last.raw.size() - table.offset;
  out_.tables.push_back(std::move(table));
  return true;
}

std::size_t DdlParser::behindBracket(std::size_t open) const {
  int depth = 0;
  for (std::size_t i = open; i < tokens_.size(); ++i) {
    if (tokens_[i].isSymbol('(')) ++depth;
    if (tokens_[i].isSymbol(')') && --depth == 0) return i + 1;
  }
  return tokens_.size();
}

std::size_t DdlParser::itemEnd() const {
  int depth = 0;
  std::size_t i = at_;
  for (; i < tokens_.size(); ++i) {
    if (tokens_[i].isSymbol('(')) ++depth;
    if (tokens_[i].isSymbol(')')) --depth;
    if (depth <= 0 && tokens_[i].isSymbol(',')) break;
  }
  return i;
}

void DdlParser::database(DdlKind kind) {
  out_.kind = kind;
  takeIfExists();
  // ALTER DATABASE may leave the name out; then an option follows.
  const bool leftOut = kind == DdlKind::alterDatabase &&
                       nextAny({"DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "UPGRADE", "READ", "ENCRYPTION"});
  if (!leftOut && at_ < tokens_.size() && tokens_[at_].isName()) out_.database = tokens_[at_++].name();
  for (; at_ < tokens_.size(); ++at_) charsetAt(at_);
}

// --- CREATE, DROP, RENAME -------------------------------------------------------------------------------------------

void DdlParser::create() {
  if (take("OR")) return refuse("CREATE OR REPLACE empties the table");
  if (takeAny({"DATABASE", "SCHEMA"})) return database(DdlKind::createDatabase);
  if (take("TABLE")) return createTable();
  while (takeAny({"ONLINE", "OFFLINE", "UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"})) {
  }
  if (take("INDEX")) return index(DdlKind::createIndex);
  refuse("a CREATE of this kind is not known");
}

void DdlParser::createTable() {
  takeIfExists();
  if (!takeTable(DdlTable::Role::changed)) return refuse("the table's name was not found");
  const bool like = next("LIKE") || (symbolAt(at_, '(') && next("LIKE", 1));
  if (like) {
    takeSymbol('(');
    ++at_;
    if (!takeTable(DdlTable::Role::referenced)) return refuse("the name behind LIKE was not found");
    out_.kind = DdlKind::createTableLike;
    return;
  }
  if (!symbolAt(at_, '(')) return refuse("CREATE TABLE without columns: its rows come from a query");
  columns();
}

void DdlParser::columns() {
  out_.kind = DdlKind::createTable;
  const std::size_t end = behindBracket(at_);
  if (!tokens_[end - 1].isSymbol(')')) return refuse("its columns do not end");
  const Token& close = tokens_[end - 1];
  out_.optionsAt = close.offset + close.raw.size();
  scan(at_, end);
  at_ = end;
  tableOptions();
}

void DdlParser::tableOptions() {
  int depth = 0;
  for (std::size_t i = at_; i < tokens_.size(); ++i) {
    if (tokens_[i].isSymbol('(')) ++depth;
    if (tokens_[i].isSymbol(')')) --depth;
    if (depth > 0) {
      if (tokens_[i].is("SELECT")) return refuse("CREATE TABLE … SELECT: its rows come from a query");
      continue;
    }
    const Token& token = tokens_[i];
    if (token.is("START") && i + 2 == tokens_.size() && tokens_[i + 1].is("TRANSACTION")) {
      out_.start = {token.offset, tokens_[i + 1].offset + tokens_[i + 1].raw.size() - token.offset};
      break;
    }
    const bool query = token.is("SELECT") || token.is("WITH") || token.is("VALUES") || token.is("REPLACE") ||
                       token.is("IGNORE") || token.is("AS") || (token.is("TABLE") && i > at_);
    if (query || token.is("START"))
      return refuse("CREATE TABLE … SELECT, or system versioning: what belongs to it is not in this statement alone");
    if (token.is("UNION")) return refuse("a table over other tables (UNION)");
    charsetAt(i);
    if (token.is("PARTITION")) break;
  }
  scan(at_, tokens_.size());
}

void DdlParser::index(DdlKind kind) {
  takeIfExists();
  while (at_ < tokens_.size() && !next("ON")) ++at_;
  if (!take("ON") || !takeTable(DdlTable::Role::changed)) return refuse("the index's table was not found");
  out_.kind = kind;
}

void DdlParser::drop() {
  if (takeAny({"DATABASE", "SCHEMA"})) return database(DdlKind::dropDatabase);
  if (takeAny({"TABLE", "TABLES"})) return dropTable();
  takeAny({"ONLINE", "OFFLINE"});
  if (take("INDEX")) return index(DdlKind::dropIndex);
  refuse("a DROP of this kind is not known");
}

void DdlParser::dropTable() {
  takeIfExists();
  do {
    if (!takeTable(DdlTable::Role::changed)) return refuse("a table's name was not found");
  } while (takeSymbol(','));
  out_.kind = DdlKind::dropTable;
}

void DdlParser::renameTable() {
  takeIfExists();
  do {
    if (!takeTable(DdlTable::Role::changed)) return refuse("a table's name was not found");
    while (at_ < tokens_.size() && !next("TO")) ++at_;  // WAIT n | NOWAIT
    if (!take("TO") || !takeTable(DdlTable::Role::renamed)) return refuse("a table's new name was not found");
  } while (takeSymbol(','));
  out_.kind = at_ < tokens_.size() ? DdlKind::unknown : DdlKind::renameTable;
  if (out_.kind == DdlKind::unknown) refuse("something follows the last name");
}

}  // namespace drs::mysql
