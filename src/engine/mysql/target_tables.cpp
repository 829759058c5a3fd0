#include "engine/mysql/target_tables.h"

#include "engine/mysql/missing_tables.h"

#include <random>

namespace drs::mysql {

TargetTables::TargetTables(const Plans& plans, const ControlTables& control)
    : plans_(plans), control_(control), tables_(plans.size()) {}

const TargetTable* TargetTables::find(std::size_t plan) const {
  const std::lock_guard lock(mutex_);
  return tables_.at(plan).get();
}

const TargetTable& TargetTables::get(std::size_t plan, Connection& connection) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<TargetTable>& table = tables_.at(plan);
  if (table) return *table;
  requireOurs(plans_[plan], connection);
  if (!world_) {
    std::set<std::string> databases;
    for (const TablePlan& other : plans_) databases.insert(other.target.database);
    std::random_device random;
    world_ = TargetWorld{std::uint64_t{random()} << 32U | random(), TargetForeignKeys::read(connection, databases)};
  }
  table = std::make_unique<TargetTable>(readTargetTable(connection, plans_[plan], *world_));
  return *table;
}

void TargetTables::requireOurs(const TablePlan& plan, Connection& connection) {
  if (!plan.createTable) return;
  if (!made_) made_ = control_.made(connection);
  if (!made_->contains(plan.target))
    throw Error(Msg::schemaDrift, {plan.target.database + "." + plan.target.table, kNotOurs}, Origin::target);
}

}  // namespace drs::mysql
