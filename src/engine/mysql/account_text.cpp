#include "engine/mysql/account_text.h"

#include "base/ascii.h"
#include "engine/mysql/connection.h"

#include <algorithm>
#include <array>

namespace drs::mysql {
namespace {

struct AccountToken {
  enum class Kind { word, name, text, hex, symbol } kind = Kind::symbol;
  std::string value;  ///< word: upper case; name, text, hex: what it stands for
  std::size_t begin = 0, end = 0;
};

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool isWordPart(char c) {
  return (upper(c) >= 'A' && upper(c) <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

char unescaped(char c) {
  constexpr std::array<std::pair<char, char>, 6> kEscapes = {
      {{'0', '\0'}, {'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'b', '\b'}, {'Z', '\x1A'}}};
  for (const auto& [from, to] : kEscapes)
    if (c == from) return to;
  return c;
}

/// A quoted part that begins at `at`; the index behind it, npos if it has no end.
std::size_t takeQuoted(std::string_view sql, std::size_t at, std::string& value) {
  const char quote = sql[at];
  for (std::size_t i = at + 1; i < sql.size(); ++i) {
    if (sql[i] == '\\' && quote != '`' && i + 1 < sql.size()) {
      value += unescaped(sql[++i]);
    } else if (sql[i] != quote) {
      value += sql[i];
    } else if (i + 1 < sql.size() && sql[i + 1] == quote) {
      value += sql[i++];
    } else {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

int digitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return upper(c) >= 'A' && upper(c) <= 'F' ? upper(c) - 'A' + 10 : -1;
}

/// The bytes of "0x4142"; nothing if it is no such word.
std::optional<std::string> hexBytes(std::string_view word) {
  if (word.size() % 2 != 0 || !(word.starts_with("0x") || word.starts_with("0X"))) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 2; i < word.size(); i += 2) {
    const int high = digitOf(word[i]);
    const int low = digitOf(word[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

/// Nothing if a quote has no end.
std::optional<std::vector<AccountToken>> tokensOf(std::string_view sql) {
  std::vector<AccountToken> out;
  for (std::size_t i = 0; i < sql.size();) {
    AccountToken token;
    token.begin = i;
    if (sql[i] == ' ' || sql[i] == '\n' || sql[i] == '\t') {
      ++i;
      continue;
    }
    if (sql[i] == '`' || sql[i] == '\'' || sql[i] == '"') {
      token.kind = sql[i] == '`' ? AccountToken::Kind::name : AccountToken::Kind::text;
      i = takeQuoted(sql, i, token.value);
      if (i == std::string_view::npos) return std::nullopt;
    } else if (isWordPart(sql[i])) {
      while (i < sql.size() && isWordPart(sql[i])) ++i;
      const std::string_view word = sql.substr(token.begin, i - token.begin);
      token.kind = AccountToken::Kind::word;
      std::transform(word.begin(), word.end(), std::back_inserter(token.value), upper);
      if (auto bytes = hexBytes(word)) {
        token.kind = AccountToken::Kind::hex;
        token.value = std::move(*bytes);
      }
    } else {
      token.value = sql[i++];
    }
    token.end = i;
    out.push_back(std::move(token));
  }
  return out;
}

/// Walks over tokens; every take… moves on only if it finds what it looks for.
class Walk {
 public:
  explicit Walk(const std::vector<AccountToken>& tokens) : tokens_(tokens) {}
  [[nodiscard]] bool atEnd() const { return at_ >= tokens_.size(); }
  [[nodiscard]] const AccountToken& here() const { return atEnd() ? end_ : tokens_[at_]; }
  [[nodiscard]] bool isWord(std::string_view word) const {
    return here().kind == AccountToken::Kind::word && here().value == word;
  }
  void skip() { ++at_; }
  bool take(std::string_view word) {
    const bool found = isWord(word) || (!atEnd() && here().kind == AccountToken::Kind::symbol && here().value == word);
    if (found) ++at_;
    return found;
  }
  std::optional<std::string> takeQuotedPart() {
    if (here().kind != AccountToken::Kind::name && here().kind != AccountToken::Kind::text) return std::nullopt;
    return tokens_[at_++].value;
  }
  std::optional<Account> takeAccount() {
    auto user = takeQuotedPart();
    if (!user) return std::nullopt;
    Account account{std::move(*user), {}};
    if (take("@")) {
      auto host = takeQuotedPart();
      if (!host) return std::nullopt;
      account.host = std::move(*host);
    }
    return account;
  }
  /// One or more, with commas between them.
  std::vector<Account> takeAccounts() {
    std::vector<Account> out;
    do {
      auto account = takeAccount();
      if (!account) return {};
      out.push_back(std::move(*account));
    } while (take(","));
    return out;
  }

 private:
  const std::vector<AccountToken>& tokens_;
  std::size_t at_ = 0;
  const AccountToken end_;
};

// --- SHOW CREATE USER ------------------------------------------------------------------------------------------------

std::optional<std::string> takeSecret(Walk& walk) {
  const AccountToken token = walk.here();
  if (token.kind != AccountToken::Kind::text && token.kind != AccountToken::Kind::hex) return std::nullopt;
  walk.skip();
  return token.value;
}

/// A plugin with its string, behind WITH, VIA or OR.
bool takeCredential(Walk& walk, CreateUser& out) {
  Credential one;
  if (walk.here().kind == AccountToken::Kind::word) {
    one.plugin = toLowerAscii(walk.here().value);
    walk.skip();
  } else if (auto plugin = walk.takeQuotedPart()) {
    one.plugin = std::move(*plugin);
  } else {
    return false;
  }
  if (walk.take("AS") || walk.take("USING")) {
    auto secret = takeSecret(walk);
    if (!secret) return false;
    one.secret = std::move(*secret);
  }
  out.credentials.push_back(std::move(one));
  return true;
}

bool takeIdentified(Walk& walk, CreateUser& out) {
  if (!walk.take("IDENTIFIED")) return true;
  if (walk.take("BY")) {
    if (!walk.take("PASSWORD")) return false;
    auto secret = takeSecret(walk);
    if (!secret) return false;
    out.credentials.push_back({"mysql_native_password", std::move(*secret)});
    return true;
  }
  const bool any = walk.take("VIA");
  if (!any && !walk.take("WITH")) return false;
  if (!takeCredential(walk, out)) return false;
  while (any && walk.take("OR"))
    if (!takeCredential(walk, out)) return false;
  while (!any && walk.take("AND")) {
    out.factors = true;
    if (!walk.take("IDENTIFIED") || !walk.take("WITH") || !takeCredential(walk, out)) return false;
  }
  return true;
}

bool beginsClause(const Walk& walk, std::string_view before) {
  static constexpr std::array<std::string_view, 8> kBegins = {
      "WITH", "PASSWORD", "ACCOUNT", "FAILED_LOGIN_ATTEMPTS", "PASSWORD_LOCK_TIME", "ATTRIBUTE", "COMMENT", "REQUIRE"};
  if (walk.here().kind != AccountToken::Kind::word) return false;
  if (walk.here().value == "REQUIRE" && before == "PASSWORD") return false;
  return std::find(kBegins.begin(), kBegins.end(), walk.here().value) != kBegins.end();
}

bool saysTheDefault(std::string_view clause) {
  return clause == "REQUIRE NONE" || clause == "ACCOUNT UNLOCK" ||
         (clause.starts_with("PASSWORD ") && clause.ends_with(" DEFAULT"));
}

/// False if something stands before the first clause.
bool takeClauses(Walk& walk, std::string_view sql, CreateUser& out) {
  while (!walk.atEnd()) {
    if (!beginsClause(walk, {})) return false;
    const std::size_t begin = walk.here().begin;
    std::size_t end = begin;
    std::string before;
    do {
      before = walk.here().value;
      end = walk.here().end;
      walk.skip();
    } while (!walk.atEnd() && !beginsClause(walk, before));
    std::string clause(sql.substr(begin, end - begin));
    if (!saysTheDefault(clause)) out.clauses.push_back(std::move(clause));
  }
  return true;
}

// --- SHOW GRANTS -----------------------------------------------------------------------------------------------------

bool takePrivileges(Walk& walk, GrantLine& out) {
  do {
    GrantLine::Privilege one;
    while (walk.here().kind == AccountToken::Kind::word && !walk.isWord("ON")) {
      one.name += (one.name.empty() ? "" : " ") + walk.here().value;
      walk.skip();
    }
    if (walk.take("(")) {
      do {
        auto column = walk.takeQuotedPart();
        if (!column) return false;
        one.columns.push_back(std::move(*column));
      } while (walk.take(","));
      if (!walk.take(")")) return false;
    }
    if (one.name.empty()) return false;
    out.privileges.push_back(std::move(one));
  } while (walk.take(","));
  return walk.take("ON");
}

bool takeScope(Walk& walk, GrantLine& out) {
  while (walk.here().kind == AccountToken::Kind::word) {
    if (!walk.isWord("TABLE")) out.objectType += (out.objectType.empty() ? "" : " ") + walk.here().value;
    walk.skip();
  }
  if (walk.take("*")) return walk.take(".") && walk.take("*");
  out.database = walk.takeQuotedPart();
  if (!out.database || !walk.take(".")) return false;
  if (walk.take("*")) return true;
  out.object = walk.takeQuotedPart();
  return out.object.has_value();
}

bool takeGrantee(Walk& walk, GrantLine& out) {
  if (walk.take("PUBLIC")) {
    out.grantee = {"PUBLIC", {}};
  } else {
    auto account = walk.takeAccount();
    if (!account) return false;
    out.grantee = std::move(*account);
  }
  // MariaDB repeats credentials and limits here, which SHOW CREATE USER has too.
  for (; !walk.atEnd(); walk.skip())
    if ((walk.isWord("GRANT") || walk.isWord("ADMIN"))) out.passOn = true;
  return true;
}

bool takeLine(Walk& walk, GrantLine& out) {
  using enum GrantLine::Kind;
  if (walk.take("SET")) {
    if (!walk.take("DEFAULT") || !walk.take("ROLE")) return false;
    out.roles = walk.takeAccounts();
    out.kind = defaultRole;
    return !out.roles.empty() && walk.take("FOR") && takeGrantee(walk, out);
  }
  if (walk.take("REVOKE")) {
    out.kind = revoke;
    return takePrivileges(walk, out) && takeScope(walk, out) && walk.take("FROM") && takeGrantee(walk, out);
  }
  if (!walk.take("GRANT")) return false;
  if (walk.here().kind != AccountToken::Kind::word) {
    out.kind = roles;
    out.roles = walk.takeAccounts();
    return !out.roles.empty() && walk.take("TO") && takeGrantee(walk, out);
  }
  if (walk.take("PROXY")) {
    out.kind = proxy;
    if (!walk.take("ON")) return false;
    out.roles = walk.takeAccounts();
    return !out.roles.empty() && walk.take("TO") && takeGrantee(walk, out);
  }
  out.kind = privileges;
  return takePrivileges(walk, out) && takeScope(walk, out) && walk.take("TO") && takeGrantee(walk, out);
}

}  // namespace

std::string literal(std::string_view bytes) {
  std::string out = "'";
  for (const char c : bytes) {
    if (c == '\0') {
      out += "\\0";
      continue;
    }
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string quoteAccount(const Account& account) {
  return quoteName(account.user) + (account.host.empty() ? "" : "@" + quoteName(account.host));
}

std::string accountText(const Account& account) {
  return literal(account.user) + (account.host.empty() ? "" : "@" + literal(account.host));
}

std::optional<Account> parseAccount(std::string_view text, const std::string& defaultHost) {
  if (text.empty()) return std::nullopt;
  Account account;
  if (text.front() == '\'' || text.front() == '"' || text.front() == '`') {
    const auto tokens = tokensOf(text);
    if (!tokens) return std::nullopt;
    Walk walk(*tokens);
    const auto found = walk.takeAccount();
    if (!found || !walk.atEnd()) return std::nullopt;
    account = *found;
  } else {
    const std::size_t at = text.rfind('@');
    account.user = text.substr(0, at);
    if (at != std::string_view::npos) account.host = text.substr(at + 1);
    if (account.host.find_first_of("'\"`") != std::string::npos) return std::nullopt;
  }
  if (account.host.empty()) account.host = defaultHost;
  return account;
}

CreateUser parseCreateUser(std::string_view statement) {
  CreateUser out;
  out.problem = "its definition has a form that this version does not know";
  const auto tokens = tokensOf(statement);
  if (!tokens) return out;
  Walk walk(*tokens);
  if (!walk.take("CREATE") || !walk.take("USER")) return out;
  auto account = walk.takeAccount();
  if (!account) return out;
  out.account = std::move(*account);
  if (!takeIdentified(walk, out)) return out;
  if (walk.take("DEFAULT")) {
    if (!walk.take("ROLE")) return out;
    out.defaultRoles = walk.takeAccounts();
    if (out.defaultRoles.empty()) return out;
  }
  if (takeClauses(walk, statement, out)) out.problem.clear();
  return out;
}

GrantLine parseGrant(std::string_view line) {
  const auto tokens = tokensOf(line);
  GrantLine out;
  if (!tokens) return out;
  Walk walk(*tokens);
  if (!takeLine(walk, out)) out.kind = GrantLine::Kind::unknown;
  return out;
}

std::optional<std::string> databaseOf(std::string_view pattern, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), pattern) != known.end()) return std::string(pattern);
  std::string name;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' || pattern[i] == '_') return std::nullopt;
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    name += pattern[i];
  }
  return name;
}

std::string patternOf(std::string_view database) {
  std::string out;
  for (const char c : database) {
    if (c == '_' || c == '%' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace drs::mysql
