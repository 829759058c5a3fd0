#include "wire/mysql/ddl_parser.h"

#include <algorithm>
#include <array>

namespace drs::mysql {
namespace {

constexpr std::array<std::string_view, 8> kEngines{"INNODB", "MYISAM", "ARIA",    "MEMORY",
                                                   "HEAP",   "CSV",    "ARCHIVE", "ROCKSDB"};

std::string plain(const Token& token) {
  if (token.kind != TokenKind::text) return token.name();
  return std::string(token.raw.substr(1, token.raw.size() >= 2 ? token.raw.size() - 2 : 0));
}

}  // namespace

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
  const bool option = nextAny({"DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "UPGRADE", "READ", "ENCRYPTION"});
  if (at_ < tokens_.size() && tokens_[at_].isName() && !(option && kind == DdlKind::alterDatabase))
    out_.database = tokens_[at_++].name();
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
    const bool query = token.is("SELECT") || token.is("WITH") || token.is("VALUES") || token.is("REPLACE") ||
                       token.is("IGNORE") || token.is("AS") || (token.is("TABLE") && i > at_);
    if (token.is("START") || (query && !(token.is("WITH") && i + 1 < tokens_.size() && tokens_[i + 1].is("PARSER"))))
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

// --- ALTER TABLE ----------------------------------------------------------------------------------------------------

void DdlParser::alter() {
  if (takeAny({"DATABASE", "SCHEMA"})) return database(DdlKind::alterDatabase);
  while (takeAny({"ONLINE", "OFFLINE"})) {
  }
  if (next("IGNORE")) return refuse("ALTER IGNORE drops rows by chance");
  if (take("TABLE")) return alterTable();
  refuse("an ALTER of this kind is not known");
}

void DdlParser::alterTable() {
  takeIfExists();
  if (!takeTable(DdlTable::Role::changed)) return refuse("the table's name was not found");
  out_.kind = DdlKind::alterTable;
  if (take("WAIT")) ++at_;
  take("NOWAIT");
  while (at_ < tokens_.size()) {
    const std::size_t end = itemEnd();
    if (end == at_) return refuse("an empty item");
    const std::size_t first = at_;
    item(end);
    scan(first, end);
    at_ = end;
    takeSymbol(',');
  }
}

void DdlParser::item(std::size_t end) {
  if (take("ADD")) return addItem(end);
  if (take("DROP")) return dropItem();
  if (take("ALTER")) return alterItem();
  if (take("RENAME")) return renameItem();
  if (nextAny({"MODIFY", "CHANGE"})) {
    add(next("MODIFY") ? AlterAction::modifyColumn : AlterAction::changeColumn);
    return noteTemporal(at_, end);
  }
  if (next("CONVERT") && next("TO", 1)) return add(AlterAction::modifyColumn);
  if (nextAny({"EXCHANGE", "DISCARD", "IMPORT", "CONVERT"}))
    return refuse(std::string(tokens_[at_].raw.substr(0, 12)) + " moves rows without logging them");
  optionItem();
}

void DdlParser::addItem(std::size_t end) {
  if (nextAny({"SYSTEM", "PERIOD"})) return refuse("system versioning and periods are not known");
  const bool constraint = take("CONSTRAINT");
  if (constraint && !nextAny({"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"})) ++at_;  // its name
  takeIfExists();
  if (nextAny({"INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL", "PRIMARY"}) ||
      (next("VECTOR") && (nextAny({"INDEX", "KEY"}, 1) || symbolAt(at_ + 1, '('))))
    return add(AlterAction::addIndex);
  if (constraint || nextAny({"FOREIGN", "CHECK"})) return add(AlterAction::constraint);
  if (next("PARTITION")) return add(AlterAction::partition);
  add(AlterAction::addColumn);
  noteTemporal(at_, end);
  // Existing rows get their numbers in the order in which the server happens to read them.
  for (std::size_t i = at_; i < end; ++i)
    if (tokens_[i].is("AUTO_INCREMENT") || tokens_[i].is("SERIAL"))
      return refuse("a new AUTO_INCREMENT column numbers the rows by chance");
}

void DdlParser::dropItem() {
  if (nextAny({"SYSTEM", "PERIOD"})) return refuse("system versioning and periods are not known");
  if (nextAny({"INDEX", "KEY", "PRIMARY"})) return add(AlterAction::dropIndex);
  if (nextAny({"FOREIGN", "CHECK", "CONSTRAINT"})) return add(AlterAction::constraint);
  add(next("PARTITION") ? AlterAction::partition : AlterAction::dropColumn);
}

void DdlParser::alterItem() {
  if (nextAny({"INDEX", "KEY"})) return add(AlterAction::option);  // whether it is visible
  add(nextAny({"CHECK", "CONSTRAINT"}) ? AlterAction::constraint : AlterAction::modifyColumn);
}

void DdlParser::renameItem() {
  if (next("COLUMN")) return add(AlterAction::changeColumn);
  if (nextAny({"INDEX", "KEY"})) return add(AlterAction::renameIndex);
  if (!takeAny({"TO", "AS"})) takeSymbol('=');
  if (!takeTable(DdlTable::Role::renamed)) return refuse("the table's new name was not found");
  add(AlterAction::renameTable);
}

void DdlParser::optionItem() {
  if (nextAny({"COALESCE", "REORGANIZE", "TRUNCATE", "REBUILD", "REMOVE", "ANALYZE", "CHECK", "OPTIMIZE", "REPAIR",
               "PARTITION"}))
    return add(AlterAction::partition);
  if (nextAny({"ORDER",
               "FORCE",
               "ALGORITHM",
               "LOCK",
               "ENGINE",
               "COMMENT",
               "AUTO_INCREMENT",
               "ROW_FORMAT",
               "DEFAULT",
               "CHARACTER",
               "CHARSET",
               "COLLATE",
               "WITH",
               "WITHOUT",
               "ENABLE",
               "DISABLE",
               "AVG_ROW_LENGTH",
               "CHECKSUM",
               "TABLE_CHECKSUM",
               "DELAY_KEY_WRITE",
               "KEY_BLOCK_SIZE",
               "MAX_ROWS",
               "MIN_ROWS",
               "PACK_KEYS",
               "STATS_AUTO_RECALC",
               "STATS_PERSISTENT",
               "STATS_SAMPLE_PAGES",
               "INSERT_METHOD",
               "COMPRESSION",
               "PAGE_CHECKSUM",
               "PAGE_COMPRESSED",
               "TRANSACTIONAL",
               "AUTOEXTEND_SIZE"}))
    return add(AlterAction::option);
  refuse("an item of ALTER TABLE that is not known: " + std::string(tokens_[at_].raw.substr(0, 40)));
}

// --- what may stand anywhere ----------------------------------------------------------------------------------------

void DdlParser::scan(std::size_t first, std::size_t end) {
  bool behindPartition = false;
  int depth = 0;
  for (std::size_t i = first; i < end; ++i) {
    const Token& token = tokens_[i];
    if (token.isSymbol('(')) ++depth;
    if (token.isSymbol(')')) --depth;
    if (token.kind != TokenKind::word) continue;
    if (i > 0 && tokens_[i - 1].isSymbol('.')) continue;
    behindPartition = behindPartition || token.is("PARTITION");
    scanWord(i, behindPartition, depth);
  }
}

void DdlParser::scanWord(std::size_t at, bool behindPartition, int depth) {
  constexpr std::array<std::string_view, 20> kNeverTheSame{
      "UUID",          "UUID_SHORT",     "UUID_V4",      "UUID_V7",     "RAND",     "RANDOM_BYTES", "SYSDATE",
      "CONNECTION_ID", "LAST_INSERT_ID", "FOUND_ROWS",   "ROW_COUNT",   "NEXTVAL",  "SETVAL",       "SYS_GUID",
      "USER",          "CURRENT_USER",   "SESSION_USER", "SYSTEM_USER", "DATABASE", "SCHEMA"};
  const Token& token = tokens_[at];
  if (token.is("REFERENCES")) {
    const std::size_t kept = at_;
    at_ = at + 1;
    if (!takeTable(DdlTable::Role::referenced)) refuse("the table behind REFERENCES was not found");
    at_ = kept;
  } else if (token.is("ENGINE") && (depth <= 0 || behindPartition)) {
    engineAt(at);
  } else if (symbolAt(at + 1, '(') && out_.kind != DdlKind::createTable &&
             std::any_of(kNeverTheSame.begin(), kNeverTheSame.end(),
                         [&](std::string_view name) { return token.is(name); })) {
    // `UUID (` may be a column's name or type too: then the statement is refused without need, never the other way.
    refuse("it fills rows by " + std::string(token.raw) + "(), which gives other values each time");
  } else if (token.is("VERSIONING") || (token.is("NEXT") && at + 1 < tokens_.size() && tokens_[at + 1].is("VALUE"))) {
    refuse("system versioning and sequences are not known");
  }
}

void DdlParser::engineAt(std::size_t at) {
  const std::size_t value = symbolAt(at + 1, '=') ? at + 2 : at + 1;
  if (value >= tokens_.size()) return;
  const Token& token = tokens_[value];
  if (!token.isName() && token.kind != TokenKind::text) return;
  const std::string name = plain(token);
  const bool known = std::any_of(kEngines.begin(), kEngines.end(),
                                 [&](std::string_view engine) { return Token{TokenKind::word, 0, name}.is(engine); });
  if (!known) return refuse("the storage engine " + name.substr(0, 40) + " keeps its rows elsewhere");
  if (out_.engine.empty()) out_.engine = name;
  out_.engines.push_back({token.offset, token.raw.size()});
}

/// [DEFAULT] CHARACTER SET | CHARSET [=] name, COLLATE [=] name
void DdlParser::charsetAt(std::size_t at) {
  const bool charset =
      tokens_[at].is("CHARSET") || (tokens_[at].is("SET") && at > 0 && tokens_[at - 1].is("CHARACTER"));
  if (!charset && !tokens_[at].is("COLLATE")) return;
  const std::size_t value = symbolAt(at + 1, '=') ? at + 2 : at + 1;
  if (value < tokens_.size()) (charset ? out_.charset : out_.collation) = plain(tokens_[value]);
}

void DdlParser::noteTemporal(std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; ++i)
    for (const std::string_view type : {"DATE", "TIME", "DATETIME", "TIMESTAMP"})
      out_.needsTimeZone = out_.needsTimeZone || tokens_[i].is(type);
}

}  // namespace drs::mysql
