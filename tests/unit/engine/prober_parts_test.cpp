#include "engine/mysql/catalog.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/compare_columns.h"
#include "engine/mysql/definition_diff.h"
#include "engine/mysql/grants.h"
#include "engine/mysql/table_splitter.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

TEST(Grants, ReadsScopesAndRights) {
  Grants grants;
  grants.addLine("GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `drs`@`%` IDENTIFIED BY PASSWORD '*1'");
  grants.addLine("GRANT SELECT, INSERT (`a`,`b`), LOCK TABLES ON `sh\\_op`.* TO `drs`@`%`");
  grants.addLine("GRANT ALL PRIVILEGES ON `t%`.* TO `drs`@`%` WITH GRANT OPTION");
  grants.addLine("GRANT UPDATE ON `one`.`table` TO `drs`@`%`");
  grants.addLine("GRANT `role`@`%` TO `drs`@`%`");
  EXPECT_TRUE(grants.onServer("REPLICATION SLAVE"));
  EXPECT_FALSE(grants.onServer("SELECT"));
  EXPECT_TRUE(grants.onDatabase("SELECT", "sh_op"));
  EXPECT_FALSE(grants.onDatabase("SELECT", "shXop"));
  EXPECT_FALSE(grants.onDatabase("INSERT", "sh_op"));
  EXPECT_TRUE(grants.onDatabase("LOCK TABLES", "sh_op"));
  EXPECT_TRUE(grants.onDatabase("DROP", "trade"));
  EXPECT_FALSE(grants.onDatabase("UPDATE", "one"));
}

TEST(Grants, MatchesPatterns) {
  EXPECT_TRUE(likeMatches("a%c", "abbc"));
  EXPECT_TRUE(likeMatches("%", ""));
  EXPECT_TRUE(likeMatches("a\\%", "a%"));
  EXPECT_FALSE(likeMatches("a\\%", "ab"));
  EXPECT_TRUE(likeMatches("%b%d", "abcbd"));
  EXPECT_FALSE(likeMatches("a_", "a"));
}

Column column(const std::string& name, const std::string& dataType, const std::string& type,
              const std::string& charset = {}, const std::string& collation = {}) {
  ColumnText text;
  text.dataType = dataType;
  text.columnType = type;
  text.charset = charset;
  text.collation = collation;
  return makeColumn(name, text);
}

TableSchema table(std::vector<Column> columns) {
  TableSchema schema;
  schema.name = {"d", "t"};
  schema.engine = "InnoDB";
  schema.columns = std::move(columns);
  schema.primaryKey = {0};
  return schema;
}

const Collations kCollations({"utf8mb4_bin", "latin1_swedish_ci", "utf8mb3_general_ci"}, ServerInfo{});

TEST(DefinitionDifference, OverlooksSpelling) {
  const TableSchema a =
      table({column("id", "int", "int(11) unsigned"), column("y", "year", "year(4)"),
             column("u", "varchar", "varchar(9)", "utf8", "utf8_general_ci"), column("j", "json", "json")});
  const TableSchema b = table({column("ID", "int", "int unsigned"), column("y", "year", "year"),
                               column("u", "varchar", "varchar(9)", "utf8mb3", "utf8mb3_general_ci"),
                               column("j", "longtext", "longtext", "utf8mb4", "utf8mb4_bin")});
  EXPECT_EQ(definitionDifference(a, b, kCollations), "");
}

TEST(DefinitionDifference, NamesTheFirst) {
  const TableSchema a = table({column("id", "int", "int"), column("d", "decimal", "decimal(8,2)")});
  EXPECT_EQ(definitionDifference(a, table({column("id", "int", "int")}), kCollations), "the target has no column d");
  EXPECT_EQ(
      definitionDifference(a, table({column("id", "int", "int"), column("d", "decimal", "decimal(8,3)")}), kCollations),
      "column d is decimal(8,2) at the source and decimal(8,3) at the target");
  TableSchema b = a;
  b.indexes.push_back({"u", true, false, "BTREE", {{1, 0}}});
  EXPECT_EQ(definitionDifference(a, b, kCollations), "the unique keys differ");
  b = a;
  b.primaryKey = {1};
  EXPECT_EQ(definitionDifference(a, b, kCollations), "the primary keys differ");
  b = a;
  b.engine = "MyISAM";
  EXPECT_NE(definitionDifference(a, b, kCollations), "");
}

