#include "engine/redis/scope.h"

#include <algorithm>

namespace drs::redis {

Scope::Scope(const Selection& selection, const std::vector<SlotRange>& slots, std::uint32_t targetDatabases,
             bool isShard)
    : selection_(selection), sharded_(isShard || !slots.empty()) {
  for (const SlotRange& range : slots)
    for (std::size_t slot = range.first; slot <= range.second && slot < slots_.size(); ++slot) slots_.set(slot);
  for (const Selection::Database& each : selection.databases()) databases_.push_back({each.source, each.target});
  if (!selection.all()) return;
  for (std::uint32_t db = 0; db < std::max(targetDatabases, 1U); ++db) databases_.push_back({db, db});
}

std::vector<std::uint32_t> Scope::targets() const {
  std::vector<std::uint32_t> out;
  for (const Database& each : databases_) out.push_back(each.target);
  return out;
}

}  // namespace drs::redis
