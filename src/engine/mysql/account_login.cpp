#include "engine/mysql/account_login.h"

#include "engine/mysql/grants.h"
#include "engine/mysql/prober_checks.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

constexpr int kTwoPasswords = 80014;  // MySQL manual, Dual Password Support

/// The elements between commas, without the default that may stand behind a colon.
std::vector<std::string> factorsOf(const std::string& policy) {
  std::vector<std::string> out(1);
  bool skip = false;
  for (const char c : policy) {
    if (c == ',') out.emplace_back();
    skip = c != ',' && (skip || c == ':');
    if (c != ',' && c != ' ' && !skip) out.back() += c;
  }
  return out;
}

}  // namespace

bool hasSecondPassword(Connection& source, const Account& account) {
  if (source.server().mariadb || source.server().version < kTwoPasswords) return false;
  return source.value(
             "SELECT JSON_CONTAINS_PATH(User_attributes, 'one', '$.additional_password') FROM mysql.user WHERE User "
             "= " +
             quoteText(account.user) + " AND Host = " + quoteText(account.host)) == "1";
}

std::string bindingPolicy(Connection& target) {
  std::string policy = globalVariable(target, "authentication_policy");
  if (!policy.empty() && Grants::read(target).onServer("AUTHENTICATION_POLICY_ADMIN")) policy.clear();
  return policy;
}

std::string policyProblem(const std::string& policy, const std::vector<Credential>& ways, bool newPassword) {
  if (policy.empty()) return {};
  const std::vector<std::string> factors = factorsOf(policy);
  const std::size_t count = newPassword ? 1 : std::max<std::size_t>(1, ways.size());
  const std::string says = "; authentication_policy of the target is '" + policy + "'";
  if (count > factors.size())
    return fmt::format("it has {} factors of authentication, the target allows {}{}", count, factors.size(), says);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if (factors[i].empty()) continue;
    if (i >= count) return fmt::format("the target asks for a factor {} of authentication{}", i + 1, says);
    const bool known = !newPassword && i < ways.size();
    if (factors[i] != "*" && known && factors[i] != ways[i].plugin)
      return fmt::format("the target asks for the plugin {} as its factor {}{}", factors[i], i + 1, says);
  }
  return {};
}

bool mayPassProxyOn(Connection& target) {
  for (const auto& row : target.query("SHOW GRANTS")) {
    const GrantLine line = parseGrant(row.at(0).value_or(""));
    if (line.kind == GrantLine::Kind::proxy && line.passOn && line.roles.front().user.empty()) return true;
  }
  return false;
}

}  // namespace drs::mysql