TEST(DefinitionDifference, KnowsWhatChangesRows) {
  const auto grave = [](const TableSchema& a, const TableSchema& b) {
    return definitionDifference(a, b, kCollations, Differences::grave);
  };
  const Column id = column("id", "int", "int");
  const TableSchema a = table({id, column("c", "varchar", "varchar(9)", "cp1251", "cp1251_general_ci")});
  EXPECT_EQ(grave(a, table({id, column("c", "varchar", "varchar(9)", "cp1250", "cp1250_general_ci")})),
            "column c has character set cp1251 at the source and cp1250 at the target");
  EXPECT_NE(grave(a, table({id, column("c", "varchar", "varchar(8)", "cp1251", "cp1251_general_ci")})), "");
  EXPECT_NE(grave(table({id}), table({column("id", "int", "int unsigned")})), "");
  EXPECT_NE(grave(a, table({id})), "");
  TableSchema b = a;
  b.columns[1].collation = "cp1251_bin";
  EXPECT_EQ(grave(a, b), "") << "outside of every key";
  b.columns[1].nullable = false;
  b.columns.push_back(column("more", "int", "int"));
  EXPECT_EQ(grave(a, b), "");
  EXPECT_NE(definitionDifference(a, b, kCollations), "");
  b = a;
  b.columns[1].collation = "cp1251_bulgarian_ci";
  EXPECT_EQ(grave(a, b), "");
  TableSchema keyed = a;
  keyed.indexes.push_back({"u", true, false, "BTREE", {{1, 0}}});
  b.indexes = keyed.indexes;
  EXPECT_NE(grave(keyed, b), "") << "the key may take two values of the source for one";
  EXPECT_EQ(grave(keyed, a), "the unique keys differ");
}

/// A table with one foreign key from (p, q) to (x, y) of `parent`.
TableSchema child(const TableName& parent, const std::string& onDelete, const std::string& onUpdate = "NO ACTION") {
  TableSchema schema = table({column("id", "int", "int"), column("p", "int", "int"), column("q", "int", "int")});
  schema.foreignKeys.push_back({"fk", {1, 2}, parent.database, parent.table, {"x", "y"}, onUpdate, onDelete});
  return schema;
}

std::string actionsDiffer(const TableSchema& source, const TableSchema& target) {
  return foreignKeyDifference(source, target, [](const TableName& name) { return TableName{"copy", name.table}; });
}

TEST(ForeignKeyDifference, ComparesWhatActsUnderMappedNames) {
  const TableSchema source = child({"d", "parent"}, "CASCADE");
  TableSchema same = child({"copy", "parent"}, "cascade", "RESTRICT");
  same.foreignKeys[0].name = "other";
  EXPECT_EQ(actionsDiffer(source, same), "");
  std::swap(same.foreignKeys[0].columns[0], same.foreignKeys[0].columns[1]);
  EXPECT_NE(actionsDiffer(source, same), "") << "p now goes with y";
  std::swap(same.foreignKeys[0].referencedColumns[0], same.foreignKeys[0].referencedColumns[1]);
  EXPECT_EQ(actionsDiffer(source, same), "") << "the order of the pairs means nothing";
  EXPECT_NE(actionsDiffer(source, child({"d", "parent"}, "CASCADE")), "") << "the parent is another table";
  EXPECT_NE(actionsDiffer(source, child({"copy", "parent"}, "SET NULL")), "");
  EXPECT_NE(actionsDiffer(source, child({"copy", "parent"}, "CASCADE", "CASCADE")), "");
}

TEST(ForeignKeyDifference, NamesTheSideThatLacksTheKey) {
  const TableSchema none = table({column("id", "int", "int"), column("p", "int", "int"), column("q", "int", "int")});
  EXPECT_EQ(actionsDiffer(child({"d", "parent"}, "CASCADE"), none),
            "the target has no foreign key (p,q) to copy.parent (x,y) ON DELETE CASCADE");
  EXPECT_EQ(actionsDiffer(none, child({"copy", "parent"}, "NO ACTION", "SET NULL")),
            "the source has no foreign key (p,q) to copy.parent (x,y) ON UPDATE SET NULL");
  EXPECT_EQ(actionsDiffer(child({"d", "parent"}, "RESTRICT"), none), "") << "changes no rows by itself";
  EXPECT_EQ(actionsDiffer(none, child({"copy", "parent"}, "NO ACTION")), "");
}

std::string differ(const TableSchema& source, const TableSchema& target) {
  return definitionDifference(source, target, kCollations, Differences::grave);
}

