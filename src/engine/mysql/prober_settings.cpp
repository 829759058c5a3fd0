#include "engine/mysql/account_selection.h"
#include "engine/mysql/grants.h"
#include "engine/mysql/parameters.h"
#include "engine/mysql/prober_checks.h"

#include <fmt/format.h>

// Checks of accounts (user_migration) and of parameters (db_param).

namespace drs::mysql {
namespace {

Verdict checkAccounts(ProbeState& state) {
  if (!movesAccounts(state.job().spec)) return passed();
  NameList problems;
  for (const ObjectProblem& problem : state.objects().problems)
    if (problem.item == std::string_view(kAccountItem)) problems.add(problem.object + ": " + problem.reason);
  NameList notes;
  for (const std::string& note : state.objects().notes) notes.add(note);
  if (!problems.empty())
    return skippable("what cannot be moved of accounts: " + problems.text() +
                     ". Or skip this item to go on without it" + (notes.empty() ? "" : ". Besides: " + notes.text()));
  return notes.empty() ? passed() : alarm(notes.text());
}

bool maySet(Connection& target) {
  const Grants grants = Grants::read(target);
  return grants.onServer("SUPER") || grants.onServer("SYSTEM_VARIABLES_ADMIN");
}

Verdict checkParameters(ProbeState& state) {
  NameList bad;
  NameList leftOut;
  NameList set;
  for (const ParameterPlan& one : planParameters(state.source(), state.target(), state.job().spec)) {
    if (!one.bad.empty())
      bad.add(one.key + ": " + one.bad);
    else if (!one.leftOut.empty())
      leftOut.add(one.key + ": " + one.leftOut);
    else
      set.add(fmt::format("{}: {} at the source, {} at the target, becomes {}", one.key,
                          one.source.empty() ? "absent" : one.source, one.target, one.wanted));
  }
  if (!bad.empty()) return failed("db_param: " + bad.text());
  if (!set.empty() && !maySet(state.target()))
    return skippable(
        "db_param: the target account may not set parameters; GRANT SYSTEM_VARIABLES_ADMIN (MariaDB: SUPER) ON *.* TO "
        "it, or skip this item: they are not set");
  if (!leftOut.empty()) return skippable("db_param: not set: " + leftOut.text() + ". Skip this item to go on");
  return set.empty() ? passed() : alarm("the target's parameters are changed when the task starts: " + set.text());
}

}  // namespace

const std::vector<Check>& settingChecks() {
  static const std::vector<Check> kChecks = {
      {kAccountItem, "privileges", checkAccounts},
      {kParameterItem, "consistency", checkParameters},
  };
  return kChecks;
}

}  // namespace drs::mysql
