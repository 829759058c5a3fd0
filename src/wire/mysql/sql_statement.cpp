#include "wire/mysql/sql_statement.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace drs::mysql {
namespace {

class Recognizer {
 public:
  Recognizer(std::string_view sql, SqlSyntax syntax) : sql_(sql), tokens_(tokenize(sql, syntax)) {}

  Statement run() {
    if (tokens_.empty()) {
      out_.kind = StatementKind::empty;
    } else if (!transaction() && !definition()) {
      other();
    }
    return std::move(out_);
  }

 private:
  // --- cursor
  // ---------------------------------------------------------------------------------------------------------
  [[nodiscard]] const Token* peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? &tokens_[at_ + ahead] : nullptr;
  }
  [[nodiscard]] bool next(std::string_view keyword, std::size_t ahead = 0) const {
    const Token* token = peek(ahead);
    return token != nullptr && token->is(keyword);
  }
  bool take(std::string_view keyword) {
    if (!next(keyword)) return false;
    ++at_;
    return true;
  }
  bool takeAny(std::initializer_list<std::string_view> keywords) {
    return std::any_of(keywords.begin(), keywords.end(), [this](std::string_view keyword) { return take(keyword); });
  }
  bool takeSymbol(char c) {
    if (peek() == nullptr || !peek()->isSymbol(c)) return false;
    ++at_;
    return true;
  }
  bool takeIfExists() {
    if (!take("IF")) return false;
    take("NOT");
    take("EXISTS");
    return true;
  }

  /// name | name . name | . name
  bool takeName(ObjectName& name) {
    const bool bare = takeSymbol('.');
    if (peek() == nullptr || !peek()->isName()) return false;
    name.name = tokens_[at_++].name();
    if (bare || !takeSymbol('.')) return true;
    if (peek() == nullptr || !peek()->isName()) return false;
    name.database = std::move(name.name);
    name.name = tokens_[at_++].name();
    return true;
  }
  bool takeTable() {
    ObjectName name;
    if (!takeName(name)) return false;
    out_.tables.push_back(std::move(name));
    return true;
  }

  [[nodiscard]] std::string rest() const {
    return peek() == nullptr ? std::string() : std::string(sql_.substr(peek()->offset));
  }

  bool done(StatementKind kind) {
    out_.kind = kind;
    return true;
  }

  // --- transaction control
  // ----------------------------------------------------------------------------------------------
  bool transaction() {
    if (next("BEGIN") && (peek(1) == nullptr || next("WORK", 1))) return done(StatementKind::begin);
    if (next("START") && next("TRANSACTION", 1)) return done(StatementKind::begin);
    if (take("COMMIT")) return done(StatementKind::commit);
    if (take("ROLLBACK")) return rollback();
    if (take("SAVEPOINT")) return label(StatementKind::savepoint);
    if (next("RELEASE") && next("SAVEPOINT", 1)) {
      at_ += 2;
      return label(StatementKind::releaseSavepoint);
    }
    return take("XA") && xa();
  }

  bool rollback() {
    take("WORK");
    if (!take("TO")) return done(StatementKind::rollback);
    take("SAVEPOINT");
    return label(StatementKind::rollbackTo);
  }

  bool label(StatementKind kind) {
    if (peek() != nullptr) out_.label = peek()->name();
    return done(kind);
  }

  bool xa() {
    struct Verb {
      std::string_view word;
      StatementKind kind;
    };
    constexpr std::array<Verb, 6> kVerbs{{{"START", StatementKind::xaStart},
                                          {"BEGIN", StatementKind::xaStart},
                                          {"END", StatementKind::xaEnd},
                                          {"PREPARE", StatementKind::xaPrepare},
                                          {"COMMIT", StatementKind::xaCommit},
                                          {"ROLLBACK", StatementKind::xaRollback}}};
    for (const Verb& verb : kVerbs) {
      if (!take(verb.word)) continue;
      out_.label = rest();
      return done(verb.kind);
    }
    return done(StatementKind::unknown);
  }

  // --- definitions
  // ------------------------------------------------------------------------------------------------------
  bool definition() {
    if (take("TRUNCATE")) return truncate();
    if (take("CREATE")) return create();
    if (take("ALTER")) return alter();
    if (take("DROP")) return drop();
    if (take("RENAME")) return rename();
    return false;
  }

  /// The definition is of a kind that is not understood: it may be about anything that it names.
  bool notUnderstood() {
    out_.tables.clear();
    out_.temporary = false;
    allNames();
    return done(StatementKind::unknown);
  }

  bool truncate() {
    take("TABLE");
    return takeTable() ? done(StatementKind::truncateTable) : notUnderstood();
  }

  bool create() {
    if (take("OR")) take("REPLACE");
    if (takeAny({"DATABASE", "SCHEMA"})) return database(StatementKind::createDatabase);
    out_.temporary = take("TEMPORARY");
    if (take("TABLE")) {
      out_.ifNotExists = takeIfExists();
      return takeTable() ? done(StatementKind::createTable) : notUnderstood();
    }
    while (takeAny({"ONLINE", "OFFLINE", "UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"})) {
    }
    if (take("INDEX")) return indexOnTable();
    return aboutNoTable() ? done(StatementKind::noTableChange) : notUnderstood();
  }

