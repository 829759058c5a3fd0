#include "engine/mysql/table_ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const ServerInfo kMySql{false, 90704, "9.7.4"};
const ServerInfo kMariaDb{true, 101119, "10.11.19-MariaDB"};
const ServerInfo kNewMariaDb{true, 110809, "11.8.9-MariaDB"};

Collations mysqlCollations() {
  return {{"utf8mb4_0900_ai_ci", "utf8mb4_0900_bin", "utf8mb4_general_ci", "utf8mb4_bin", "utf8mb3_general_ci",
           "latin1_swedish_ci"},
          kMySql};
}
Collations mariaDbCollations() {
  return {{"utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_nopad_bin", "utf8mb4_general_ci", "utf8mb4_bin",
           "utf8mb3_general_ci", "latin1_swedish_ci"},
          kMariaDb};
}

/// A table whose columns are named with their collation ("" for columns that are no text).
TableSchema schemaOf(const std::string& createSql, const std::vector<std::pair<std::string, std::string>>& columns) {
  TableSchema schema;
  schema.name = {"s", "t"};
  schema.createSql = createSql;
  schema.collation = "utf8mb4_general_ci";
  for (const auto& [name, collation] : columns) {
    Column column;
    column.name = name;
    column.collation = collation;
    column.kind = collation.empty() ? ColumnKind::integer : ColumnKind::text;
    schema.columns.push_back(column);
  }
  schema.primaryKey = {0};
  return schema;
}

std::string rewritten(const TableSchema& schema, const Collations& collations, bool allIndexes = false) {
  return rewriteTable(schema, {"d", "u"}, collations, allIndexes).createSql;
}

TEST(TableDdl, KeepsColumnsKeysDefaultsAndComments) {
  const auto schema = schemaOf(
      "CREATE TABLE `t` (\n  `id` int unsigned NOT NULL AUTO_INCREMENT COMMENT 'the, (key)',\n"
      "  `v` varchar(20) COLLATE utf8mb4_general_ci DEFAULT 'it''s \\\\ (x',\n"
      "  `n` decimal(10,2) NOT NULL DEFAULT '0.00',\n"
      "  PRIMARY KEY (`id`),\n  UNIQUE KEY `uv` (`v`(10)),\n  KEY `kn` (`n`,`v`) USING BTREE COMMENT 'c',\n"
      "  CONSTRAINT `f` FOREIGN KEY (`n`) REFERENCES `o` (`n`)\n"
      ") ENGINE=MyISAM AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='a table'",
      {{"id", ""}, {"v", "utf8mb4_general_ci"}, {"n", ""}});
  const TableDdl ddl = rewriteTable(schema, {"d", "u"}, mysqlCollations(), false);
  EXPECT_EQ(ddl.createSql,
            "CREATE TABLE `d`.`u` (\n  `id` int unsigned NOT NULL AUTO_INCREMENT COMMENT 'the, (key)',\n"
            "  `v` varchar(20) DEFAULT 'it''s \\\\ (x',\n"
            "  `n` decimal(10,2) NOT NULL DEFAULT '0.00',\n"
            "  PRIMARY KEY (`id`),\n  UNIQUE KEY `uv` (`v`(10))\n"
            ") ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='a table'");
  ASSERT_EQ(ddl.secondary.size(), 1U);
  EXPECT_EQ(ddl.secondary[0].sql, "KEY `kn` (`n`,`v`) USING BTREE COMMENT 'c'");
  EXPECT_EQ(ddl.secondary[0].columns, (std::vector<std::string>{"n", "v"}));
  EXPECT_EQ(ddl.autoIncrement, 42U);
}

TEST(TableDdl, LeavesSecondaryIndexesInWhenAsked) {
  const auto schema =
      schemaOf("CREATE TABLE `t` (`id` int NOT NULL, PRIMARY KEY (`id`), KEY `k` (`id`)) ENGINE=InnoDB", {{"id", ""}});
  EXPECT_THAT(rewritten(schema, mysqlCollations(), true), HasSubstr("KEY `k` (`id`)"));
  EXPECT_THAT(rewritten(schema, mysqlCollations(), false), Not(HasSubstr("KEY `k`")));
}

