#include "engine/mysql/definition_text.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

TEST(DefinitionText, aDefaultIsTakenAsALiteralOnly) {
  TableSchema schema;
  schema.name = {"d", "t"};
  schema.createSql = R"(CREATE TABLE `t` (
  `id` int NOT NULL AUTO_INCREMENT,
  `five` int DEFAULT '5',
  `minus` int(11) DEFAULT -5,
  `text` varchar(40) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s, DEFAULT 7',
  `bits` bit(3) DEFAULT b'101' COMMENT 'x',
  `made` varchar(40) DEFAULT (uuid()),
  `called` varchar(40) DEFAULT uuid(),
  `now` datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  `sum` int(11) DEFAULT (1 + 2),
  `kind` enum('a','DEFAULT') NOT NULL DEFAULT 'a',
  `none` int NOT NULL,
  `null` text,
  `g` int GENERATED ALWAYS AS (coalesce(`five`, 3)) STORED,
  PRIMARY KEY (`id`)
))";
  const auto of = [&](const char* name, bool nullable = true, bool generated = false) {
    Column column;
    column.name = name;
    column.nullable = nullable;
    column.generated = generated;
    return defaultLiteral(schema, column).value_or("(none)");
  };
  EXPECT_EQ(of("id", false), "(none)");
  EXPECT_EQ(of("five"), "'5'");
  EXPECT_EQ(of("minus"), "-5");
  EXPECT_EQ(of("text", false), "'it''s, DEFAULT 7'");
  EXPECT_EQ(of("bits"), "b'101'");
  EXPECT_EQ(of("made"), "(none)");
  EXPECT_EQ(of("called"), "(none)");
  EXPECT_EQ(of("now"), "(none)");
  EXPECT_EQ(of("sum"), "(none)");
  EXPECT_EQ(of("kind", false), "'a'");
  EXPECT_EQ(of("none", false), "(none)");
  EXPECT_EQ(of("null"), "NULL");
  EXPECT_EQ(of("g", true, true), "(none)");
  EXPECT_EQ(of("not_there"), "(none)");
}

}  // namespace
}  // namespace drs::mysql
