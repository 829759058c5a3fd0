#include "engine/mysql/account_script.h"

#include "engine/mysql/account_login.h"
#include "engine/mysql/grants.h"
#include "engine/mysql/prober_checks.h"
#include "model/decoding.h"
#include "transform/object_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

constexpr int kMysqlWithHexStrings = 80017;  // print_identified_with_as_hex (MySQL manual, SHOW CREATE USER)
constexpr unsigned kParseError = 1064;

std::string withSpaces(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name;
}

bool takesHex(const ServerInfo& server) {
  return !server.mariadb && server.version >= kMysqlWithHexStrings;
}

std::string hexLiteral(const std::string& bytes) {
  std::string out = "0x";
  for (const char c : bytes) out += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return out;
}

/// What both flavours have under the same name and with the same meaning.
bool isCommonClause(std::string_view clause) {
  return clause.starts_with("REQUIRE ") || clause.starts_with("ACCOUNT ") || clause.starts_with("PASSWORD EXPIRE") ||
         (clause.starts_with("WITH ") && clause.find("MAX_STATEMENT_TIME") == std::string_view::npos);
}

std::string joined(const std::vector<Account>& accounts) {
  std::string out;
  for (const Account& one : accounts) out += (out.empty() ? "" : ", ") + quoteAccount(one);
  return out;
}

std::string columnList(const std::vector<std::string>& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? " (" : ", ") + quoteName(column);
  return out.empty() ? out : out + ")";
}

std::string shownScope(const GrantLine& line) {
  if (!line.database) return "*.*";
  return *line.database + "." + line.object.value_or("*");
}

std::set<std::string> firstColumn(Connection& connection, const std::string& sql) {
  std::set<std::string> out;
  for (const auto& row : connection.query(sql)) out.insert(row.at(0).value_or(""));
  return out;
}

}  // namespace

std::string printable(const SourceAccount& account) {
  return std::string(toText(account.kind)) + " " + accountText(account.source);
}

std::string withoutSecrets(const Error& error, unsigned number) {
  // Its text quotes the statement, cut at any place.
  if (number == kParseError) return "the target cannot parse its definition (error 1064)";
  return error.text();
}

AccountScript::Grant defaultRoles(const std::vector<Account>& roles, const Account& account, bool mariadb) {
  return {"SET DEFAULT ROLE " + joined(roles) + (mariadb ? " FOR " : " TO ") + quoteAccount(account),
          "its default role " + accountText(roles.front()), std::nullopt, roles};
}

AccountWriter::AccountWriter(Connection& source, Connection& target, const EngineJob& job,
                             std::vector<std::string> databases)
    : source_(source),
      target_(target),
      job_(job),
      scopes_(job.spec, std::move(databases), source, target),
      policy_(bindingPolicy(target)),
      mayProxy_(mayPassProxyOn(target)) {
  plugins_ = firstColumn(target_,
                         "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND "
                         "PLUGIN_STATUS = 'ACTIVE'");
  for (const std::string& name : firstColumn(target_, "SHOW PRIVILEGES")) privileges_.insert(withSpaces(name));
  const Account self = parseAccount(target_.value("SELECT CURRENT_USER()").value_or(""), "%").value_or(Account{});
  for (const std::string& name :
       firstColumn(target_,
                   "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE IS_GRANTABLE = 'YES' AND "
                   "GRANTEE = " +
                       quoteText(accountText(self))))
    grantable_.insert(withSpaces(name));
  if (takesHex(source_.server())) source_.execute("SET SESSION print_identified_with_as_hex = ON");
}

AccountScript AccountWriter::write(const SourceAccount& account, bool withSecrets) {
  AccountScript out;
  const bool mariadbRole = source_.server().mariadb && account.kind == ObjectKind::role;
  std::vector<Account> defaults;
  if (mariadbRole || (account.kind == ObjectKind::role && target_.server().mariadb)) {
    out.create = "CREATE ROLE " + quoteAccount(account.target);
  } else {
    const auto text = source_.value("SHOW CREATE USER " + quoteAccount(account.source));
    const CreateUser created = parseCreateUser(text.value_or(""));
    out.problem = created.problem;
    if (out.problem.empty() && (created.account.user != account.source.user))
      out.problem = "the source answered with the definition of another account";
    if (out.problem.empty()) writeCreate(account, created, withSecrets, out);
    defaults = created.defaultRoles;
  }
  if (!out.problem.empty()) return out;
  for (const auto& row : source_.query("SHOW GRANTS FOR " + quoteAccount(account.source))) {
    const std::string text = row.at(0).value_or("");
    const GrantLine line = parseGrant(text);
    if (line.kind == GrantLine::Kind::unknown) {
      // The line may hold a hash: it is not shown.
      out.problem = "one of its grants has a form that this version does not know";
      return out;
    }
    // MariaDB also lists what roles give, and what everybody has.
    if (line.grantee.user != account.source.user) continue;
    if (line.kind == GrantLine::Kind::defaultRole)
      defaults = line.roles;
    else
      writeGrant(account, line, out);
  }
  writeDefaultRoles(account, defaults, out);
  return out;
}