TEST(TableDdl, KeepsTheKeyThatAnAutoIncrementColumnNeeds) {
  const auto schema = schemaOf(
      "CREATE TABLE `t` (`id` int NOT NULL, `a` int NOT NULL AUTO_INCREMENT, PRIMARY KEY (`id`), KEY `k2` (`id`,`a`), "
      "KEY `k` (`a`)) ENGINE=InnoDB",
      {{"id", ""}, {"a", ""}});
  const TableDdl ddl = rewriteTable(schema, {"d", "u"}, mysqlCollations(), false);
  EXPECT_THAT(ddl.createSql, HasSubstr("KEY `k` (`a`)"));
  ASSERT_EQ(ddl.secondary.size(), 1U);
  EXPECT_EQ(ddl.secondary[0].name, "k2");
}

TEST(TableDdl, RefusesACoarserCollationInAUniqueKeyByName) {
  const auto schema = schemaOf("CREATE TABLE `t` (`id` varchar(9) NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB",
                               {{"id", "utf8mb4_0900_ai_ci"}});
  try {
    rewritten(schema, mariaDbCollations());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::definitionNotSupported);
    EXPECT_THAT(error.text(), HasSubstr("utf8mb4_0900_ai_ci"));
    EXPECT_THAT(error.text(), HasSubstr("column id"));
  }
}

TEST(TableDdl, TakesTheNearestCollationOutsideUniqueKeys) {
  const auto schema = schemaOf(
      "CREATE TABLE `t` (`id` int NOT NULL, `v` text COLLATE utf8mb4_0900_ai_ci, PRIMARY KEY (`id`)) ENGINE=InnoDB",
      {{"id", ""}, {"v", "utf8mb4_0900_ai_ci"}});
  EXPECT_THAT(rewritten(schema, mariaDbCollations()),
              HasSubstr("`v` text CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci"));
}

TEST(Collations, OfALanguageAreNearToThoseOfTheOtherFamily) {
  const Collations mysql({"utf8mb4_es_0900_ai_ci", "utf8mb4_de_pb_0900_as_cs"}, kMySql);
  const Collations mariaDb({"utf8mb4_uca1400_spanish_nopad_ai_ci", "utf8mb4_uca1400_german2_nopad_as_cs"}, kNewMariaDb);
  EXPECT_EQ(mariaDb.nearest("utf8mb4_es_0900_ai_ci"), "utf8mb4_uca1400_spanish_nopad_ai_ci");
  EXPECT_EQ(mariaDb.nearest("utf8mb4_de_pb_0900_as_cs"), "utf8mb4_uca1400_german2_nopad_as_cs");
  EXPECT_EQ(mariaDb.equal("utf8mb4_es_0900_ai_ci"), std::nullopt);
  EXPECT_EQ(mysql.nearest("utf8mb4_uca1400_spanish_nopad_ai_ci"), "utf8mb4_es_0900_ai_ci");
  EXPECT_EQ(mysql.nearest("utf8mb4_uca1400_spanish_ai_ci"), "utf8mb4_es_0900_ai_ci");
  EXPECT_EQ(mysql.nearest("utf8mb4_uca1400_german2_nopad_as_cs"), "utf8mb4_de_pb_0900_as_cs");
  EXPECT_EQ(mysql.equal("utf8mb4_uca1400_spanish_nopad_ai_ci"), std::nullopt);
}

TEST(TableDdl, TakesAnEqualCollationInUniqueKeys) {
  const auto schema = schemaOf("CREATE TABLE `t` (`id` varchar(9) NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB",
                               {{"id", "utf8mb4_0900_bin"}});
  EXPECT_THAT(rewritten(schema, mariaDbCollations()), HasSubstr("COLLATE utf8mb4_nopad_bin"));
}

