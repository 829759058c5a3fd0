#include "engine/mysql/object_rewrite.h"

#include "base/ascii.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/connection.h"
#include "wire/mysql/sql_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>

namespace drs::mysql {
namespace {

using Tokens = std::vector<Token>;

bool holdsMode(std::string_view list, std::string_view mode) {
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    if (list.substr(at, end - at) == mode) return true;
    at = end + 1;
  }
  return false;
}

/// A view is printed anew by the server in its own quotes, whatever the mode was when it was created.
SqlSyntax syntaxOf(const ObjectText& object) {
  if (object.kind == ObjectKind::view) return {};
  return {holdsMode(object.sqlMode, "ANSI_QUOTES"), holdsMode(object.sqlMode, "NO_BACKSLASH_ESCAPES")};
}

/// Why the bytes cannot be read as SQL, or our names not be written into them; empty = they can.
std::string charsetProblem(const ObjectText& object, const NameChanges& changes, const DefinerRule& definer) {
  // The second byte of a character may be one that SQL has a use for (a backslash, a back-quote).
  constexpr std::array<std::string_view, 5> kUnsafe = {"big5", "cp932", "gbk", "gb18030", "sjis"};
  if (object.charset.starts_with("utf8")) return {};
  if (!isAscii(object.statement)) {
    if (std::find(kUnsafe.begin(), kUnsafe.end(), object.charset) != kUnsafe.end())
      return "it is written in the character set " + object.charset + ", which is not supported";
    for (const auto& [source, target] : changes.databases)
      if (!isAscii(source)) return "it is written in " + object.charset + ", and the database gets another name";
    for (const TableName& table : changes.tables)
      if (!isAscii(table.table)) return "it is written in " + object.charset + ", and tables get other names";
  }
  bool ascii = isAscii(definer.user) && isAscii(definer.host);
  for (const auto& [source, target] : changes.databases) ascii = ascii && isAscii(target);
  return ascii ? "" : "the new names cannot be written in its character set " + object.charset;
}

class Rewriter {
 public:
  Rewriter(const ObjectText& object, const NameChanges& changes, const DefinerRule& definer)
      : object_(object), changes_(changes), definer_(definer), tokens_(tokenize(object.statement, syntaxOf(object))) {}

  RewrittenObject run() {
    out_.problem = charsetProblem(object_, changes_, definer_);
    if (!out_.problem.empty()) return std::move(out_);
    header();
    dropOrder();
    findLoneDatabases();
    qualifiedNames();
    renamedTables();
    dynamicSql();
    out_.statement = edited();
    return std::move(out_);
  }

 private:
  struct Edit {
    std::size_t at, size;
    std::string text;
  };

  void refuse(const std::string& why) {
    if (out_.problem.empty()) out_.problem = why;
  }
  [[nodiscard]] bool symbolAt(std::size_t i, char c) const { return i < tokens_.size() && tokens_[i].isSymbol(c); }
  [[nodiscard]] bool nameAt(std::size_t i) const { return i < tokens_.size() && tokens_[i].isName(); }
  [[nodiscard]] std::size_t endOf(std::size_t i) const { return tokens_[i].offset + tokens_[i].raw.size(); }

  static bool isKindWord(const Token& token) {
    return token.is("VIEW") || token.is("PROCEDURE") || token.is("FUNCTION") || token.is("TRIGGER") ||
           token.is("EVENT");
  }

  /// Finds the DEFINER clause and does with it what the rule says.
  void header() {
    std::size_t i = 0;
    while (i < tokens_.size() && !isKindWord(tokens_[i])) {
      if (tokens_[i].is("DEFINER") && symbolAt(i + 1, '=')) {
        definerFrom_ = i;
        i = definerTo_ = behindUser(i + 2);
      } else {
        ++i;
      }
    }
    if (i >= tokens_.size() || !tokens_.front().is("CREATE")) {
      refuse("its definition is not understood");
      return;
    }
    dropReplace();
    noteDefiner();
    changeDefiner();
  }

  /// A trigger is shown as it was typed; nothing that stands at the target may be replaced.
  void dropReplace() {
    if (tokens_.size() > 2 && tokens_[1].is("OR") && tokens_[2].is("REPLACE"))
      edits_.push_back({tokens_[1].offset, endOf(2) - tokens_[1].offset, ""});
  }

  static std::string partOf(const Token& token) {
    if (token.kind != TokenKind::text) return token.name();
    return token.raw.size() < 2 ? "" : std::string(token.raw.substr(1, token.raw.size() - 2));
  }

