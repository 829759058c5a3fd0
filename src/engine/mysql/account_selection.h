#pragma once

#include "engine/mysql/account_script.h"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::mysql {

/// The pre-check item that names what cannot be moved of accounts. Skipping it leaves that out.
inline constexpr const char* kAccountItem = "userMigrationCheck";

/// True if the request asks for accounts and the task has a full phase.
[[nodiscard]] bool movesAccounts(const JobSpec& spec);

/// The accounts and roles of user_migration as plans without statements, what of them cannot be moved, and which are
/// left as they are. Throws what Connection throws.
[[nodiscard]] ObjectSelection selectAccounts(Connection& source, Connection& target, const EngineJob& job,
                                             const std::vector<std::string>& databases, const std::stop_token& stop);

/// Creates accounts at the target and, behind the objects, grants their rights. One thread.
class AccountCreator {
 public:
  AccountCreator(Connection& source, Connection& target, const EngineJob& job, std::vector<std::string> databases);
  /// Makes those that are not there and notes them. Throws Error(objectNotCreated) without any secret.
  void create(const ObjectPlans& plans, const std::stop_token& stop);
  /// Grants to those that create() found to be ours. Returns a line for each grant that the target did not take because
  /// its object is not there, and for what an account lacks that the planning did not know; throws
  /// Error(objectNotCreated) for others.
  [[nodiscard]] std::vector<std::string> grant();

 private:
  bool createOne(const ObjectPlan& plan, const AccountScript& script);

  Connection& target_;
  const EngineJob& job_;
  AccountWriter writer_;
  struct Made {
    std::string name;
    Account account;
    std::vector<AccountScript::Grant> grants;
  };
  void noteLosses(const ObjectPlan& plan, const std::string& name, const AccountScript& script);
  void grantOne(const Made& to, std::string& failures);
  std::vector<Made> made_;
  std::vector<std::string> notes_;
};

}  // namespace drs::mysql
