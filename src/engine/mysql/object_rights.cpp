#include "engine/mysql/object_rights.h"

#include "engine/mysql/prober_checks.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

const char* rightFor(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::view:
      return "CREATE VIEW";
    case ObjectKind::trigger:
      return "TRIGGER";
    case ObjectKind::event:
      return "EVENT";
    default:
      return "CREATE ROUTINE";
  }
}

}  // namespace

ObjectRights::ObjectRights(Connection& target, const DefinerRule& rule)
    : target_(target), grants_(Grants::read(target)), keeps_(rule.mode == DefinerRule::Mode::keep) {
  self_ = target.value("SELECT CURRENT_USER()").value_or("");
  for (const char* right : {"SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"})
    setsDefiner_ = setsDefiner_ || grants_.onServer(right);
  logsUnsafe_ =
      globalVariable(target, "log_bin") != "ON" || globalVariable(target, "log_bin_trust_function_creators") == "ON";
}

std::string ObjectRights::problem(const SourceObject& object, const std::string& database) const {
  const char* right = rightFor(object.text.kind);
  if (!grants_.onDatabase(right, database))
    return fmt::format("the target account lacks {} on {}; GRANT {} ON {}.* TO it", right, database, right, database);
  const bool logged = object.text.kind == ObjectKind::function || object.text.kind == ObjectKind::trigger;
  if (!logged || logsUnsafe_) return {};
  if (!grants_.onServer("SUPER"))
    return "the target has its log on; SET GLOBAL log_bin_trust_function_creators = 1 there, or grant SUPER";
  if (!object.deterministic)
    return "it is declared neither DETERMINISTIC nor NO SQL nor READS SQL DATA; SET GLOBAL "
           "log_bin_trust_function_creators = 1 at the target";
  return {};
}

std::string ObjectRights::definerProblem(const std::optional<Account>& definer) {
  if (!definer) return {};
  const std::string name = definer->user + "@" + definer->host;
  if (name == self_) return {};
  const std::string other = keeps_ ? ", or set mysql.definer in the configuration of the service" : "";
  if (!setsDefiner_)
    return fmt::format("its DEFINER {} is not the target account, which lacks {}; grant it{}", name,
                       target_.server().mariadb ? "SET USER" : "SET_ANY_DEFINER (SET_USER_ID, SUPER)", other);
  if (!exists(*definer)) return fmt::format("the target has no account {}, its DEFINER; create it{}", name, other);
  return {};
}

void ObjectRights::expect(const Account& account) {
  accounts_[quoteText(account.user) + "@" + quoteText(account.host)] = true;
}

bool ObjectRights::exists(const Account& account) {
  const std::string key = quoteText(account.user) + "@" + quoteText(account.host);
  const auto known = accounts_.find(key);
  if (known != accounts_.end()) return known->second;
  bool found = true;
  try {
    found = target_
                .value("SELECT 1 FROM mysql.user WHERE User = " + quoteText(account.user) +
                       " AND Host = " + quoteText(account.host))
                .has_value();
  } catch (const Error& error) {
    if (error.action() == Action::retry) throw;
  }
  return accounts_[key] = found;
}

}  // namespace drs::mysql
