#include "job/plan_store.h"

#include "base/error.h"
#include "job/tasks_common.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

/// A plan in which every field has a value of its own, some of them bytes that JSON cannot hold.
StoredPlan richPlan() {
  auto table = std::make_shared<TableSchema>();
  table->name = {"sh\"op", "orders"};
  Column id;
  id.name = "id";
  id.kind = ColumnKind::integer;
  id.type = "bigint unsigned";
  id.dataType = "bigint";
  id.isUnsigned = true;
  id.nullable = false;
  Column note;
  note.name = "n\xc3\xb6te";
  note.kind = ColumnKind::enumerated;
  note.type = "enum('\xff','b')";
  note.dataType = "enum";
  note.charset = "latin1";
  note.collation = "latin1_bin";
  note.generated = note.onUpdateNow = note.isFloat = true;
  note.length = 77;
  note.fraction = 6;
  table->columns = {id, note};
  table->primaryKey = {0};
  table->indexes = {{"u1", true, false, "BTREE", {{1, 12}, {0, 0}}}};
  table->foreignKeys = {{"fk", {1}, "other", "parent", {"a", "b"}, "CASCADE", "SET NULL"}};
  table->engine = "InnoDB";
  table->collation = "utf8mb4_bin";
  table->createSql = "CREATE TABLE `x` (\n  `a` int)\x80";
  table->estimatedRows = 10;
  table->averageRowBytes = 20;
  table->dataBytes = 1ULL << 40U;
  TablePlan plan;
  plan.source = table;
  plan.target = {"copy", "orders_2"};
  plan.conflicts = ConflictPolicy::overwrite;
  plan.secondaryIndexes = plan.createTable = plan.truncates = false;
  plan.group = 3;
  return {{"mysql;gtid=x"}, {plan}, {{"shop", "latin1_bin"}}};
}

TEST(PlanStore, APlanComesBackAsItWas) {
  const StoredPlan plan = richPlan();
  const std::string text = encodePlan(plan);
  const StoredPlan back = decodePlan(text);
  EXPECT_EQ(encodePlan(back), text);
  EXPECT_EQ(back.start, plan.start);
  EXPECT_EQ(back.collations, plan.collations);
  ASSERT_EQ(back.plans.size(), 1U);
  const TablePlan& out = back.plans[0];
  EXPECT_EQ(out.target, plan.plans[0].target);
  EXPECT_EQ(out.conflicts, ConflictPolicy::overwrite);
  EXPECT_FALSE(out.createTable);
  EXPECT_FALSE(out.truncates);
  EXPECT_EQ(out.group, 3);
  const TableSchema& table = *out.source;
  EXPECT_EQ(table.name.database, "sh\"op");
  EXPECT_EQ(table.columns[1].type, "enum('\xff','b')");
  EXPECT_EQ(table.columns[1].kind, ColumnKind::enumerated);
  EXPECT_EQ(table.columns[1].length, 77U);
  EXPECT_TRUE(table.columns[1].onUpdateNow);
  EXPECT_EQ(table.indexes[0].parts[0].prefix, 12U);
  EXPECT_EQ(table.foreignKeys[0].onDelete, "SET NULL");
  EXPECT_EQ(table.createSql, richPlan().plans[0].source->createSql);
  EXPECT_EQ(table.dataBytes, 1ULL << 40U);
}

TEST(PlanStore, AChunkComesBackAsItWas) {
  Chunk chunk;
  chunk.number = 7;
  chunk.plans = {2, 5};
  chunk.exact = true;
  chunk.after = {"_latin1'\xe9'", "12"};
  chunk.upTo = {"'\\0'"};
  chunk.estimatedRows = 5;
  chunk.estimatedBytes = 6;
  const Chunk back = decodeChunk(encodeChunk(chunk));
  EXPECT_EQ(back.number, 7U);
  EXPECT_EQ(back.plans, chunk.plans);
  EXPECT_TRUE(back.exact);
  EXPECT_EQ(back.after, chunk.after);
  EXPECT_EQ(back.upTo, chunk.upTo);
  EXPECT_EQ(back.estimatedBytes, 6U);
  EXPECT_FALSE(back.largeRows);
  chunk.largeRows = true;
  EXPECT_TRUE(decodeChunk(encodeChunk(chunk)).largeRows);
  const auto list = decodeChunkList(encodeChunkList({chunk, chunk}));
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1].plans, chunk.plans);
  EXPECT_TRUE(list[1].exact);
}

TEST(PlanStore, DamageIsNoticed) {
  std::string outOfRange = encodePlan(richPlan());
  outOfRange.replace(outOfRange.find("\"primaryKey\":[0]"), 16, "\"primaryKey\":[9]");
  std::string unknownWord = encodePlan(richPlan());
  unknownWord.replace(unknownWord.find("overwrite"), 9, "sometimes");
  for (const std::string& text : {std::string("{"), std::string("{}"), outOfRange, unknownWord}) {
    try {
      (void)decodePlan(text);
      ADD_FAILURE() << "no error for " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.msg(), Msg::storeDamaged);
    }
  }
  EXPECT_THROW(
      (void)decodeChunk(R"({"number":1,"plans":[0],"exact":false,"after":["x:1"],"upTo":[],"rows":0,"bytes":0})"),
      Error);
}

TEST(SpeedLimit, WindowsBecomeHoursAndBytes) {
  JobSpec spec;
  EXPECT_TRUE(speedRulesOf(spec).empty());
  spec.speedLimit = {{"16:00", "15:59", "10"}, {"08:30", "11:59", "1"}};
  const auto rules = speedRulesOf(spec);
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].firstHour, 16);
  EXPECT_EQ(rules[0].lastHour, 15);
  EXPECT_EQ(rules[0].bytesPerSecond, 10'000'000U);
  EXPECT_EQ(rules[1].firstHour, 8);
  EXPECT_EQ(rules[1].lastHour, 11);
}

}  // namespace
}  // namespace drs
