#include "transform/condition/condition.h"

#include "base/error.h"
#include "transform/condition/parser.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace drs::condition {
namespace {

Column column(std::string name, ColumnKind kind, std::string type) {
  Column out;
  out.name = std::move(name);
  out.kind = kind;
  out.dataType = type.substr(0, type.find_first_of("( "));
  out.isUnsigned = type.find("unsigned") != std::string::npos;
  out.type = std::move(type);
  return out;
}

Column text(std::string name, std::string collation) {
  Column out = column(std::move(name), ColumnKind::text, "varchar(40)");
  out.charset = collation.substr(0, collation.find('_'));
  out.collation = std::move(collation);
  return out;
}

/// One row: i = 5, u = 1 unsigned, d = 1.50, v = "abc" (general_ci), w = "é" (general_ci), day = a zero date, n = NULL,
/// g generated.
class ConditionTest : public ::testing::Test {
 protected:
  ConditionTest() {
    auto table = std::make_shared<TableSchema>();
    table->columns = {column("i", ColumnKind::integer, "int"),
                      column("u", ColumnKind::integer, "bigint unsigned"),
                      column("d", ColumnKind::decimal, "decimal(10,2)"),
                      text("v", "utf8mb4_general_ci"),
                      text("w", "utf8mb4_general_ci"),
                      column("day", ColumnKind::temporal, "date"),
                      column("n", ColumnKind::integer, "int"),
                      column("g", ColumnKind::integer, "int")};
    table->columns[5].nullable = false;
    table->columns[7].generated = true;
    rows = RowBatch(table);
    rows.addSigned(5);
    rows.addUnsigned(1);
    rows.addNumber("1.50");
    rows.addText("abc");
    rows.addText("é");
    rows.addText("0000-00-00");
    rows.addNull();
    rows.addAbsent();
  }

  Verdict of(std::string_view condition) {
    return Condition::compile(condition, rows.schema(), {"utf8mb4_general_ci"}).judge(rows, 0, scope);
  }
  std::string refusal(std::string_view condition) {
    try {
      static_cast<void>(of(condition));
    } catch (const Error& error) {
      return error.text();
    }
    return {};
  }

