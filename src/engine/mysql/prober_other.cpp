#include "engine/mysql/object_selection.h"
#include "engine/mysql/prober_checks.h"

#include <string_view>

// Checks of objects beside tables. Each may be skipped; what it names is left out then.

namespace drs::mysql {
namespace {

NameList problemsOf(ProbeState& state, std::string_view item) {
  NameList names;
  for (const ObjectProblem& problem : state.objects().problems)
    if (problem.item == item) names.add(problem.object + ": " + problem.reason);
  return names;
}

/// A task that only follows changes takes the target's definitions as they are.
Verdict nameThoseLeftOut(ProbeState& state) {
  NameList names;
  const SourceObjects found = readObjects(state.source(), state.job().spec, state.databases());
  for (const SourceObject& object : found.objects) names.add(printable(object.text.kind, object.name));
  for (const std::string& other : found.others) names.add(other);
  if (names.empty()) return passed();
  return alarm("a task of type INCR_TRANS copies no definitions: " + names.text() +
               ". Create those that the target needs there yourself, triggers and events when the task has ended");
}

Verdict checkDefinitions(ProbeState& state) {
  if (!state.hasFullPhase()) return nameThoseLeftOut(state);
  const NameList names = problemsOf(state, kDefinitionItem);
  if (names.empty()) return passed();
  return skippable("objects that cannot be copied: " + names.text() +
                   ". Mend them, or grant the rights, or skip this item to go on without them (what triggers do at the "
                   "source arrives as rows)");
}

Verdict checkDefiners(ProbeState& state) {
  const NameList names = problemsOf(state, kDefinerItem);
  if (names.empty()) return passed();
  return skippable("objects that could not be created at the target: " + names.text() +
                   ". Or skip this item to go on without them");
}

Verdict checkStandingObjects(ProbeState& state) {
  const NameList names = problemsOf(state, kStandingItem);
  if (names.empty()) return passed();
  return skippable("objects of these names stand in the way: " + names.text() +
                   ". Drop them there, or skip this item: they are left as they are");
}

}  // namespace

const std::vector<Check>& otherObjectChecks() {
  static const std::vector<Check> kChecks = {
      {kDefinitionItem, kObjects, checkDefinitions},
      {kDefinerItem, "privileges", checkDefiners},
      {kStandingItem, kObjects, checkStandingObjects},
  };
  return kChecks;
}

}  // namespace drs::mysql
