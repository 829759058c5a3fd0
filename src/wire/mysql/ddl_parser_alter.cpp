#include "wire/mysql/ddl_parser.h"

#include <algorithm>
#include <array>

// ALTER TABLE, and what may stand anywhere in a definition.

namespace drs::mysql {
namespace {

constexpr std::array<std::string_view, 8> kEngines{"INNODB", "MYISAM", "ARIA",    "MEMORY",
                                                   "HEAP",   "CSV",    "ARCHIVE", "ROCKSDB"};

std::string plain(const Token& token) {
  if (token.kind != TokenKind::text) return token.name();
  return std::string(token.raw.substr(1, token.raw.size() >= 2 ? token.raw.size() - 2 : 0));
}

}  // namespace

// --- ALTER TABLE ----------------------------------------------------------------------------------------------------

void DdlParser::alter() {
  if (takeAny({"DATABASE", "SCHEMA"})) return database(DdlKind::alterDatabase);
  while (takeAny({"ONLINE", "OFFLINE"})) {
  }
  if (take("IGNORE")) forbid("ALTER IGNORE drops rows by chance");
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
  if (nextAny({"EXCHANGE", "DISCARD", "IMPORT"})) {
    out_.movesRows = true;
    add(AlterAction::option);
    return forbid(std::string(tokens_[at_].raw.substr(0, 12)) + " moves rows without logging them");
  }
  if (next("CONVERT")) return refuse(std::string(tokens_[at_].raw.substr(0, 12)) + " moves rows without logging them");
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
      return forbid("a new AUTO_INCREMENT column numbers the rows by chance");
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
    forbid("it fills rows by " + std::string(token.raw) + "(), which gives other values each time");
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
  if (!known) forbid("the storage engine " + name.substr(0, 40) + " keeps its rows elsewhere");
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