TEST(TableDdl, SaysWhichCollationsItReplaced) {
  const auto schema =
      schemaOf("CREATE TABLE `t` (`id` int NOT NULL, `v` text, `w` text, PRIMARY KEY (`id`)) ENGINE=InnoDB",
               {{"id", ""}, {"v", "utf8mb4_0900_ai_ci"}, {"w", "utf8mb4_bin"}});
  EXPECT_THAT(rewriteTable(schema, {"d", "u"}, mariaDbCollations(), false).notes,
              ::testing::ElementsAre("the column v gets collation utf8mb4_uca1400_nopad_ai_ci for utf8mb4_0900_ai_ci"));
}

TEST(Collations, KeepsValuesApartOnlyWhereTheTargetIsNoCoarser) {
  EXPECT_TRUE(Collations::keepsApart("utf8mb4_general_ci", "utf8mb4_general_ci"));
  EXPECT_TRUE(Collations::keepsApart("utf8_general_ci", "utf8mb3_general_ci"));
  EXPECT_TRUE(Collations::keepsApart("utf8mb4_general_ci", "utf8mb4_bin"));
  EXPECT_TRUE(Collations::keepsApart("utf8mb4_0900_ai_ci", "utf8mb4_nopad_bin"));
  EXPECT_TRUE(Collations::keepsApart("utf8mb4_0900_bin", "utf8mb4_nopad_bin"));
  EXPECT_FALSE(Collations::keepsApart("utf8mb4_0900_ai_ci", "utf8mb4_bin")) << "'a' and 'a ' are one value there";
  EXPECT_FALSE(Collations::keepsApart("utf8mb4_0900_ai_ci", "utf8mb4_uca1400_nopad_ai_ci"));
  EXPECT_FALSE(Collations::keepsApart("utf8mb4_bin", "utf8mb4_general_ci"));
}

TEST(TableDdl, TranslatesClausesThatOnlyMySqlKnows) {
  const auto schema = schemaOf(
      "CREATE TABLE `t` (\n `id` int NOT NULL,\n `i` int DEFAULT NULL /*!80023 INVISIBLE */,\n"
      " `g` int GENERATED ALWAYS AS ((`id` + 1)) STORED NOT NULL,\n `u` int DEFAULT (floor(rand())),\n PRIMARY KEY "
      "(`id`),\n"
      " KEY `k` (`i`) /*!80000 INVISIBLE */,\n CONSTRAINT `c1` CHECK ((`i` > 0)) /*!80016 NOT ENFORCED */,\n "
      "CONSTRAINT `c2` CHECK ((`i` > 1))\n"
      ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 /*!80016 ENCRYPTION='N' */",
      {{"id", ""}, {"i", ""}, {"g", ""}, {"u", ""}});
  const std::string sql = rewritten(schema, mariaDbCollations(), true);
  EXPECT_THAT(sql, HasSubstr("`i` int DEFAULT NULL INVISIBLE,"));
  EXPECT_THAT(sql, HasSubstr("`g` int GENERATED ALWAYS AS ((`id` + 1)) STORED,"));
  EXPECT_THAT(sql, HasSubstr("`u` int DEFAULT (floor(rand()))"));
  EXPECT_THAT(sql, HasSubstr("KEY `k` (`i`) IGNORED"));
  EXPECT_THAT(sql, HasSubstr("CONSTRAINT `c2` CHECK ((`i` > 1))"));
  EXPECT_THAT(sql, Not(HasSubstr("c1")));
}