  void noteDefiner() {
    if (definer_.mode == DefinerRule::Mode::strip) return;
    if (definer_.mode == DefinerRule::Mode::replace) {
      out_.definer = Account{definer_.user, definer_.host};
      return;
    }
    const std::size_t user = definerFrom_ + 2;
    if (definerTo_ == 0 || user >= tokens_.size() || tokens_[user].is("CURRENT_USER")) return;
    out_.definer = Account{partOf(tokens_[user]), {}};
    if (definerTo_ == user + 3) out_.definer->host = partOf(tokens_[user + 2]);
  }

  /// `user`@`host`, `role`, CURRENT_USER, CURRENT_USER().
  [[nodiscard]] std::size_t behindUser(std::size_t i) const {
    ++i;
    if (symbolAt(i, '@')) return std::min(i + 2, tokens_.size());
    if (symbolAt(i, '(') && symbolAt(i + 1, ')')) return i + 2;
    return std::min(i, tokens_.size());
  }

  void changeDefiner() {
    if (definer_.mode == DefinerRule::Mode::keep) return;
    std::string clause;
    if (definer_.mode == DefinerRule::Mode::replace)
      clause = "DEFINER=" + quoteName(definer_.user) + "@" + quoteName(definer_.host);
    if (definerTo_ == 0) {
      if (!clause.empty()) edits_.push_back({endOf(0), 0, " " + clause});
      return;
    }
    const std::size_t from = tokens_[definerFrom_].offset;
    edits_.push_back({from, endOf(definerTo_ - 1) - from, clause});
  }

  void dropOrder() {
    if (object_.kind != ObjectKind::trigger) return;
    for (std::size_t i = 0; i + 4 < tokens_.size(); ++i) {
      if (!tokens_[i].is("FOR") || !tokens_[i + 1].is("EACH") || !tokens_[i + 2].is("ROW")) continue;
      const Token& word = tokens_[i + 3];
      if ((word.is("FOLLOWS") || word.is("PRECEDES")) && nameAt(i + 4))
        edits_.push_back({word.offset, endOf(i + 4) - word.offset, ""});
      return;
    }
  }

  [[nodiscard]] bool inDefiner(std::size_t i) const { return i >= definerFrom_ && i < definerTo_; }
  /// A name, and neither a part of the DEFINER nor of a user variable (@`shop`.x has the whole as its name) or account.
  [[nodiscard]] bool isCounted(std::size_t i) const {
    return nameAt(i) && !inDefiner(i) && (i == 0 || !tokens_[i - 1].isSymbol('@'));
  }
  /// The first part of `a`.`b`, `a`.* or `a`.`b`.`c`.
  [[nodiscard]] bool isQualifier(std::size_t i) const {
    return isCounted(i) && symbolAt(i + 1, '.') && (nameAt(i + 2) || symbolAt(i + 2, '*')) &&
           (i == 0 || !tokens_[i - 1].isSymbol('.'));
  }