TEST(DefinitionDifference, HoldsUniqueKeysOverExpressionsByTheirText) {
  const auto madeOf = [](const std::string& expression) {
    TableSchema schema = table({column("id", "int", "int"), column("a", "varchar", "varchar(9)", "latin1")});
    schema.createSql = "CREATE TABLE `t` (`id` int NOT NULL, `a` varchar(9), PRIMARY KEY (`id`), UNIQUE KEY `u` (" +
                       expression + ")) ENGINE=InnoDB";
    schema.indexes = {{"u", true, false, kFunctionalIndex, {}}};
    return schema;
  };
  EXPECT_EQ(differ(madeOf("(lower(`a`))"), madeOf("(lower(`a`))")), "");
  EXPECT_EQ(differ(madeOf("(lower(`a`))"), madeOf("(upper(`a`))")), "the unique keys differ");
  EXPECT_EQ(differ(madeOf("(lower(`a`))"),
                   table({column("id", "int", "int"), column("a", "varchar", "varchar(9)", "latin1")})),
            "the unique keys differ");
}

TEST(DefinitionDifference, HoldsWhatAGeneratedKeyIsMadeOf) {
  const auto madeOf = [](const std::string& expression) {
    TableSchema schema = table({column("id", "int", "int"), column("a", "int", "int")});
    schema.columns[0].generated = true;
    schema.createSql = "CREATE TABLE `t` (`id` int GENERATED ALWAYS AS " + expression +
                       " STORED NOT NULL, `a` int, PRIMARY KEY (`id`)) ENGINE=InnoDB";
    return schema;
  };
  EXPECT_EQ(differ(madeOf("((`a` * 2))"), madeOf("((`a` * 2))")), "");
  EXPECT_EQ(differ(madeOf("((`a` * 2))"), madeOf("((`a` * 3))")),
            "column id is ((`a` * 2)) at the source and ((`a` * 3)) at the target");
}

TEST(Splitter, SizesChunksByStatistics) {
  TableSchema schema = table({column("id", "int", "int")});
  schema.averageRowBytes = 1000;
  EXPECT_EQ(rowsPerChunk(schema, 16U << 20U), 16777U);
  schema.averageRowBytes = 100U << 20U;
  EXPECT_EQ(rowsPerChunk(schema, 16U << 20U), 1U);
  schema.averageRowBytes = 1;
  EXPECT_EQ(rowsPerChunk(schema, 16U << 20U), 200000U);
  EXPECT_EQ(cannotCopy(schema), "");
  schema.columns[0].generated = true;
  EXPECT_EQ(cannotCopy(schema), "");
  schema.columns[0].generated = false;
  schema.primaryKey.clear();
  EXPECT_EQ(cannotCopy(schema), "");
  schema.columns.push_back(column("x", "xmltype", "xmltype"));
  EXPECT_EQ(cannotCopy(schema), "column x: the type xmltype is not supported yet");
}

std::string comparable(ValueForm form, Field field) {
  std::string out;
  appendComparable(out, form, field);
  return out;
}

TEST(Comparable, EqualValuesGiveEqualBytes) {
  EXPECT_EQ(comparable(ValueForm::number, "007.50"), comparable(ValueForm::number, "7.50"));
  EXPECT_NE(comparable(ValueForm::number, "-7"), comparable(ValueForm::number, "7"));
  EXPECT_EQ(comparable(ValueForm::real, "1e2"), comparable(ValueForm::real, "100"));
  EXPECT_NE(comparable(ValueForm::real, "-0"), comparable(ValueForm::real, "0"));
  EXPECT_EQ(comparable(ValueForm::positive, "-0"), comparable(ValueForm::positive, "0"));
  EXPECT_NE(comparable(ValueForm::raw, Field()), comparable(ValueForm::raw, ""));
  EXPECT_NE(comparable(ValueForm::raw, "a") + comparable(ValueForm::raw, "bc"),
            comparable(ValueForm::raw, "ab") + comparable(ValueForm::raw, "c"));
}

TEST(Comparable, JsonIsComparedByValue) {
  EXPECT_EQ(comparableJson(R"({"b": 1, "a": [1, 2.0]})"), comparableJson(R"({"a":[1,2],"b":1.0})"));
  EXPECT_NE(comparableJson(R"({"a": 1})"), comparableJson(R"({"a": "1"})"));
  EXPECT_NE(comparableJson("1.5"), comparableJson("1"));
  EXPECT_EQ(comparableJson("no json"), "no json");
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(comparableJson(deep), deep);
}

TEST(Comparable, KeysAreShownToPeople) {
  EXPECT_EQ(printableKey("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(printableKey(std::string_view("\x00\xFF", 2)), "0x00ff");
}

}  // namespace
}  // namespace drs::mysql