TEST(TableDdl, TranslatesClausesThatOnlyMariaDbKnows) {
  const auto schema = schemaOf(
      "CREATE TABLE `t` (\n `id` varchar(36) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL DEFAULT uuid(),\n"
      " `x` text DEFAULT 'abc',\n `ts` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),\n"
      " `j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`j`)),\n `b` bit(1) "
      "DEFAULT b'0',\n"
      " `n` int(11) DEFAULT -5,\n PRIMARY KEY (`id`),\n KEY `k` (`n`) IGNORED,\n CONSTRAINT `CONSTRAINT_1` CHECK (`n` "
      "> 0)\n"
      ") ENGINE=Aria DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci PAGE_CHECKSUM=1 `encrypted`=yes",
      {{"id", "latin1_swedish_ci"},
       {"x", "utf8mb4_general_ci"},
       {"ts", ""},
       {"j", "utf8mb4_bin"},
       {"b", ""},
       {"n", ""}});
  const std::string sql = rewritten(schema, mysqlCollations(), true);
  EXPECT_THAT(sql,
              HasSubstr("`id` varchar(36) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL DEFAULT (uuid()),"));
  EXPECT_THAT(sql, HasSubstr("`x` text DEFAULT ('abc'),"));
  EXPECT_THAT(sql, HasSubstr("`ts` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),"));
  EXPECT_THAT(
      sql, HasSubstr("`j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`j`)),"));
  EXPECT_THAT(sql, HasSubstr("`b` bit(1) DEFAULT b'0',"));
  EXPECT_THAT(sql, HasSubstr("`n` int(11) DEFAULT -5,"));
  EXPECT_THAT(sql, HasSubstr("KEY `k` (`n`) INVISIBLE"));
  EXPECT_THAT(sql, HasSubstr("\n  CHECK (`n` > 0)"));
  EXPECT_THAT(sql, Not(HasSubstr("encrypted")));
}

TEST(TableDdl, KeepsPartitions) {
  const auto mysql = schemaOf(
      "CREATE TABLE `t` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB\n/*!50100 PARTITION BY HASH "
      "(`id`)\nPARTITIONS 4 */",
      {{"id", ""}});
  EXPECT_THAT(rewritten(mysql, mariaDbCollations()), HasSubstr("PARTITION BY HASH (`id`)\nPARTITIONS 4"));
  const auto mariaDb = schemaOf(
      "CREATE TABLE `t` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=latin1\n PARTITION BY "
      "HASH (`id`)\nPARTITIONS 4",
      {{"id", ""}});
  EXPECT_THAT(rewritten(mariaDb, mysqlCollations()), HasSubstr("PARTITION BY HASH (`id`)\nPARTITIONS 4"));
}

TEST(TableDdl, RefusesWhatItDoesNotKnow) {
  for (const char* sql :
       {"CREATE TABLE `t` (`id` int NOT NULL FANCY, PRIMARY KEY (`id`)) ENGINE=InnoDB",
        "CREATE TABLE `t` (`id` int NOT NULL, PERIOD FOR SYSTEM_TIME (`a`,`b`)) ENGINE=InnoDB",
        "CREATE TABLE `t` (`id` int NOT NULL) ENGINE=InnoDB WITH SYSTEM VERSIONING",
        "CREATE TABLE `t` (`id` int DEFAULT 1 + 1) ENGINE=InnoDB", "CREATE TABLE `t` (`id` int COMMENT 'open",
        "CREATE TABLE `t` (`other` int) ENGINE=InnoDB", "CREATE TABLE `t` (`id` int /*!90000 NEW */) ENGINE=InnoDB",
        "CREATE TABLE `t` (`id` int, KEY `k` (`id`) FANCY) ENGINE=InnoDB", "", "CREATE TABLE `t` (",
        "CREATE TABLE `t` ("
        "`id`",
        "CREATE TABLE `t` (`id` int DEFAULT"}) {
    EXPECT_THROW(rewritten(schemaOf(sql, {{"id", ""}}), mysqlCollations()), Error) << sql;
  }
}

TEST(TableDdl, WritesForeignKeysToTheMappedTable) {
  TableSchema schema = schemaOf("", {{"id", ""}, {"p", ""}});
  const ForeignKey key{"fk", {1}, "s", "parent", {"pid"}, "RESTRICT", "CASCADE"};
  EXPECT_EQ(foreignKeySql(schema, key, {"d", "mapped"}),
            "CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `d`.`mapped` (`pid`) ON DELETE CASCADE");
}

TableSchema schemaWith(const std::string& dataType, const std::string& type) {
  TableSchema schema = schemaOf("CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `v` " + type +
                                    " DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB",
                                {{"id", ""}, {"v", ""}});
  schema.columns[1].dataType = dataType;
  return schema;
}

