#include "transform/object_plan.h"
#include "transform/table_plan.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

JobSpec withScope(const std::string& scope) {
  JobSpec spec;
  spec.dbObject.objectScope = scope;
  if (scope != "all") spec.dbObject.objectInfo.emplace();
  return spec;
}

DatabaseObject& database(JobSpec& spec, const std::string& name) {
  return (*spec.dbObject.objectInfo)[name];
}

TableObject& table(DatabaseObject& database, const std::string& name) {
  if (!database.tables) database.tables.emplace();
  return (*database.tables)[name];
}

TEST(Selection, ScopeAllTakesEverythingUnderItsOwnName) {
  const JobSpec spec = withScope("all");
  EXPECT_FALSE(selectedDatabases(spec));
  EXPECT_TRUE(isSelected(spec, {"any", "thing"}));
  EXPECT_EQ(mappedName(spec, {"any", "thing"}), (TableName{"any", "thing"}));
}

TEST(Selection, ScopeDatabaseTakesAWholeDatabaseThatListsNothing) {
  JobSpec spec = withScope("database");
  database(spec, "shop");
  EXPECT_EQ(selectedDatabases(spec), std::vector<std::string>{"shop"});
  EXPECT_TRUE(isSelected(spec, {"shop", "orders"}));
  EXPECT_FALSE(isSelected(spec, {"other", "orders"}));
}

TEST(Selection, AllAbsentIsFalseWhenTablesAreListed) {
  for (const char* scope : {"database", "table"}) {
    JobSpec spec = withScope(scope);
    table(database(spec, "shop"), "orders");
    EXPECT_TRUE(isSelected(spec, {"shop", "orders"})) << scope;
    EXPECT_FALSE(isSelected(spec, {"shop", "customers"})) << scope;
  }
}

TEST(Selection, AllTrueTakesTheWholeDatabaseAlsoWhereTablesAreListed) {
  JobSpec spec = withScope("table");
  database(spec, "shop").all = true;
  table(database(spec, "shop"), "orders").name = "orders_copy";
  EXPECT_TRUE(isSelected(spec, {"shop", "customers"}));
  EXPECT_EQ(mappedName(spec, {"shop", "orders"}).table, "orders_copy");
}

TEST(Selection, ListedViewsAndProceduresAreNoTables) {
  JobSpec spec = withScope("table");
  table(database(spec, "shop"), "orders").type = "table";
  table(database(spec, "shop"), "totals").type = "view";
  table(database(spec, "shop"), "refill").type = "procedure";
  EXPECT_FALSE(isSelected(spec, {"shop", "totals"})) << "a table of that name is not meant";
  EXPECT_TRUE(isSelectedObject(spec, ObjectKind::view, {"shop", "totals"}));
  EXPECT_FALSE(isSelectedObject(spec, ObjectKind::procedure, {"shop", "totals"}));
  EXPECT_TRUE(isSelectedObject(spec, ObjectKind::procedure, {"shop", "refill"}));
  EXPECT_FALSE(isSelectedObject(spec, ObjectKind::function, {"shop", "refill"}));
  EXPECT_FALSE(isSelectedObject(spec, ObjectKind::view, {"shop", "orders"}));
  EXPECT_TRUE(planProblems(spec, {}).size() == 1) << "only the table is missed among the tables";
  database(spec, "shop").all = true;
  EXPECT_TRUE(isSelected(spec, {"shop", "totals"}));
  EXPECT_TRUE(isSelectedObject(spec, ObjectKind::event, {"shop", "any"}));
}

TEST(Selection, ScopeTableTakesNothingOfADatabaseThatListsNothing) {
  JobSpec spec = withScope("table");
  database(spec, "shop");
  EXPECT_FALSE(isSelected(spec, {"shop", "orders"}));
}

TEST(Selection, LookupObjectsAreNotReplicated) {
  JobSpec spec = withScope("database");
  database(spec, "lookup").syncType = "config";
  table(database(spec, "shop"), "orders");
  table(database(spec, "shop"), "rates").syncType = "config";
  EXPECT_EQ(selectedDatabases(spec), std::vector<std::string>{"shop"});
  EXPECT_FALSE(isSelected(spec, {"lookup", "t"}));
  EXPECT_FALSE(isSelected(spec, {"shop", "rates"}));
}

TEST(Selection, NamesOfDatabasesAndTablesAreMapped) {
  JobSpec spec = withScope("table");
  database(spec, "shop").name = "shop_copy";
  table(database(spec, "shop"), "orders").name = "orders_2";
  table(database(spec, "shop"), "customers").name = "";
  EXPECT_EQ(mappedName(spec, {"shop", "orders"}), (TableName{"shop_copy", "orders_2"}));
  EXPECT_EQ(mappedName(spec, {"shop", "customers"}), (TableName{"shop_copy", "customers"}));
}

TEST(Selection, NamesAreComparedExactly) {
  JobSpec spec = withScope("table");
  table(database(spec, "shop"), "orders");
  EXPECT_FALSE(isSelected(spec, {"Shop", "orders"}));
  EXPECT_FALSE(isSelected(spec, {"shop", "Orders"}));
}

}  // namespace
}  // namespace drs
