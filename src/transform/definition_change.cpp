#include "transform/definition_change.h"

namespace drs {

CurrentPlans currentPlans(const std::vector<TablePlan>& planned, const std::vector<DefinitionChange>& changes) {
  std::map<TableName, const DefinitionChange*> open;
  for (const DefinitionChange& change : changes) open[change.source] = &change;
  CurrentPlans out;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const auto found = open.find(planned[i].source->name);
    if (found == open.end()) {
      out.plans.push_back(planned[i]);
    } else if (found->second->plan) {
      out.plans.push_back(*found->second->plan);
    }
    if (found == open.end() || found->second->plan) out.planned.emplace_back(i);
    if (found != open.end()) open.erase(found);
  }
  for (const auto& [name, change] : open) {
    if (!change->plan) continue;
    out.plans.push_back(*change->plan);
    out.planned.emplace_back(std::nullopt);
  }
  return out;
}

}  // namespace drs