TEST(TableDdl, RefusesTypesThatTheTargetDoesNotHaveByName) {
  for (const char* type : {"uuid", "inet4", "inet6"}) {
    EXPECT_THAT(rewritten(schemaWith(type, type), mariaDbCollations()), HasSubstr(std::string("`v` ") + type));
    try {
      rewritten(schemaWith(type, type), mysqlCollations());
      FAIL();
    } catch (const Error& error) {
      EXPECT_THAT(error.text(), HasSubstr(std::string("column v: the type ") + type));
    }
  }
  EXPECT_THAT(rewritten(schemaWith("vector", "vector(3)"), mysqlCollations()), HasSubstr("`v` vector(3)"));
  EXPECT_THROW(rewritten(schemaWith("vector", "vector(3)"), mariaDbCollations()), Error);
}

TEST(TableDdl, CopiesVectorsBetweenTheFamiliesThatHaveThem) {
  const Collations newMariaDb({"utf8mb4_general_ci"}, kNewMariaDb);
  TableSchema schema = schemaOf(
      "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `v` vector(3) NOT NULL DEFAULT x'00',\n  PRIMARY KEY (`id`),\n"
      "  VECTOR KEY `near` (`v`) `M`='8' `DISTANCE`='cosine'\n) ENGINE=InnoDB",
      {{"id", ""}, {"v", ""}});
  schema.columns[1].dataType = "vector";
  EXPECT_THAT(rewritten(schema, newMariaDb, true),
              HasSubstr("`v` vector(3) NOT NULL DEFAULT x'00',\n  PRIMARY KEY (`id`),\n  VECTOR KEY `near` (`v`) "
                        "`M`='8' `DISTANCE`='cosine'"));
  const TableDdl ddl = rewriteTable(schema, {"d", "u"}, mysqlCollations(), true);
  EXPECT_THAT(ddl.createSql, HasSubstr("`v` vector(3) NOT NULL DEFAULT (x'00'),\n  PRIMARY KEY (`id`)\n)"));
  EXPECT_THAT(ddl.leftOut, ::testing::ElementsAre("the index near is a VECTOR index, which MySQL 9.7.4 does not have"));
}

std::string refusal(const std::string& createSql, const Collations& collations, bool generated = false) {
  TableSchema schema = schemaOf(createSql, {{"id", ""}, {"v", ""}});
  schema.columns[0].generated = generated;
  schema.columns[1].dataType = "vector";
  try {
    rewritten(schema, collations, true);
    return {};
  } catch (const Error& error) {
    return error.text();
  }
}

TEST(TableDdl, RefusesUniqueKeysThatTheTargetCannotHave) {
  const std::string head = "CREATE TABLE `t` (`id` int NOT NULL, `v` vector(3) NOT NULL, ";
  const Collations newMariaDb({"utf8mb4_general_ci"}, kNewMariaDb);
  EXPECT_THAT(refusal(head + "PRIMARY KEY (`v`))", mysqlCollations()), HasSubstr("the primary key over the VECTOR v"));
  EXPECT_THAT(refusal(head + "UNIQUE KEY `u` (`v`))", mysqlCollations()),
              HasSubstr("the index u is over the VECTOR v"));
  EXPECT_EQ(refusal(head + "UNIQUE KEY `u` (`v`))", newMariaDb), "");
  EXPECT_THAT(refusal(head + "UNIQUE KEY `u` ((`id` + 1)))", newMariaDb),
              HasSubstr("the index u is over an expression"));
  EXPECT_EQ(refusal(head + "UNIQUE KEY `u` (`id`,((`id` + 1)) DESC))", mysqlCollations()), "");
  EXPECT_THAT(refusal(head + "PRIMARY KEY (`id`))", newMariaDb, true), HasSubstr("the generated column id"));
  EXPECT_EQ(refusal(head + "PRIMARY KEY (`id`))", mysqlCollations(), true), "");
}