  void qualifiedNames() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool isLone = lone_.contains(i);
      if (!isLone && !isQualifier(i)) continue;
      const std::string name = tokens_[i].name();
      if (!isLone && nameAt(i + 2)) out_.references.push_back({name, tokens_[i + 2].name()});
      mapDatabase(i, isLone || symbolAt(i + 3, '.'));
    }
  }

  /// `sure`: the name can be nothing but a database.
  void mapDatabase(std::size_t i, bool sure) {
    const std::string name = tokens_[i].name();
    for (const auto& [source, target] : changes_.databases) {
      if (lowerCase(name) != lowerCase(source)) continue;
      if (name != source)
        refuse(fmt::format("it names the database {}, which gets another name, as {}", source, name));
      else if (!sure && hasOtherMeaning(source))
        refuse(fmt::format("in it {} is the database, which gets another name, and something else as well", source));
      else
        edits_.push_back({tokens_[i].offset, tokens_[i].raw.size(), quoteName(target)});
    }
  }

  // --- databases that stand alone ----------------------------------------------------------------------------------

  [[nodiscard]] bool wordAt(std::size_t i, std::initializer_list<std::string_view> words) const {
    return i < tokens_.size() &&
           std::any_of(words.begin(), words.end(), [&](std::string_view word) { return tokens_[i].is(word); });
  }

  /// The statements that name a database by itself: {CREATE|ALTER|DROP} DATABASE, SHOW … FROM, USE.
  void findLoneDatabases() {
    if (object_.kind == ObjectKind::view) return;
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (wordAt(i, {"CREATE", "ALTER", "DROP"}) && wordAt(i + 1, {"DATABASE", "SCHEMA"})) {
        std::size_t name = i + 2;
        while (wordAt(name, {"IF", "NOT", "EXISTS"})) ++name;
        noteLone(name);
      } else if (tokens_[i].is("SHOW")) {
        noteShown(i + 1);
      } else if (tokens_[i].is("USE") && !wordAt(i + 1, {"INDEX", "KEY"})) {
        noteLone(i + 1);
      }
    }
  }

  /// Behind SHOW; {FROM|IN} comes once for a list of a database's objects, and a second time for parts of a table.
  void noteShown(std::size_t i) {
    while (wordAt(i, {"FULL", "EXTENDED", "OPEN"})) ++i;
    std::size_t at = i + 1;
    if (wordAt(i, {"TABLE"}) && wordAt(at, {"STATUS"})) {
      ++at;
    } else if (wordAt(i, {"COLUMNS", "FIELDS", "INDEX", "INDEXES", "KEYS"})) {
      if (!wordAt(at, {"FROM", "IN"})) return;
      at += symbolAt(at + 2, '.') ? 4 : 2;
    } else if (!wordAt(i, {"TABLES", "EVENTS", "TRIGGERS"})) {
      return;
    }
    if (wordAt(at, {"FROM", "IN"})) noteLone(at + 1);
  }

  void noteLone(std::size_t i) {
    if (isCounted(i) && !symbolAt(i + 1, '.')) lone_.insert(i);
  }

  /// Whether the name stands somewhere without being a qualifier: an alias, a table, a variable.
  [[nodiscard]] bool hasOtherMeaning(const std::string& database) const {
    const std::string lower = lowerCase(database);
    if (object_.kind == ObjectKind::trigger && (lower == "new" || lower == "old")) return true;
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (isCounted(i) && !isQualifier(i) && !lone_.contains(i) && lowerCase(tokens_[i].name()) == lower) return true;
    return false;
  }

  void renamedTables() {
    for (const TableName& table : changes_.tables) {
      const auto refuseIt = [&] {
        refuse("it mentions " + table.database + "." + table.table + ", which gets another name");
      };
      if (object_.kind == ObjectKind::view) {  // its tables are always qualified
        for (const TableName& used : out_.references)
          if (lowerCase(used.database) == lowerCase(table.database) && lowerCase(used.table) == lowerCase(table.table))
            refuseIt();
        continue;
      }
      for (std::size_t i = 0; i < tokens_.size(); ++i)
        if (isCounted(i) && lowerCase(tokens_[i].name()) == lowerCase(table.table)) refuseIt();
    }
  }

  void dynamicSql() {
    if (changes_.empty() || object_.kind == ObjectKind::view) return;
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      const bool prepares = tokens_[i].is("PREPARE") && i + 2 < tokens_.size() && tokens_[i + 2].is("FROM");
      const bool executes = tokens_[i].is("EXECUTE") && tokens_[i + 1].is("IMMEDIATE");
      if (prepares || executes) refuse("it makes statements at run time, whose names cannot be mapped");
    }
  }

  [[nodiscard]] std::string edited() {
    std::stable_sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) { return a.at < b.at; });
    std::string text;
    std::size_t at = 0;
    for (const Edit& edit : edits_) {
      text.append(object_.statement, at, edit.at - at).append(edit.text);
      at = edit.at + edit.size;
    }
    return text.append(object_.statement, at);
  }

  const ObjectText& object_;
  const NameChanges& changes_;
  const DefinerRule& definer_;
  Tokens tokens_;
  std::size_t definerFrom_ = 0, definerTo_ = 0;  ///< tokens of the DEFINER clause
  std::set<std::size_t> lone_;                   ///< tokens that are a database's name, without a point behind it
  std::vector<Edit> edits_;
  RewrittenObject out_;
};

/// The content of 'user', "user" or `user`; nothing if it is unquoted, unterminated or holds a backslash.
std::optional<std::string> quotedPart(const Token& token) {
  const char quote = token.raw.front();
  const bool quoted = quote == '\'' || quote == '"' || quote == '`';
  if (!quoted || token.raw.size() < 2 || token.raw.back() != quote || token.raw.find('\\') != std::string_view::npos)
    return std::nullopt;
  return Token{TokenKind::quotedName, 0, token.raw}.name();
}

}  // namespace

std::optional<DefinerRule> parseDefiner(std::string_view text) {
  if (text == "keep") return DefinerRule{};
  if (text == "strip") return DefinerRule{DefinerRule::Mode::strip, {}, {}};
  const Tokens tokens = tokenize(text, {});
  if (tokens.size() != 3 || !tokens[1].isSymbol('@') || tokens.front().offset != 0 ||
      tokens.back().offset + tokens.back().raw.size() != text.size())
    return std::nullopt;
  const auto user = quotedPart(tokens[0]);
  const auto host = quotedPart(tokens[2]);
  if (!user || !host || user->empty() || host->empty()) return std::nullopt;
  return DefinerRule{DefinerRule::Mode::replace, *user, *host};
}

RewrittenObject rewriteObject(const ObjectText& object, const NameChanges& changes, const DefinerRule& definer) {
  return Rewriter(object, changes, definer).run();
}

}  // namespace drs::mysql
