#include "engine/mysql/account_selection.h"

#include "base/failpoint.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/grants.h"
#include "engine/mysql/made_objects.h"
#include "engine/mysql/object_reader.h"
#include "transform/object_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace drs::mysql {
namespace {

/// Made by the servers' own installation, not by users.
bool isServersOwn(const Account& account) {
  static const std::set<std::string> kNames = {"mysql.sys",   "mysql.session", "mysql.infoschema",
                                               "mariadb.sys", "root",          "PUBLIC"};
  return kNames.contains(account.user) || (account.user == "mysql" && account.host == "localhost");
}

class AccountReader {
 public:
  AccountReader(Connection& source, Connection& target, const EngineJob& job)
      : source_(source), target_(target), users_(*job.spec.userMigration) {}

  std::vector<SourceAccount> run(ObjectSelection& out) {
    const std::vector<SourceAccount> all = readAll();
    const bool listed = users_.userList && !users_.userList->empty();
    const bool roles = users_.roleList && !users_.roleList->empty();
    std::vector<SourceAccount> chosen = listed ? std::vector<SourceAccount>() : withoutOwn(all, out);
    if (listed)
      for (const MigratedUser& user : *users_.userList) choose(user.account.value_or(""), &user, all, chosen, out);
    if (roles)
      for (const MigratedRole& role : *users_.roleList) choose(role.role.value_or(""), nullptr, all, chosen, out);
    std::stable_sort(chosen.begin(), chosen.end(),
                     [](const SourceAccount& a, const SourceAccount& b) { return a.kind < b.kind; });
    return chosen;
  }

 private:
  std::vector<SourceAccount> readAll() {
    const bool mariadb = source_.server().mariadb;
    std::string role = "'N'";
    if (mariadb)
      role = "is_role";
    else if (source_.server().version >= 80000)  // what CREATE ROLE makes, and what is granted to others
      role =
          "IF((account_locked = 'Y' AND password_expired = 'Y' AND authentication_string = '') OR EXISTS (SELECT 1 "
          "FROM mysql.role_edges WHERE FROM_USER = User AND FROM_HOST = Host), 'Y', 'N')";
    std::vector<SourceAccount> out;
    for (const auto& row : source_.query("SELECT User, Host, " + role + " FROM mysql.user ORDER BY User, Host")) {
      SourceAccount one;
      one.source = {row.at(0).value_or(""), row.at(1).value_or("")};
      one.target = one.source;
      if (row.at(2) == "Y") {
        one.kind = ObjectKind::role;
        if (target_.server().mariadb && one.source.host == "%") one.target.host.clear();
        if (!target_.server().mariadb && one.source.host.empty()) one.target.host = "%";
      }
      out.push_back(std::move(one));
    }
    return out;
  }

  std::vector<SourceAccount> withoutOwn(const std::vector<SourceAccount>& all, ObjectSelection& out) {
    const auto self = parseAccount(source_.value("SELECT CURRENT_USER()").value_or(""), "%");
    std::vector<SourceAccount> chosen;
    for (const SourceAccount& one : all) {
      const bool ours = self && one.source.user == self->user && one.source.host == self->host;
      if (!ours && !isServersOwn(one.source))
        chosen.push_back(one);
      else if (one.source.user == "root" || ours)
        out.notes.push_back("The " + printable(one) + " is not moved unless user_list names it");
    }
    return chosen;
  }

  void choose(const std::string& text, const MigratedUser* asked, const std::vector<SourceAccount>& all,
              std::vector<SourceAccount>& chosen, ObjectSelection& out) {
    const auto wanted = parseAccount(text, asked != nullptr || !source_.server().mariadb ? "%" : "");
    const auto found = std::find_if(all.begin(), all.end(), [&](const SourceAccount& one) {
      const bool named = wanted && one.source.user == wanted->user;
      // A role of MariaDB has no host, whatever list it stands in.
      return named && (one.source.host == wanted->host || (one.source.host.empty() && wanted->host == "%"));
    });
    if (found == all.end()) {
      out.problems.push_back({kAccountItem, (asked != nullptr ? "account " : "role ") + text,
                              "the source has no such account; write it as 'name'@'host'"});
      return;
    }
    const auto isIt = [&](const SourceAccount& one) {
      return one.source.user == found->source.user && one.source.host == found->source.host;
    };
    if (std::any_of(chosen.begin(), chosen.end(), isIt)) return;
    chosen.push_back(*found);
    chosen.back().asked = asked;
  }

