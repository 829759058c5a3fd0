#include "engine/mysql/row_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

namespace drs::mysql {
namespace {

/// A table (id, u) with a primary key and a unique key; changes are named for the tests.
class RowOrderTest : public ::testing::Test {
 protected:
  RowOrderTest() {
    auto schema = std::make_shared<TableSchema>();
    schema->name = {"s", "t"};
    Column column;
    column.kind = ColumnKind::integer;
    column.name = "id";
    schema->columns = {column, column};
    schema->columns[1].name = "u";
    schema->primaryKey = {0};
    schema_ = schema;
    target_ = table(false);
  }

  std::unique_ptr<TargetTable> table(bool hasTriggers) const {
    auto out = std::make_unique<TargetTable>(TargetTable{SqlWriter(*schema_, {"d", "t"}), {}, {}, {}, {}, {}});
    out->uniqueKeys = {{"PRIMARY", {{0, 0}}, true}, {"u", {{1, 0}}, true}};
    const TargetColumns columns{schema_->columns[0], schema_->columns[1]};
    out->conflicts = ConflictTable(1, *schema_, {"d", "t"}, true, columns, out->uniqueKeys, {}, hasTriggers);
    return out;
  }

  void add(RowOp op, const std::vector<std::int64_t>& values) {
    auto change = std::make_unique<RowsChange>();
    change->op = op;
    change->rows = RowBatch(schema_);
    for (const std::int64_t value : values) change->rows.addSigned(value);
    changes_.push_back(std::move(change));
  }

  /// The changes as "i1 d2 …": kind and first value.
  std::string arranged() {
    order_.clear();
    for (const auto& change : changes_) order_.add(*change, *target_);
    std::string out;
    for (const RowOrder::Entry& entry : order_.arrange()) {
      if (!out.empty()) out += ' ';
      out += entry.change->op == RowOp::insert ? 'i' : entry.change->op == RowOp::update ? 'u' : 'd';
      out += std::to_string(entry.change->rows.cell(entry.row, 0).i);
    }
    changes_.clear();
    return out;
  }

  TableSchemaPtr schema_;
  std::unique_ptr<TargetTable> target_;
  std::vector<std::unique_ptr<RowsChange>> changes_;
  RowOrder order_;
};

TEST_F(RowOrderTest, IndependentRowsOfOneKindStandSideBySide) {
  add(RowOp::remove, {1, 10});
  add(RowOp::insert, {2, 20});
  add(RowOp::remove, {3, 30});
  add(RowOp::insert, {4, 40, 5, 50});
  EXPECT_EQ(arranged(), "i2 i4 i5 d1 d3");
}

TEST_F(RowOrderTest, ChangesOfOneRowKeepTheirOrder) {
  add(RowOp::remove, {1, 10});
  add(RowOp::insert, {1, 11});
  add(RowOp::remove, {2, 20});
  add(RowOp::insert, {2, 21});
  add(RowOp::update, {1, 11, 1, 12});
  EXPECT_EQ(arranged(), "d1 d2 i1 i2 u1");
}

TEST_F(RowOrderTest, AUniqueValueThatMovesKeepsItsOrder) {
  add(RowOp::remove, {1, 10});
  add(RowOp::insert, {2, 10});
  add(RowOp::insert, {3, 30});
  EXPECT_EQ(arranged(), "i3 d1 i2");
}

TEST_F(RowOrderTest, BothImagesOfAnUpdateCount) {
  add(RowOp::update, {1, 10, 5, 50});
  add(RowOp::insert, {1, 99});
  add(RowOp::insert, {7, 10});
  add(RowOp::remove, {5, 50});
  EXPECT_EQ(arranged(), "u1 i1 i7 d5");
}

TEST_F(RowOrderTest, WhatTouchesEverythingKeepsAllInOrder) {
  target_ = table(true);
  add(RowOp::insert, {1, 10});
  add(RowOp::remove, {2, 20});
  add(RowOp::insert, {3, 30});
  EXPECT_EQ(arranged(), "i1 d2 i3");
}

TEST_F(RowOrderTest, WhatWasBeforeDoesNotMatterForTheNextBatch) {
  add(RowOp::remove, {1, 10});
  EXPECT_EQ(arranged(), "d1");
  add(RowOp::insert, {1, 10});
  add(RowOp::insert, {2, 20});
  EXPECT_EQ(arranged(), "i1 i2");
}

/// Random batches, large enough for the table of hashes to grow: of two rows that share a value the first one in the
/// source's order comes first.
TEST_F(RowOrderTest, NeverTurnsRowsRoundThatShareAValue) {
  std::mt19937_64 random(7);
  const auto upTo = [&](std::int64_t bound) {
    return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random);
  };
  for (int round = 0; round < 30; ++round) {
    const std::int64_t keys = 3 + upTo(4000);
    for (int i = 0; i < 3000; ++i) {
      if (upTo(3) == 0)
        add(RowOp::update, {upTo(keys), upTo(keys), upTo(keys), upTo(keys)});
      else
        add(upTo(2) == 0 ? RowOp::insert : RowOp::remove, {upTo(keys), upTo(keys)});
    }
    order_.clear();
    for (const auto& change : changes_) order_.add(*change, *target_);
    std::map<std::pair<std::size_t, std::int64_t>, std::uint32_t> last;
    for (const RowOrder::Entry& entry : order_.arrange()) {
      for (std::size_t row = 0; row < entry.change->rows.rows(); ++row) {
        for (std::size_t column = 0; column < 2; ++column) {
          std::uint32_t& before = last[{column, entry.change->rows.cell(row, column).i}];
          ASSERT_LE(before, entry.index);
          before = entry.index;
        }
      }
    }
    changes_.clear();
  }
}

}  // namespace
}  // namespace drs::mysql