  /// … INDEX [IF [NOT] EXISTS] [name] … ON table: the first ON outside brackets.
  bool indexOnTable() {
    while (peek() != nullptr && !next("ON")) ++at_;
    return take("ON") && takeTable() ? done(StatementKind::alterTable) : notUnderstood();
  }

  bool database(StatementKind kind) {
    takeIfExists();
    if (peek() != nullptr && peek()->isName()) out_.database = tokens_[at_].name();
    return done(kind);
  }

  bool alter() {
    // ALTER DATABASE may leave the name out; then an option follows, which is harmless to take for a name.
    if (takeAny({"DATABASE", "SCHEMA"})) return database(StatementKind::alterDatabase);
    while (takeAny({"ONLINE", "OFFLINE", "IGNORE"})) {
    }
    if (!take("TABLE")) return aboutNoTable() ? done(StatementKind::noTableChange) : notUnderstood();
    takeIfExists();
    if (!takeTable()) return notUnderstood();
    while (peek() != nullptr) {
      // RENAME [TO | AS | =] other, EXCHANGE PARTITION p WITH TABLE other, CONVERT … TABLE other
      if (take("RENAME")) {
        if (next("COLUMN") || next("INDEX") || next("KEY")) continue;
        if (!takeAny({"TO", "AS"})) takeSymbol('=');
        takeTable();
      } else if (take("TABLE")) {
        takeTable();
      } else {
        ++at_;
      }
    }
    return done(StatementKind::alterTable);
  }

  bool drop() {
    if (takeAny({"DATABASE", "SCHEMA"})) return database(StatementKind::dropDatabase);
    out_.temporary = take("TEMPORARY");
    if (takeAny({"TABLE", "TABLES"})) {
      takeIfExists();
      do {
        if (!takeTable()) return notUnderstood();
      } while (takeSymbol(','));
      return done(StatementKind::dropTable);
    }
    takeAny({"ONLINE", "OFFLINE"});
    if (take("INDEX")) return indexOnTable();
    return aboutNoTable() ? done(StatementKind::noTableChange) : notUnderstood();
  }

  bool rename() {
    if (next("USER")) return done(StatementKind::noTableChange);
    if (!takeAny({"TABLE", "TABLES"})) return notUnderstood();
    takeIfExists();
    do {
      if (!takeTable()) return notUnderstood();
      while (peek() != nullptr && !next("TO")) ++at_;  // WAIT n | NOWAIT
      if (!take("TO") || !takeTable()) return notUnderstood();
    } while (takeSymbol(','));
    return done(StatementKind::renameTable);
  }

  /// Behind CREATE, ALTER or DROP: objects that hold no rows. DEFINER, ALGORITHM and the like come before the kind.
  [[nodiscard]] bool aboutNoTable() const {
    constexpr std::size_t kMostTokens = 16;  // CREATE ALGORITHM = … DEFINER = …@… SQL SECURITY … VIEW
    constexpr std::array<std::string_view, 17> kKinds{
        "VIEW", "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT",    "USER",     "ROLE",     "SERVER", "TABLESPACE",
        "UNDO", "LOGFILE",   "PACKAGE",  "SPATIAL", "RESOURCE", "INSTANCE", "SEQUENCE", "LIBRARY"};
    for (std::size_t i = at_; i < std::min(tokens_.size(), at_ + kMostTokens); ++i) {
      const Token& token = tokens_[i];
      if (token.is("TABLE") || token.is("TABLES")) return false;
      if (std::any_of(kKinds.begin(), kKinds.end(), [&](std::string_view kind) { return token.is(kind); })) return true;
    }
    return false;
  }

  // --- the rest
  // -----------------------------------------------------------------------------------------------------------
  void other() {
    constexpr std::array<std::string_view, 16> kHarmless{
        "GRANT",   "REVOKE",    "SET",   "FLUSH", "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK",
        "INSTALL", "UNINSTALL", "RESET", "PURGE", "CHANGE",  "KILL",     "USE",    "CHECKSUM"};
    constexpr std::array<std::string_view, 9> kRowChanges{"INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD",
                                                          "CALL",   "SELECT",  "WITH",   "DO"};
    const auto isOneOf = [this](const auto& list) {
      return std::any_of(list.begin(), list.end(), [this](std::string_view word) { return next(word); });
    };
    if (isOneOf(kHarmless)) {
      out_.kind = StatementKind::noTableChange;
      return;
    }
    out_.kind = isOneOf(kRowChanges) ? StatementKind::rowChange : StatementKind::unknown;
    allNames();
  }

  void allNames() {
    out_.names.clear();
    for (const Token& token : tokens_) {
      if (token.isName()) out_.names.push_back(token.name());
    }
  }

  std::string_view sql_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Statement out_;
};

}  // namespace

Statement recognize(std::string_view sql, SqlSyntax syntax) {
  return Recognizer(sql, syntax).run();
}

}  // namespace drs::mysql
