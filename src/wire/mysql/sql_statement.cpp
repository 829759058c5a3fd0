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
    } else if (!skipSetStatement()) {
      notUnderstood();
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

  // --- SET STATEMENT variable = value, … FOR statement
  // -----------------------------------------------------------------------------------
  /// Goes to the statement that is executed; false if there is none.
  bool skipSetStatement() {
    setVerb();
    while (next("SET") && next("STATEMENT", 1)) {
      int depth = 0;
      for (at_ += 2; peek() != nullptr && (depth > 0 || !next("FOR")); ++at_) {
        if (peek()->isSymbol('(')) ++depth;
        if (peek()->isSymbol(')')) --depth;
      }
      if (!take("FOR") || peek() == nullptr) return false;
      setVerb();
    }
    return true;
  }

  void setVerb() {
    constexpr std::size_t kLongest = 20;  // what else stands in the text may be data
    out_.verb = peek()->raw.substr(0, kLongest);
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
    constexpr std::array<std::string_view, 14> kHarmless{"GRANT",  "REVOKE",  "FLUSH",     "OPTIMIZE", "REPAIR",
                                                         "CHECK",  "INSTALL", "UNINSTALL", "RESET",    "PURGE",
                                                         "CHANGE", "KILL",    "USE",       "CHECKSUM"};
    constexpr std::array<std::string_view, 9> kRowChanges{"INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD",
                                                          "CALL",   "SELECT",  "WITH",   "DO"};
    if (nextIsOneOf(kHarmless) || setsNoTable() || analyzesTables()) {
      out_.kind = StatementKind::noTableChange;
      return;
    }
    // Whatever else MariaDB analyses is executed.
    const bool analyzes = next("ANALYZE") && peek(1) != nullptr;
    out_.kind = analyzes || nextIsOneOf(kRowChanges) ? StatementKind::rowChange : StatementKind::unknown;
    allNames();
  }

  template <std::size_t Count>
  [[nodiscard]] bool nextIsOneOf(const std::array<std::string_view, Count>& words, std::size_t ahead = 0) const {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return next(word, ahead); });
  }

  /// SET of variables, passwords and roles.
  [[nodiscard]] bool setsNoTable() const {
    constexpr std::array<std::string_view, 13> kWhat{"PASSWORD", "ROLE",        "DEFAULT",      "GLOBAL", "SESSION",
                                                     "LOCAL",    "PERSIST",     "PERSIST_ONLY", "NAMES",  "CHARACTER",
                                                     "CHARSET",  "TRANSACTION", "RESOURCE"};
    if (!next("SET") || peek(1) == nullptr) return false;
    if (peek(1)->isSymbol('@') || nextIsOneOf(kWhat, 1)) return true;
    return peek(1)->isName() && peek(2) != nullptr &&
           (peek(2)->isSymbol('=') || peek(2)->isSymbol(':') || peek(2)->isSymbol('.'));
  }

  [[nodiscard]] bool analyzesTables() const {
    if (!next("ANALYZE")) return false;
    const std::size_t what = next("NO_WRITE_TO_BINLOG", 1) || next("LOCAL", 1) ? 2 : 1;
    return next("TABLE", what) || next("TABLES", what);
  }

  void allNames() {
    out_.names.clear();
    out_.qualifiers.clear();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!tokens_[i].isName()) continue;
      out_.names.push_back(tokens_[i].name());
      const bool behindPoint = i > 0 && tokens_[i - 1].isSymbol('.');
      const bool beforePoint = i + 1 < tokens_.size() && tokens_[i + 1].isSymbol('.');
      if (beforePoint && !behindPoint) out_.qualifiers.push_back(out_.names.back());
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
