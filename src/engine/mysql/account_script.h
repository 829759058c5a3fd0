#pragma once

#include "engine/engine.h"
#include "engine/mysql/account_scope.h"
#include "engine/mysql/account_text.h"
#include "engine/mysql/connection.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace drs::mysql {

/// An account or role of the source with the name that it gets at the target.
struct SourceAccount {
  ObjectKind kind = ObjectKind::account;
  Account source, target;
  const MigratedUser* asked = nullptr;  ///< its element in user_list, if it is there
};

/// "account 'u'@'h'", for messages.
[[nodiscard]] std::string printable(const SourceAccount& account);

/// The statements that make an account at the target. They hold secrets: never log them, never keep them.
struct AccountScript {
  std::string create;
  struct Grant {
    std::string sql, shown;         ///< shown: for messages
    std::optional<Account> role;    ///< that it gives
    std::vector<Account> defaults;  ///< that it makes the default roles
  };
  std::vector<Grant> grants;        ///< rights, then roles, then the default roles
  std::vector<std::string> lost;    ///< what the target cannot have: plugins' options, privileges
  std::vector<std::string> beside;  ///< grants outside of the selection
  std::string problem;              ///< why the account cannot be made at all; empty = it can
};

/// Makes these the default roles of the account.
[[nodiscard]] AccountScript::Grant defaultRoles(const std::vector<Account>& roles, const Account& account,
                                                bool mariadb);

/// Reads accounts at the source and writes them for the target. Throws what Connection throws. One thread.
class AccountWriter {
 public:
  /// `databases`: those of the source that the selection touches.
  AccountWriter(Connection& source, Connection& target, const EngineJob& job, std::vector<std::string> databases);
  /// With `withSecrets` false the statements lack new passwords: for the pre-check.
  [[nodiscard]] AccountScript write(const SourceAccount& account, bool withSecrets);

 private:
  void writeCreate(const SourceAccount& account, const CreateUser& created, bool withSecrets, AccountScript& out) const;
  [[nodiscard]] std::string identified(const CreateUser& created, AccountScript& out) const;
  [[nodiscard]] std::string newPassword(const SourceAccount& account, bool withSecrets) const;
  void writeGrant(const SourceAccount& account, const GrantLine& line, AccountScript& out) const;
  void writePrivileges(const SourceAccount& account, const GrantLine& line, AccountScript& out) const;
  void writeProxy(const SourceAccount& account, const GrantLine& line, AccountScript& out) const;
  [[nodiscard]] Account roleAtTarget(const Account& role) const;
  [[nodiscard]] std::string knownPrivilege(std::string name) const;
  void writeDefaultRoles(const SourceAccount& account, const std::vector<Account>& roles, AccountScript& out) const;

  Connection& source_;
  Connection& target_;
  const EngineJob& job_;
  const GrantScopes scopes_;
  std::set<std::string> plugins_, privileges_, grantable_;  ///< of the target; grantable: empty if not known
  std::string policy_;                                      ///< authentication_policy that binds us at the target
  bool mayProxy_ = false;                                   ///< the target account may pass PROXY on
};

/// A text without any of the secrets, for what servers say about a statement.
[[nodiscard]] std::string withoutSecrets(const Error& error, unsigned number);

}  // namespace drs::mysql