  RowBatch rows;
  Scope scope;
};

TEST_F(ConditionTest, ThreeValuedLogic) {
  EXPECT_EQ(of("n = 1"), Verdict::unknown);
  EXPECT_EQ(of("n = 1 AND i = 4"), Verdict::no);
  EXPECT_EQ(of("n = 1 OR i = 5"), Verdict::yes);
  EXPECT_EQ(of("i = 5 AND d = 1.5"), Verdict::yes);
  EXPECT_EQ(of("i = 4 OR u = 1"), Verdict::yes);
  EXPECT_EQ(of("n <=> NULL"), Verdict::yes);
  EXPECT_EQ(of("i NOT IN (1, NULL)"), Verdict::unknown);
  EXPECT_EQ(of("NOT (n IS NULL)"), Verdict::no);
}

TEST_F(ConditionTest, TextsAreComparedByTheColumnsCollationWhereItIsKnown) {
  EXPECT_EQ(of("v = 'ABC  '"), Verdict::yes);
  EXPECT_EQ(of("v LIKE 'A_c'"), Verdict::yes);
  EXPECT_EQ(of("v COLLATE utf8mb4_bin = 'ABC'"), Verdict::no);
  EXPECT_EQ(of("w = 'e'"), Verdict::askServer);
  EXPECT_EQ(of("w = 'é'"), Verdict::yes);
  EXPECT_EQ(of("i = 4 AND w = 'e'"), Verdict::no);
}

TEST_F(ConditionTest, NumbersAreExactOrAnError) {
  EXPECT_EQ(of("d * 3 = 4.5"), Verdict::yes);
  EXPECT_EQ(of("u - 2 > 0"), Verdict::error);
  EXPECT_EQ(of("9223372036854775807 + i > 0"), Verdict::error);
  EXPECT_EQ(of("i / 2 = 2.5"), Verdict::yes);
  EXPECT_EQ(of("i / 3 > 1"), Verdict::askServer);
  EXPECT_EQ(of("i / 0 IS NULL"), Verdict::yes);
  EXPECT_EQ(of("v = 0"), Verdict::yes);
}

TEST_F(ConditionTest, WhatIsNotProvablyExactIsTheServers) {
  EXPECT_EQ(of("v REGEXP 'a'"), Verdict::askServer);
  EXPECT_EQ(of("day < NOW()"), Verdict::askServer);
  EXPECT_EQ(of("MONTH(day) = 0"), Verdict::askServer);
  EXPECT_EQ(of("day = '2024-1-1'"), Verdict::askServer);
  EXPECT_EQ(of("day < '2024-01-01'"), Verdict::yes);
}

TEST_F(ConditionTest, WhereTheServersDifferTheyAreAsked) {
  EXPECT_EQ(of("LOCATE('', v, 4) = 4"), Verdict::askServer);
  EXPECT_EQ(of("CASE u WHEN -1 THEN 1 ELSE 0 END"), Verdict::askServer);
  EXPECT_EQ(of("CASE u WHEN 1 THEN 1 ELSE 0 END"), Verdict::yes);
  EXPECT_EQ(of("FIELD(u, -1)"), Verdict::askServer);
  EXPECT_EQ(of("ELT(4294967297, v, 'x') = 'abc'"), Verdict::askServer);
  EXPECT_EQ(of("STRCMP(day, v) = 1"), Verdict::askServer);
  EXPECT_EQ(of("i - CAST(9223372036854775808 AS SIGNED) > 0"), Verdict::askServer);
  EXPECT_EQ(of("(u - 2) IS NULL"), Verdict::askServer);
}

TEST_F(ConditionTest, WhatCouldLeaveItsParenthesesIsRefused) {
  for (const char* text :
       {"1) OR (1", "i = 1; DROP TABLE t", "i = 1 -- x", "i = 1 #", "i /* */ = 1", "'a", "i = 1)", "", "i = @x",
        "(SELECT 1)", "i IN (SELECT 1)", "EXISTS(SELECT 1)", "i = ?", "i = 0x41", "i ="})
    EXPECT_NE(refusal(text), "") << text;
}

TEST_F(ConditionTest, RefusalsNameTheCauseAndThePlace) {
  EXPECT_EQ(refusal("i = 1 AND zz = 2"), "filter_conditions: there is no column zz in the table (at byte 11)");
  EXPECT_NE(refusal("g = 1").find("generated"), std::string::npos);
  EXPECT_NE(refusal("RAND() < 1").find("RAND"), std::string::npos);
  EXPECT_NE(refusal("shop.my_function(i) = 1").find("without a table"), std::string::npos);
  EXPECT_NE(refusal("day IS NULL").find("zero dates"), std::string::npos);
  EXPECT_NE(refusal(std::string(500, '(') + "1" + std::string(500, ')')).find("nested"), std::string::npos);
}

TEST_F(ConditionTest, OperandsThatAreHeldOftenDoNotGrowWithoutBounds) {
  std::string nested = "i";
  for (int depth = 0; depth < 20; ++depth) nested = "(" + nested + " IN (1,2,3,4,5,6,7,8))";
  EXPECT_EQ(of(nested), Verdict::askServer);
}

TEST_F(ConditionTest, ColumnsAreTheOnesThatItNames) {
  const auto condition = Condition::compile("V = 'a' OR i + I > 1 OR NOW() > day", rows.schema(), {"utf8mb4_bin"});
  EXPECT_EQ(condition.columns(), (std::vector<std::size_t>{0, 3, 5}));
  EXPECT_FALSE(condition.alwaysAsks());
  EXPECT_TRUE(Condition::compile("v REGEXP 'a'", rows.schema(), {"utf8mb4_bin"}).alwaysAsks());
}

TEST(Conditions, ComputeAtLeastSixtyFunctions) {
  EXPECT_GE(computedFunctions().size(), 60U);
}

}  // namespace
}  // namespace drs::condition
