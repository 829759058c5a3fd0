#include "transform/table_plan.h"

#include "base/error.h"
#include "transform/foreign_keys.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

std::shared_ptr<TableSchema> table(const std::string& name, const std::string& database = "shop") {
  auto out = std::make_shared<TableSchema>();
  out->name = {database, name};
  out->columns.resize(2);
  out->primaryKey = {0};
  return out;
}

/// `child` gets a foreign key to `parent`.
void refer(TableSchema& child, const TableSchema& parent, const std::string& onDelete,
           const std::string& onUpdate = "RESTRICT") {
  ForeignKey& key = child.foreignKeys.emplace_back();
  key.name = child.name.table + "_fk";
  key.columns = {1};
  key.referencedDatabase = parent.name.database;
  key.referencedTable = parent.name.table;
  key.onDelete = onDelete;
  key.onUpdate = onUpdate;
}

JobSpec everything() {
  JobSpec spec;
  spec.dbObject.objectScope = "all";
  return spec;
}

std::vector<int> groupsOf(const std::vector<TableSchemaPtr>& tables) {
  std::vector<int> out;
  for (const TablePlan& plan : compilePlans(everything(), tables)) out.push_back(plan.group);
  return out;
}

TEST(TablePlan, PlansAreSortedByTheirSourceAndCarryThePolicies) {
  JobSpec spec = everything();
  spec.policyConfig.conflictPolicy = "overwrite";
  spec.policyConfig.indexTrans = false;
  spec.policyConfig.ddlTrans = false;
  const auto plans = compilePlans(spec, {table("b"), table("a", "z"), table("a")});
  ASSERT_EQ(plans.size(), 3U);
  EXPECT_EQ(plans[0].source->name, (TableName{"shop", "a"}));
  EXPECT_EQ(plans[2].source->name, (TableName{"z", "a"}));
  EXPECT_EQ(plans[0].conflicts, ConflictPolicy::overwrite);
  EXPECT_FALSE(plans[0].secondaryIndexes);
  EXPECT_FALSE(plans[0].truncates);
}

TEST(TablePlan, AbsentPoliciesHaveTheirDocumentedValues) {
  const auto plans = compilePlans(everything(), {table("a")});
  EXPECT_EQ(plans[0].conflicts, ConflictPolicy::stop);
  EXPECT_TRUE(plans[0].secondaryIndexes);
  EXPECT_TRUE(plans[0].truncates);
  EXPECT_EQ(plans[0].group, -1);
}

TEST(TablePlan, ActingForeignKeysMakeAGroup) {
  for (const char* action : {"CASCADE", "SET NULL", "SET DEFAULT", "cascade"}) {
    const auto parent = table("a");
    const auto child = table("b");
    refer(*child, *parent, action);
    EXPECT_EQ(groupsOf({parent, child, table("c")}), (std::vector<int>{0, 0, -1})) << action;
  }
}

TEST(TablePlan, AnUpdateActionMakesAGroupToo) {
  const auto parent = table("a");
  const auto child = table("b");
  refer(*child, *parent, "NO ACTION", "CASCADE");
  EXPECT_EQ(groupsOf({parent, child}), (std::vector<int>{0, 0}));
}

TEST(TablePlan, RestrictingForeignKeysLeaveTablesFree) {
  const auto parent = table("a");
  const auto child = table("b");
  refer(*child, *parent, "RESTRICT", "NO ACTION");
  EXPECT_EQ(groupsOf({parent, child}), (std::vector<int>{-1, -1}));
}

TEST(TablePlan, AGroupGoesOnInBothDirectionsAndOverAnyNumberOfSteps) {
  const auto a = table("a");
  const auto b = table("b");
  const auto c = table("c");
  const auto d = table("d");
  refer(*b, *a, "CASCADE");
  refer(*b, *c, "CASCADE");
  refer(*d, *c, "CASCADE");
  EXPECT_EQ(groupsOf({a, b, c, d}), (std::vector<int>{0, 0, 0, 0}));
}

TEST(TablePlan, NeighboursByRestrictingKeysJoinAGroupWithActions) {
  const auto a = table("a");
  const auto b = table("b");
  const auto c = table("c");
  refer(*b, *a, "CASCADE");
  refer(*c, *b, "RESTRICT");
  EXPECT_EQ(groupsOf({a, b, c}), (std::vector<int>{0, 0, 0}));
}

TEST(TablePlan, ATableThatCascadesIntoItselfIsAGroup) {
  const auto tree = table("a");
  refer(*tree, *tree, "CASCADE");
  EXPECT_EQ(groupsOf({tree, table("b")}), (std::vector<int>{0, -1}));
}

TEST(TablePlan, ATableWithoutAKeyIsAGroup) {
  const auto heap = table("a");
  heap->primaryKey.clear();
  EXPECT_EQ(groupsOf({heap, table("b")}), (std::vector<int>{0, -1}));
}

TEST(TablePlan, ATableWhoseKeyIsGeneratedIsAGroup) {
  const auto made = table("a");
  made->columns[0].generated = true;
  EXPECT_EQ(groupsOf({made, table("b")}), (std::vector<int>{0, -1}));
}

