#include "engine/mysql/key_range.h"

#include "engine/mysql/column_types.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

Column column(const std::string& name, const std::string& dataType, const std::string& type,
              const std::string& charset = {}) {
  ColumnText text;
  text.dataType = dataType;
  text.columnType = type;
  text.charset = charset;
  return makeColumn(name, text);
}

TableSchema table(std::vector<Column> columns, std::size_t keys) {
  TableSchema schema;
  schema.name = {"d", "t"};
  schema.columns = std::move(columns);
  for (std::size_t i = 0; i < keys; ++i) schema.primaryKey.push_back(i);
  return schema;
}

TEST(KeyRange, OneColumnIsComparedPlainly) {
  EXPECT_EQ(behindKey({"`a`"}, {"7"}), "(`a` > 7)");
  EXPECT_EQ(upToKey({"`a`"}, {"7"}), "(`a` <= 7)");
}

TEST(KeyRange, SeveralColumnsAreExpandedAndOnlyTheLastIncludesTheBound) {
  EXPECT_EQ(behindKey({"`a`", "`b`"}, {"1", "2"}), "(`a` > 1 OR (`a` = 1 AND `b` > 2))");
  EXPECT_EQ(upToKey({"`a`", "`b`", "`c`"}, {"1", "2", "3"}),
            "(`a` < 1 OR (`a` = 1 AND (`b` < 2 OR (`b` = 2 AND `c` <= 3))))");
}

TEST(KeyRange, OpenEndsLeaveTheirConditionOut) {
  const TableSchema schema = table({column("id", "int", "int")}, 1);
  EXPECT_EQ(rangeCondition(schema, {}, {}), "TRUE");
  EXPECT_EQ(rangeCondition(schema, {"1"}, {}), "(`id` > 1)");
  EXPECT_EQ(rangeCondition(schema, {}, {"9"}), "(`id` <= 9)");
  EXPECT_EQ(rangeCondition(schema, {"1"}, {"9"}), "(`id` > 1) AND (`id` <= 9)");
}

TEST(KeyRange, LiteralsKeepTheirValueAndCharset) {
  EXPECT_EQ(keyLiteral(column("c", "bigint", "bigint unsigned"), "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(keyLiteral(column("c", "decimal", "decimal(8,2) unsigned zerofill"), "000075.00"), "75.00");
  EXPECT_EQ(keyLiteral(column("c", "double", "double"), "0.1"), "0.1e0");
  EXPECT_EQ(keyLiteral(column("c", "double", "double"), "5e-324"), "5e-324");
  EXPECT_EQ(keyLiteral(column("c", "varchar", "varchar(9)", "latin1"), "q'\\\xE9"), "_latin1 X'71275ce9'");
  EXPECT_EQ(keyLiteral(column("c", "varbinary", "varbinary(9)"), std::string_view("\0'", 2)), "X'0027'");
  EXPECT_EQ(keyLiteral(column("c", "datetime", "datetime(3)"), "2024-02-29 01:02:03.004"), "'2024-02-29 01:02:03.004'");
}

TEST(KeyRange, OnlyKeysWhoseOrderTheServerKeepsAreCut) {
  EXPECT_TRUE(canCut(table({column("a", "int", "int"), column("b", "varchar", "varchar(9)", "utf8mb4")}, 2)));
  EXPECT_FALSE(canCut(table({column("a", "int", "int"), column("b", "enum", "enum('z','a')", "utf8mb4")}, 2)));
  EXPECT_FALSE(canCut(table({column("a", "int", "int")}, 0)));
  TableSchema prefixed = table({column("a", "varchar", "varchar(90)", "utf8mb4")}, 1);
  prefixed.createSql = "CREATE TABLE `t` (\n  `a` varchar(90) NOT NULL,\n  PRIMARY KEY (`a`(10))\n)";
  EXPECT_FALSE(canCut(prefixed));
  TableSchema computed = table({column("a", "int", "int")}, 1);
  computed.columns[0].generated = true;
  EXPECT_FALSE(canCut(computed)) << "its value is not read, so a divided chunk could not name it";
  prefixed.createSql = "CREATE TABLE `t` (\n  `a` varchar(90) NOT NULL,\n  PRIMARY KEY (`a`),\n  KEY `k` (`a`(10))\n)";
  EXPECT_TRUE(canCut(prefixed));
}

TEST(ColumnTypes, ReadsWhatInformationSchemaSays) {
  EXPECT_TRUE(column("c", "int", "int(6) unsigned zerofill").isUnsigned);
  EXPECT_TRUE(column("c", "bigint", "bigint unsigned").isUnsigned);
  EXPECT_TRUE(column("c", "year", "year(4)").isUnsigned);
  EXPECT_FALSE(column("c", "enum", "enum('unsigned','b')", "utf8mb4").isUnsigned);
  ColumnText text;
  text.dataType = "timestamp";
  text.columnType = "timestamp(3)";
  text.fraction = 3;
  text.extra = "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3)";
  const Column stamp = makeColumn("ts", text);
  EXPECT_FALSE(stamp.generated);
  EXPECT_TRUE(stamp.onUpdateNow);
  EXPECT_EQ(stamp.fraction, 3);
  text.extra = "VIRTUAL GENERATED";
  EXPECT_TRUE(makeColumn("v", text).generated);
}

TEST(ColumnTypes, NamesWhatItCannotCopy) {
  EXPECT_EQ(unsupportedType(column("c", "xmltype", "xmltype")), "the type xmltype is not supported yet");
  for (const char* type : {"int", "geometry", "geomcollection", "point", "uuid", "inet4", "inet6", "vector", "enum"})
    EXPECT_EQ(unsupportedType(column("c", type, type)), "");
}

TEST(ColumnTypes, KnowsWhichBytesHaveOneLength) {
  for (const char* type : {"binary", "uuid", "inet4", "inet6"}) EXPECT_TRUE(isFixedBytes(column("c", type, type)));
  for (const char* type : {"varbinary", "blob", "vector", "point"}) EXPECT_FALSE(isFixedBytes(column("c", type, type)));
  EXPECT_FALSE(isPrintedBytes(column("c", "binary", "binary(16)")));
}

TEST(RowKey, IsThePrimaryKeyOrTheFirstFirmUniqueKey) {
  TableSchema schema = table({column("a", "int", "int"), column("b", "int", "int"), column("c", "int", "int")}, 1);
  EXPECT_EQ(rowKey(schema), std::vector<std::size_t>{0});
  schema.primaryKey.clear();
  EXPECT_TRUE(rowKey(schema).empty());
  schema.columns[1].nullable = schema.columns[2].nullable = false;
  schema.indexes = {{"loose", true, false, "BTREE", {{0, 0}}},
                    {"prefix", true, false, "BTREE", {{1, 4}}},
                    {"hash", true, false, "HASH", {{1, 0}}},
                    {"plain", false, false, "BTREE", {{1, 0}}}};
  EXPECT_TRUE(rowKey(schema).empty());
  schema.indexes.push_back({"firm", true, false, "BTREE", {{2, 0}, {1, 0}}});
  EXPECT_EQ(rowKey(schema), (std::vector<std::size_t>{2, 1}));
  schema.columns[1].generated = true;
  EXPECT_TRUE(rowKey(schema).empty());
}

}  // namespace
}  // namespace drs::mysql
