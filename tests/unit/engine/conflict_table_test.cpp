#include "engine/mysql/conflict_table.h"

#include "engine/mysql/applier_target.h"

#include <gtest/gtest.h>

#include <memory>

namespace drs::mysql {
namespace {

/// Tables of two integers (id, ref): what do rows of one and of another have in common?
class ConflictTables : public ::testing::Test {
 protected:
  ConflictTables() {
    auto schema = std::make_shared<TableSchema>();
    Column column;
    column.kind = ColumnKind::integer;
    column.name = "id";
    schema->columns = {column, column};
    schema->columns[1].name = "ref";
    schema_ = schema;
  }

  ConflictTable table(const std::string& name, const std::vector<TargetForeignKey>& foreignKeys, bool hasKey = true) {
    std::vector<TargetKey> keys;
    if (hasKey) keys.push_back({"PRIMARY", {{0, 0}}, true});
    return ConflictTable(1, *schema_, {"d", name}, hasKey, {schema_->columns[0], schema_->columns[1]}, keys,
                         TargetForeignKeys(foreignKeys), false);
  }

  ConflictKeys keys(const ConflictTable& table, std::int64_t id, std::optional<std::int64_t> ref) {
    RowBatch rows(schema_);
    rows.addSigned(id);
    ref ? rows.addSigned(*ref) : rows.addNull();
    ConflictKeys out;
    EXPECT_TRUE(table.append(rows, 0, out.list()));
    out.seal();
    return out;
  }

  static TargetForeignKey reference(const std::string& child, const std::string& parent, bool acts) {
    return {{"d", child}, {"d", parent}, {"ref"}, {"id"}, acts};
  }

  TableSchemaPtr schema_;
};

TEST_F(ConflictTables, RowsOfDifferentTablesHaveNothingInCommon) {
  const auto a = table("a", {}), b = table("b", {});
  EXPECT_FALSE(keys(a, 1, 1).conflictsWith(keys(b, 1, 1)));
  EXPECT_TRUE(keys(a, 1, 1).conflictsWith(keys(a, 1, 2)));
}

TEST_F(ConflictTables, ATableWithoutAKeyIsOneThing) {
  const auto a = table("a", {}, false);
  EXPECT_TRUE(keys(a, 1, 1).conflictsWith(keys(a, 2, 2)));
}

TEST_F(ConflictTables, AChildTouchesItsParent) {
  const std::vector<TargetForeignKey> foreign{reference("CHILD", "Parent", false)};
  const auto child = table("child", foreign), parent = table("parent", foreign);
  EXPECT_TRUE(keys(child, 1, 5).conflictsWith(keys(parent, 5, {})));
  EXPECT_FALSE(keys(child, 1, 6).conflictsWith(keys(parent, 5, {})));
  EXPECT_FALSE(keys(child, 1, {}).conflictsWith(keys(parent, 5, {})));
  EXPECT_FALSE(keys(child, 1, 5).conflictsWith(keys(child, 2, 5)));  // children of one parent
}

TEST_F(ConflictTables, TablesJoinedByActionsAreOneThing) {
  const std::vector<TargetForeignKey> foreign{reference("child", "parent", true),
                                              reference("grandchild", "child", false)};
  const auto child = table("child", foreign), parent = table("parent", foreign),
             grandchild = table("grandchild", foreign);
  EXPECT_TRUE(keys(child, 1, 6).conflictsWith(keys(parent, 5, {})));
  EXPECT_TRUE(keys(grandchild, 1, 6).conflictsWith(keys(parent, 5, {})));
  EXPECT_FALSE(keys(grandchild, 1, 6).conflictsWith(keys(table("other", foreign), 1, 6)));
}

TEST_F(ConflictTables, AForeignKeyThatCannotBeReadTouchesAllParents) {
  TargetForeignKey unknown = reference("child", "parent", false);
  unknown.columns = {"not_at_the_source"};
  const auto child = table("child", {unknown}), parent = table("parent", {unknown});
  EXPECT_TRUE(keys(child, 1, {}).conflictsWith(keys(parent, 5, {})));
}

}  // namespace
}  // namespace drs::mysql