void AccountWriter::writeCreate(const SourceAccount& account, const CreateUser& created, bool withSecrets,
                                AccountScript& out) const {
  constexpr std::size_t kLongestMysqlUser = 32;  // characters; MySQL manual, Account User Names and Passwords
  const auto characters =
      static_cast<std::size_t>(std::count_if(account.target.user.begin(), account.target.user.end(),
                                             [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
  if (!target_.server().mariadb && characters > kLongestMysqlUser) {
    out.problem = "its name is longer than the 32 characters of the target";
    return;
  }
  out.create = "CREATE USER " + quoteAccount(account.target);
  const std::string password = newPassword(account, withSecrets);
  if (out.problem = policyProblem(policy_, created.credentials, !password.empty()); !out.problem.empty()) return;
  if (!password.empty() && created.credentials.size() > 1)
    out.lost.emplace_back("its other ways to log in, since it is given a new password");
  if (password.empty() && hasSecondPassword(source_, account.source))
    out.lost.emplace_back("its second password (RETAIN CURRENT PASSWORD), which no statement can carry over");
  out.create += password.empty() ? identified(created, out) : " IDENTIFIED BY " + password;
  const bool same = source_.server().mariadb == target_.server().mariadb;
  for (const std::string& clause : created.clauses) {
    if (same || isCommonClause(clause))
      out.create += " " + clause;
    else
      out.lost.push_back(clause.substr(0, clause.find(' ')) + " of its definition, which the target does not have");
  }
}

/// The literal of the password that the request sets; empty = none.
std::string AccountWriter::newPassword(const SourceAccount& account, bool withSecrets) const {
  if (account.kind == ObjectKind::role || !job_.spec.userMigration) return {};
  const UserMigration& all = *job_.spec.userMigration;
  const bool own = account.asked != nullptr && account.asked->password &&
                   (account.asked->isSetPassword.value_or(false) || all.isSetPassword.value_or(false));
  if (!own && !all.isSetPassword.value_or(false)) return {};
  if (!withSecrets) return "''";
  if (own) {
    const auto index = static_cast<std::size_t>(account.asked - all.userList->data());
    return literal(job_.open(*account.asked->password, elementPath("user_migration.user_list", index) + ".password"));
  }
  if (!all.password) return {};
  return literal(job_.open(*all.password, "user_migration.password"));
}

/// The hashed strings as they are.
std::string AccountWriter::identified(const CreateUser& created, AccountScript& out) const {
  const bool mariadb = target_.server().mariadb;
  if (created.credentials.empty()) return {};
  for (const Credential& one : created.credentials) {
    if (plugins_.contains(one.plugin)) continue;
    out.problem = "the target does not have its authentication plugin " + one.plugin +
                  "; give it a new password (is_set_password), or install the plugin";
    return {};
  }
  if (created.credentials.size() > 1 && created.factors == mariadb) {
    out.problem = "the target cannot combine its ways to log in; give it a new password (is_set_password)";
    return {};
  }
  std::string sql;
  for (const Credential& one : created.credentials) {
    if (mariadb)
      sql += (sql.empty() ? " IDENTIFIED VIA " : " OR ") + quoteName(one.plugin);
    else
      sql += (sql.empty() ? " IDENTIFIED WITH " : " AND IDENTIFIED WITH ") + literal(one.plugin);
    if (one.secret.empty()) continue;
    const bool plain = std::all_of(one.secret.begin(), one.secret.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (!plain && !takesHex(target_.server())) {
      out.problem = "the target does not take the bytes of its password's hash; give it a new password";
      return {};
    }
    sql += (mariadb ? " USING " : " AS ") + (takesHex(target_.server()) ? hexLiteral(one.secret) : literal(one.secret));
  }
  return sql;
}

void AccountWriter::writeGrant(const SourceAccount& account, const GrantLine& line, AccountScript& out) const {
  const std::string to = " TO " + quoteAccount(account.target);
  if (line.kind == GrantLine::Kind::privileges || line.kind == GrantLine::Kind::revoke) {
    writePrivileges(account, line, out);
  } else if (line.kind == GrantLine::Kind::roles) {
    for (const Account& role : line.roles) {
      const Account there = roleAtTarget(role);
      out.grants.push_back({"GRANT " + quoteAccount(there) + to + (line.passOn ? " WITH ADMIN OPTION" : ""),
                            "the role " + accountText(there),
                            there,
                            {}});
    }
  } else {
    writeProxy(account, line, out);
  }
}

void AccountWriter::writeProxy(const SourceAccount& account, const GrantLine& line, AccountScript& out) const {
  for (const Account& other : line.roles) {
    const std::string shown = "PROXY on " + accountText(other);
    if (!mayProxy_) {
      out.lost.push_back(shown +
                         ", which the target account may not pass on (it takes PROXY ON ''@'' WITH GRANT OPTION)");
      continue;
    }
    out.grants.push_back({"GRANT PROXY ON " + quoteName(other.user) + "@" + quoteName(other.host) + " TO " +
                              quoteAccount(account.target) + (line.passOn ? " WITH GRANT OPTION" : ""),
                          shown,
                          std::nullopt,
                          {}});
  }
}

void AccountWriter::writePrivileges(const SourceAccount& account, const GrantLine& line, AccountScript& out) const {
  const bool revoke = line.kind == GrantLine::Kind::revoke;
  const std::string shown = shownScope(line);
  auto scope = scopes_.atTarget(line);
  if (revoke && !scopes_.takesRevokes()) {
    out.problem = "rights on " + shown + " are revoked from it, which the target cannot do (partial_revokes is OFF)";
    return;
  }
  if (revoke && !scope) scope = quoteName(*line.database) + ".*";  // a limit is kept even there
  if (scope && scopes_.losesPattern(line)) {
    out.lost.push_back("rights on the pattern " + shown +
                       ", which the target takes for a name (partial_revokes is ON)");
    return;
  }
  std::string list;
  for (const GrantLine::Privilege& one : line.privileges) {
    if (one.name == "USAGE" && !line.passOn) continue;
    if (!scope) {
      out.beside.push_back(one.name + " on " + shown);
      continue;
    }
    const std::string name = knownPrivilege(one.name);
    if (name.empty()) {
      out.lost.push_back(one.name + " on " + shown + ", which the target does not have");
      continue;
    }
    const bool mayNot = !line.database && !grantable_.empty() && name != "USAGE" && name != "ALL PRIVILEGES" &&
                        !grantable_.contains(withSpaces(name));
    if (mayNot) {
      out.lost.push_back(one.name + " on *.*, which the target account may not pass on");
      continue;
    }
    list += (list.empty() ? "" : ", ") + name + columnList(one.columns);
  }
  if (list.empty()) return;
  const std::string type = line.objectType.empty() ? "" : line.objectType + " ";
  out.grants.push_back({(revoke ? "REVOKE " : "GRANT ") + list + " ON " + type + *scope + (revoke ? " FROM " : " TO ") +
                            quoteAccount(account.target) + (line.passOn ? " WITH GRANT OPTION" : ""),
                        list + " on " + type + shown,
                        std::nullopt,
                        {}});
}

Account AccountWriter::roleAtTarget(const Account& role) const {
  if (target_.server().mariadb) return {role.user, role.host == "%" ? "" : role.host};
  return {role.user, role.host.empty() ? "%" : role.host};
}

/// The target's name of a privilege; empty if it has none.
std::string AccountWriter::knownPrivilege(std::string name) const {
  static const std::set<std::string> kEverywhere = {"USAGE", "ALL PRIVILEGES", "GRANT OPTION"};
  if (kEverywhere.contains(name) || privileges_.contains(withSpaces(name))) return name;
  // MariaDB 10.5 renamed it and still takes the old name.
  if (name == "REPLICATION CLIENT" || name == "BINLOG MONITOR") return "REPLICATION CLIENT";
  return {};
}

void AccountWriter::writeDefaultRoles(const SourceAccount& account, const std::vector<Account>& roles,
                                      AccountScript& out) const {
  if (roles.empty()) return;
  std::vector<Account> there;
  for (const Account& role : roles) there.push_back(roleAtTarget(role));
  const bool mariadb = target_.server().mariadb;
  if (mariadb && there.size() > 1) {
    out.lost.emplace_back("its default roles but the first, since MariaDB has one");
    there.resize(1);
  }
  out.grants.push_back(defaultRoles(there, account.target, mariadb));
}

}  // namespace drs::mysql