  Connection& source_;
  Connection& target_;
  const UserMigration& users_;
};

ObjectPlan planOf(const SourceAccount& account) {
  ObjectPlan plan;
  plan.kind = account.kind;
  plan.source.table = accountText(account.source);
  plan.target.table = accountText(account.target);
  return plan;
}

std::string besideNote(const std::string& account, const std::string& grant) {
  return "Not granted to the " + account + ", for it is outside of the selection: " + grant;
}

/// Why none can be moved; empty = they can.
std::string rightsProblem(Connection& source, Connection& target) {
  try {
    (void)source.query("SELECT 1 FROM mysql.user LIMIT 0");
  } catch (const Error& error) {
    if (error.action() == Action::retry) throw;
    return "the source account may not read them; GRANT SELECT ON mysql.* TO it";
  }
  try {
    (void)target.query("SELECT 1 FROM mysql.user LIMIT 0");
  } catch (const Error& error) {
    if (error.action() == Action::retry) throw;
    return "the target account may not see which are there; GRANT SELECT ON mysql.* TO it";
  }
  if (!Grants::read(target).onServer("CREATE USER"))
    return "the target account lacks CREATE USER; GRANT CREATE USER ON *.* TO it, and all that it is to pass on WITH "
           "GRANT OPTION";
  return {};
}

bool isMissingObject(unsigned number) {
  constexpr unsigned kNoTable = 1146;
  constexpr unsigned kNoRoutine = 1305;
  constexpr unsigned kNoColumn = 1054;
  constexpr unsigned kNoRole = 3523;         // MySQL: unknown authorization ID
  constexpr unsigned kNoRoleMariadb = 1959;  // invalid role specification
  constexpr unsigned kNotGranted = 3530;     // MySQL: a default role that the account does not have
  return number == kNoTable || number == kNoRoutine || number == kNoColumn || number == kNoRole ||
         number == kNoRoleMariadb || number == kNotGranted;
}

}  // namespace

bool movesAccounts(const JobSpec& spec) {
  return spec.userMigration && spec.userMigration->isMigrateUser.value_or(false) &&
         spec.baseInfo.taskType.value_or("") != "INCR_TRANS";
}

ObjectSelection selectAccounts(Connection& source, Connection& target, const EngineJob& job,
                               const std::vector<std::string>& databases, const std::stop_token& stop) {
  ObjectSelection out;
  if (!movesAccounts(job.spec)) return out;
  if (std::string problem = rightsProblem(source, target); !problem.empty()) {
    out.problems.push_back({kAccountItem, "all accounts", std::move(problem)});
    return out;
  }
  const MadeObjects made(job.id);
  const bool hasNotes = hasControlTables(target);
  AccountWriter writer(source, target, job, databases);
  for (const SourceAccount& account : AccountReader(source, target, job).run(out)) {
    if (stop.stop_requested()) return {};
    ObjectPlan plan = planOf(account);
    const bool stands = objectExists(target, plan.kind, plan.target);
    if (stands && !(hasNotes && made.isMade(target, plan.kind, plan.target))) {
      out.notes.push_back("The " + printable(account) +
                          " stands at the target already; it and its rights stay as they are");
      continue;
    }
    const AccountScript script = writer.write(account, false);
    if (!script.problem.empty()) {
      out.problems.push_back({kAccountItem, printable(account), script.problem});
      continue;
    }
    for (const std::string& lost : script.lost) out.problems.push_back({kAccountItem, printable(account), lost});
    for (const std::string& beside : script.beside) out.notes.push_back(besideNote(printable(account), beside));
    plan.leftOut = script.lost;
    plan.leftOut.insert(plan.leftOut.end(), script.beside.begin(), script.beside.end());
    out.objects.push_back(std::move(plan));
  }
  return out;
}

AccountCreator::AccountCreator(Connection& source, Connection& target, const EngineJob& job,
                               std::vector<std::string> databases)
    : target_(target), job_(job), writer_(source, target, job, std::move(databases)) {}

