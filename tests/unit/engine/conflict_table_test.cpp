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

/// What an update touches whose images have these columns (bit 0: id, bit 1: ref).
class PartialUpdates : public ConflictTables {
 protected:
  ConflictTable unique() {
    const std::vector<TargetKey> keys{{"PRIMARY", {{0, 0}}, true}, {"u", {{1, 0}}, true}};
    return ConflictTable(1, *schema_, {"d", "t"}, true, {schema_->columns[0], schema_->columns[1]}, keys,
                         TargetForeignKeys(), false);
  }
  void SetUp() override {
    auto schema = std::make_shared<TableSchema>(*schema_);
    schema->primaryKey = {0};
    schema_ = schema;
  }
  void image(RowBatch& rows, std::optional<std::int64_t> id, std::optional<std::int64_t> ref) {
    id ? rows.addSigned(*id) : rows.addAbsent();
    ref ? rows.addSigned(*ref) : rows.addAbsent();
  }
};

TEST_F(PartialUpdates, AnIndexThatNeitherImageHasIsNotTouched) {
  RowBatch rows(schema_);
  image(rows, 1, {});
  image(rows, 1, {});
  ConflictKeys update;
  EXPECT_TRUE(unique().appendUpdate(rows, 0, update.list()));
  update.seal();
  EXPECT_TRUE(update.conflictsWith(keys(unique(), 1, 5)));
  EXPECT_FALSE(update.conflictsWith(keys(unique(), 2, 5)));
}

TEST_F(PartialUpdates, AValueThatWasNotTellsNothingOfTheOneBefore) {
  RowBatch rows(schema_);
  image(rows, 1, {});
  image(rows, {}, 6);
  ConflictKeys update;
  EXPECT_FALSE(unique().appendUpdate(rows, 0, update.list())) << "its old value in u may be anyone's next";
}

TEST_F(PartialUpdates, WhatTheImageAfterLeavesOutIsAsBefore) {
  RowBatch rows(schema_);
  image(rows, 1, 5);
  image(rows, 2, {});
  ConflictKeys update;
  EXPECT_TRUE(unique().appendUpdate(rows, 0, update.list()));
  update.seal();
  EXPECT_TRUE(update.conflictsWith(keys(unique(), 1, 9)));
  EXPECT_TRUE(update.conflictsWith(keys(unique(), 2, 9)));
  EXPECT_TRUE(update.conflictsWith(keys(unique(), 3, 5)));
  EXPECT_FALSE(update.conflictsWith(keys(unique(), 3, 9)));
}

TEST_F(PartialUpdates, WithoutTheRowsKeyTheyTouchEverything) {
  const std::vector<TargetKey> others{{"u", {{1, 0}}, true}};
  const ConflictTable table(1, *schema_, {"d", "t"}, true, {schema_->columns[0], schema_->columns[1]}, others,
                            TargetForeignKeys(), false);
  RowBatch rows(schema_);
  image(rows, 1, {});
  image(rows, 1, {});
  ConflictKeys update;
  EXPECT_FALSE(table.appendUpdate(rows, 0, update.list()));
}

TEST_F(PartialUpdates, ADeleteThatHasNotAllKeysTouchesEverything) {
  RowBatch rows(schema_);
  image(rows, 1, {});
  ConflictKeys remove;
  EXPECT_FALSE(unique().append(rows, 0, remove.list()));
}

}  // namespace
}  // namespace drs::mysql