TEST(TableDdl, LeavesOutOtherIndexesThatTheTargetCannotHaveAndSaysSo) {
  const auto schema =
      schemaOf("CREATE TABLE `t` (`id` int NOT NULL, PRIMARY KEY (`id`), KEY `k` (((`id` + 1))))", {{"id", ""}});
  const TableDdl ddl = rewriteTable(schema, {"d", "u"}, mariaDbCollations(), true);
  EXPECT_THAT(ddl.createSql, Not(HasSubstr("`k`")));
  EXPECT_THAT(ddl.leftOut, ::testing::ElementsAre(HasSubstr("the index k is over an expression")));
}

TEST(TableDdl, TakesCollationsInUniqueExpressionsForThoseOfAKey) {
  TableSchema schema = schemaOf(
      "CREATE TABLE `t` (`id` int NOT NULL, `v` text COLLATE utf8mb4_0900_as_ci, UNIQUE KEY `u` ((lower(`v`))))",
      {{"id", ""}, {"v", "utf8mb4_0900_as_ci"}});
  schema.indexes = {{"u", true, false, "FUNCTIONAL", {}}};
  EXPECT_THROW(rewritten(schema, {{"utf8mb4_uca1400_nopad_as_ci", "utf8mb4_general_ci"}, kMySql}), Error);
}

TEST(TableDdl, LeavesTheCharsetToTheTableWhereTheSourceDoes) {
  const auto schema = schemaOf(
      "CREATE TABLE `t` (`id` int NOT NULL, `a` text COLLATE utf8mb4_general_ci, `b` text CHARACTER SET utf8mb4 "
      "COLLATE "
      "utf8mb4_general_ci, `c` text COLLATE utf8mb4_bin) ENGINE=InnoDB",
      {{"id", ""}, {"a", "utf8mb4_general_ci"}, {"b", "utf8mb4_general_ci"}, {"c", "utf8mb4_bin"}});
  EXPECT_THAT(rewritten(schema, mysqlCollations()),
              HasSubstr("`a` text,\n  `b` text CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,\n  `c` text CHARACTER "
                        "SET utf8mb4 COLLATE utf8mb4_bin\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 "
                        "COLLATE=utf8mb4_general_ci"));
}

TEST(TableDdl, SaysRestrictOnlyWhereTheSourceDoes) {
  TableSchema schema = schemaOf(
      "CREATE TABLE `t` (`id` int NOT NULL, `p` int, CONSTRAINT `a` FOREIGN KEY (`p`) REFERENCES `x` (`p`), CONSTRAINT "
      "`b` FOREIGN KEY (`p`) REFERENCES `x` (`p`) ON DELETE SET NULL ON UPDATE NO ACTION) ENGINE=InnoDB",
      {{"id", ""}, {"p", ""}});
  EXPECT_EQ(foreignKeySql(schema, {"a", {1}, "s", "x", {"p"}, "RESTRICT", "RESTRICT"}, {"d", "y"}),
            "CONSTRAINT `a` FOREIGN KEY (`p`) REFERENCES `d`.`y` (`p`)");
  EXPECT_EQ(foreignKeySql(schema, {"b", {1}, "s", "x", {"p"}, "NO ACTION", "SET NULL"}, {"d", "y"}),
            "CONSTRAINT `b` FOREIGN KEY (`p`) REFERENCES `d`.`y` (`p`) ON DELETE SET NULL ON UPDATE NO ACTION");
}

TEST(TableDdl, WritesGeometryForBothFamilies) {
  EXPECT_THAT(rewritten(schemaWith("geomcollection", "geomcollection"), mariaDbCollations()),
              HasSubstr("`v` geometrycollection DEFAULT NULL"));
  const TableSchema bound = schemaWith("point", "point /*!80003 SRID 4326 */");
  EXPECT_THAT(rewritten(bound, mysqlCollations()), HasSubstr("SRID 4326"));
  const TableDdl ddl = rewriteTable(bound, {"d", "u"}, mariaDbCollations(), false);
  EXPECT_THAT(ddl.createSql, Not(HasSubstr("SRID")));
  EXPECT_THAT(ddl.notes, ::testing::ElementsAre(HasSubstr("SRID")));
}

}  // namespace
}  // namespace drs::mysql
