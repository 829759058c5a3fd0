#include "engine/mysql/update_merge.h"

#include "engine/mysql/applier_target.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

Column column(const std::string& name, ColumnKind kind, const std::string& dataType) {
  Column column;
  column.name = name;
  column.kind = kind;
  column.dataType = dataType;
  return column;
}

/// id INT, u INT UNIQUE, v INT, d DOUBLE, e ENUM, j JSON, g generated.
class UpdateMerges : public ::testing::Test {
 protected:
  UpdateMerges() {
    auto schema = std::make_shared<TableSchema>();
    schema->name = {"d", "t"};
    schema->columns = {column("id", ColumnKind::integer, "int"),    column("u", ColumnKind::integer, "int"),
                       column("v", ColumnKind::integer, "int"),     column("d", ColumnKind::real, "double"),
                       column("e", ColumnKind::enumerated, "enum"), column("j", ColumnKind::json, "json"),
                       column("g", ColumnKind::integer, "int")};
    schema->columns[6].generated = true;
    schema->primaryKey = {0};
    schema_ = schema;
    rows_ = RowBatch(schema_);
  }
  UpdateMerge merge(bool triggers = false) const { return {*schema_, index_, keys_, triggers}; }
  void row(std::int64_t id, std::int64_t u, std::int64_t v, double d, std::uint64_t e, const char* json) {
    rows_.addSigned(id);
    rows_.addSigned(u);
    rows_.addSigned(v);
    rows_.addReal(d);
    rows_.addUnsigned(e);
    rows_.addText(json);
    rows_.addAbsent();
  }

  TableSchemaPtr schema_;
  std::string index_ = "`PRIMARY`";
  std::vector<TargetKey> keys_ = {{"PRIMARY", {{0, 0}}, true}, {"u", {{1, 0}}, true}};
  RowBatch rows_;
};

TEST_F(UpdateMerges, TheShapeIsWhatChanges) {
  row(1, 1, 1, 1.0, 1, "1");
  row(1, 1, 2, 1.0, 1, "1");   // v
  row(1, 1, 2, 2.0, 2, "1");   // d, e
  row(1, 2, 2, 2.0, 2, "1");   // a unique column
  row(1, 2, 2, 2.0, 2, "2");   // a column whose literals differ in type
  row(1, 2, 2, -0.0, 2, "2");  // a literal that differs from its column's others
  row(1, 2, 2, 0.0, 0, "2");   // an ENUM's error value
  row(2, 2, 2, 0.0, 0, "2");   // the key
  const UpdateMerge merge = this->merge();
  EXPECT_EQ(merge.shapeOf(rows_, 0, 0), 0U);
  EXPECT_EQ(merge.shapeOf(rows_, 0, 1), 0b100U);
  EXPECT_EQ(merge.shapeOf(rows_, 1, 2), 0b11000U);
  for (std::size_t before = 2; before < 7; ++before) EXPECT_EQ(merge.shapeOf(rows_, before, before + 1), 0U) << before;
}

TEST_F(UpdateMerges, TablesWhereRowsMayTroubleEachOtherHaveNone) {
  row(1, 1, 1, 1.0, 1, "1");
  row(1, 1, 2, 1.0, 1, "1");
  EXPECT_EQ(merge(true).shapeOf(rows_, 0, 1), 0U);
  keys_.push_back({"expression", {}, false});
  EXPECT_EQ(merge().shapeOf(rows_, 0, 1), 0U);
  keys_.pop_back();
  EXPECT_NE(merge().shapeOf(rows_, 0, 1), 0U);
  index_.clear();  // the target has no key of its own on it
  EXPECT_EQ(merge().shapeOf(rows_, 0, 1), 0U);
}

TEST_F(UpdateMerges, LongValuesGoAlone) {
  auto schema = std::make_shared<TableSchema>(*schema_);
  schema->columns.resize(2);
  schema->columns[1] = column("t", ColumnKind::text, "text");
  keys_.resize(1);
  RowBatch rows(schema);
  for (const std::size_t length : {0U, 1000U, 2000U}) {
    rows.addSigned(1);
    rows.addText(std::string(length, 'x'));
  }
  const UpdateMerge merge(*schema, index_, keys_, false);
  EXPECT_EQ(merge.shapeOf(rows, 0, 1), 0b10U);
  EXPECT_EQ(merge.shapeOf(rows, 1, 2), 0U);
}

TEST_F(UpdateMerges, OneStatementSetsEachRowToItsOwn) {
  row(1, 1, 1, 1.0, 1, "1");
  row(1, 1, 2, 3.0, 1, "1");
  row(7, 2, 1, 1.0, 1, "1");
  row(7, 2, 5, 4.0, 1, "1");
  const SqlWriter writer(*schema_, {"d", "t"});
  const UpdateMerge merge = this->merge();
  const std::vector<std::size_t> clocks = {2, 4, 6};
  MergedUpdate update;
  update.begin(writer, merge, merge.shapeOf(rows_, 0, 1), clocks);
  update.add(rows_, 0, 1);
  update.add(rows_, 2, 3);
  std::string sql;
  update.finish(sql);
  EXPECT_EQ(
      sql,
      "UPDATE `d`.`t` FORCE INDEX (`PRIMARY`) SET `v`=CASE `id` WHEN 1 THEN 2 WHEN 7 THEN 5 END,`d`=CASE `id` WHEN 1 "
      "THEN 3e+00 WHEN 7 THEN 4e+00 END,`e`=`e` WHERE `id` IN (1,7)");
  EXPECT_LE(sql.size(), update.bytes());
}

}  // namespace
}  // namespace drs::mysql