void AccountCreator::create(const ObjectPlans& plans, const std::stop_token& stop) {
  std::string failures;
  for (const ObjectPlan& plan : plans) {
    if (stop.stop_requested()) throw Error(Msg::connectionLost, {"the target", "the task was stopped"}, Origin::target);
    SourceAccount account;
    account.kind = plan.kind;
    account.source = parseAccount(plan.source.table, {}).value_or(Account{});
    account.target = parseAccount(plan.target.table, {}).value_or(Account{});
    if (const auto& list = job_.spec.userMigration->userList)
      for (const MigratedUser& user : *list) {
        const auto named = parseAccount(user.account.value_or(""), "%");
        if (named && named->user == account.source.user && named->host == account.source.host) account.asked = &user;
      }
    const auto fail = [&](const std::string& reason) {
      failures += (failures.empty() ? "" : "; ") + printable(account) + ": " + reason;
    };
    try {
      AccountScript script = writer_.write(account, true);
      if (!script.problem.empty()) {
        fail(script.problem);
      } else if (createOne(plan, script)) {
        noteLosses(plan, printable(account), script);
        made_.push_back({printable(account), account.target, std::move(script.grants)});
      }
    } catch (const Error& error) {
      if (error.action() == Action::retry) throw;
      fail(withoutSecrets(error, target_.lastErrno()));
    }
  }
  if (!failures.empty()) throw Error(Msg::objectNotCreated, {failures}, Origin::target);
}

/// False if it stands there and is not ours.
bool AccountCreator::createOne(const ObjectPlan& plan, const AccountScript& script) {
  const MadeObjects made(job_.id);
  if (objectExists(target_, plan.kind, plan.target)) {
    if (made.isMade(target_, plan.kind, plan.target)) return true;
    notes_.push_back("The " + printable(plan.kind, plan.target) + " stands at the target already and is left as it is");
    return false;
  }
  made.note(target_, plan.kind, plan.target);
  failpoint("accounts.noted");
  std::optional<Error> refused;
  unsigned number = 0;
  try {
    target_.execute(script.create);
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost) throw;  // it may have been created
    refused = error;
    number = target_.lastErrno();
  }
  if (!refused) {
    failpoint("accounts.created");
    return true;
  }
  made.forget(target_, plan.kind, plan.target);
  if (refused->action() == Action::retry) throw Error(*refused);
  throw Error(Msg::databaseError, {target_.peer(), std::to_string(number), withoutSecrets(*refused, number)},
              Origin::target);
}

/// What has changed at the source since the planning said what is left out.
void AccountCreator::noteLosses(const ObjectPlan& plan, const std::string& name, const AccountScript& script) {
  const auto isKnown = [&](const std::string& line) {
    return std::find(plan.leftOut.begin(), plan.leftOut.end(), line) != plan.leftOut.end();
  };
  for (const std::string& lost : script.lost)
    if (!isKnown(lost)) notes_.push_back(fmt::format("Left out: {}: {}", name, lost));
  for (const std::string& beside : script.beside)
    if (!isKnown(beside)) notes_.push_back(besideNote(name, beside));
}

std::vector<std::string> AccountCreator::grant() {
  std::string failures;
  for (const Made& one : made_) {
    grantOne(one, failures);
    failpoint("accounts.granted");
  }
  if (!failures.empty()) throw Error(Msg::objectNotCreated, {failures}, Origin::target);
  return std::move(notes_);
}

void AccountCreator::grantOne(const Made& to, std::string& failures) {
  std::vector<std::string> refused;  // roles
  for (AccountScript::Grant grant : to.grants) {
    if (!grant.defaults.empty() && !refused.empty()) {
      // One that is not there must not keep the others from being default roles.
      std::erase_if(grant.defaults, [&](const Account& role) {
        return std::find(refused.begin(), refused.end(), quoteAccount(role)) != refused.end();
      });
      if (grant.defaults.empty()) continue;
      grant = defaultRoles(grant.defaults, to.account, target_.server().mariadb);
    }
    try {
      target_.execute(grant.sql);
    } catch (const Error& error) {
      if (error.action() == Action::retry) throw;
      const unsigned number = target_.lastErrno();
      const std::string text =
          fmt::format("{} could not be granted to the {}: {}", grant.shown, to.name, withoutSecrets(error, number));
      if (grant.role) refused.push_back(quoteAccount(*grant.role));
      if (isMissingObject(number))
        notes_.push_back(text);
      else
        failures += (failures.empty() ? "" : "; ") + text;
    }
  }
}

}  // namespace drs::mysql