TEST(TablePlan, ATableWhoseUniqueValuesTheSessionMakesIsAGroup) {
  const auto dated = table("a");
  dated->columns[1].dataType = "timestamp";
  dated->indexes.push_back({"u", true, false, "FUNCTIONAL", {}});
  const auto divided = table("b");
  divided->createSql = "CREATE TABLE `b` (`x` int, `y` int, UNIQUE KEY `u` (((`x` / `y`))))";
  divided->indexes.push_back({"u", true, false, "FUNCTIONAL", {}});
  const auto generated = table("c");
  generated->columns[1].generated = true;
  generated->createSql = "CREATE TABLE `c` (`x` int, `d` char(3) GENERATED ALWAYS AS (dayname(`x`)))";
  generated->indexes.push_back({"u", true, false, "BTREE", {{1, 0}}});
  const auto counted = table("w");  // by default_week_format
  counted->createSql = "CREATE TABLE `w` (`x` int, `m` date, UNIQUE KEY `u` ((week(`m`))))";
  counted->indexes.push_back({"u", true, false, "FUNCTIONAL", {}});
  const auto plain = table("d");
  plain->createSql = "CREATE TABLE `d` (`x` int, `m` varchar(9), UNIQUE KEY `u` ((lower(`m`))))";
  plain->indexes.push_back({"u", true, false, "FUNCTIONAL", {}});
  const auto onlyDated = table("e");
  onlyDated->columns[1].dataType = "timestamp";
  onlyDated->indexes.push_back({"u", true, false, "BTREE", {{1, 0}}});
  EXPECT_EQ(groupsOf({dated, divided, generated, plain, onlyDated, counted}), (std::vector<int>{0, 1, 2, -1, -1, 3}));
}

TEST(TablePlan, SeparateFamiliesAreSeparateGroups) {
  const auto a = table("a");
  const auto b = table("b");
  const auto c = table("c");
  const auto d = table("d");
  refer(*c, *a, "CASCADE");
  refer(*d, *b, "CASCADE");
  EXPECT_EQ(groupsOf({a, b, c, d}), (std::vector<int>{0, 1, 0, 1}));
}

TEST(TablePlan, ReferencesAreFoundWhateverTheCaseOfTheirNames) {
  const auto parent = table("Parent");
  const auto child = table("child");
  refer(*child, *parent, "CASCADE");
  child->foreignKeys[0].referencedTable = "parent";
  EXPECT_EQ(groupsOf({parent, child}), (std::vector<int>{0, 0}));
}

TEST(TablePlan, TwoSourcesForOneTargetAreRefused) {
  JobSpec spec;
  spec.dbObject.objectScope = "database";
  spec.dbObject.objectInfo.emplace();
  (*spec.dbObject.objectInfo)["one"].name = "same";
  (*spec.dbObject.objectInfo)["two"].name = "same";
  const std::vector<TableSchemaPtr> tables{table("orders", "one"), table("orders", "two"), table("other", "two")};
  const auto problems = planProblems(spec, tables);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].path, "db_object.object_info.two.tables.orders");
  EXPECT_NE(problems[0].reason.find("same.orders"), std::string::npos);
  try {
    (void)compilePlans(spec, tables);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::crossField);
  }
}

TEST(TablePlan, ListedTablesThatTheSourceLacksAreNamed) {
  JobSpec spec;
  spec.dbObject.objectScope = "table";
  spec.dbObject.objectInfo.emplace();
  (*spec.dbObject.objectInfo)["shop"].tables = {{"orders", TableObject{}}, {"missing", TableObject{}}};
  const auto problems = planProblems(spec, {table("orders"), table("unselected")});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].path, "db_object.object_info.shop.tables.missing");
}

TEST(TablePlan, ACascadeFromOutsideOfTheSelectionIsRefused) {
  JobSpec spec;
  spec.dbObject.objectScope = "table";
  spec.dbObject.objectInfo.emplace();
  (*spec.dbObject.objectInfo)["shop"].tables = {{"child", TableObject{}}};
  const auto parent = table("parent");
  const auto child = table("child");
  refer(*child, *parent, "CASCADE");
  const auto problems = planProblems(spec, {parent, child});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].reason.find("shop.parent"), std::string::npos);

  child->foreignKeys[0].onDelete = "RESTRICT";
  EXPECT_TRUE(planProblems(spec, {parent, child}).empty());
}

TEST(ForeignKeys, FamiliesAreInTheOrderOfTheirFirstTable) {
  const auto a = table("a");
  const auto b = table("b");
  const auto c = table("c");
  refer(*a, *c, "RESTRICT");
  const auto families = foreignKeyFamilies({a, b, c});
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].tables, (std::vector<std::size_t>{0, 2}));
  EXPECT_FALSE(families[0].hasActions);
  EXPECT_EQ(families[1].tables, (std::vector<std::size_t>{1}));
}

}  // namespace
}  // namespace drs
