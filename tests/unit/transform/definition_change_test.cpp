#include "transform/definition_change.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

TablePlan planOf(const std::string& table, const std::string& createSql = "") {
  TableSchema schema;
  schema.name = {"d", table};
  schema.createSql = createSql;
  TablePlan plan;
  plan.source = std::make_shared<const TableSchema>(std::move(schema));
  plan.target = {"e", table};
  return plan;
}

std::string names(const CurrentPlans& current) {
  std::string out;
  for (std::size_t i = 0; i < current.plans.size(); ++i)
    out += current.plans[i].source->name.table + (current.planned[i] ? std::to_string(*current.planned[i]) : "+") + " ";
  return out;
}

TEST(DefinitionChange, PlannedTablesKeepTheirPlaceAndNewOnesFollow) {
  const std::vector<TablePlan> planned{planOf("a"), planOf("b"), planOf("c")};
  EXPECT_EQ(names(currentPlans(planned, {})), "a0 b1 c2 ");
  const auto current = currentPlans(planned, {{{"d", "b"}, std::nullopt},
                                              {{"d", "c"}, planOf("c", "changed")},
                                              {{"d", "new"}, planOf("new")},
                                              {{"d", "never"}, std::nullopt}});
  EXPECT_EQ(names(current), "a0 c2 new+ ");
  EXPECT_EQ(current.plans[1].source->createSql, "changed");
}

}  // namespace
}  // namespace drs
