#include "engine/mysql/select_list.h"

#include "engine/mysql/column_types.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>

namespace drs::mysql {
namespace {

Column column(const std::string& name, const std::string& dataType, const std::string& type,
              const std::string& extra = {}) {
  ColumnText text;
  text.dataType = dataType;
  text.columnType = type;
  text.extra = extra;
  return makeColumn(name, text);
}

TableSchemaPtr schemaOf(std::vector<Column> columns) {
  TableSchema schema;
  schema.name = {"d", "t"};
  schema.columns = std::move(columns);
  return std::make_shared<const TableSchema>(std::move(schema));
}

TEST(SelectList, AsksForExactTextsAndLeavesGeneratedColumnsOut) {
  const auto schema =
      schemaOf({column("i", "int", "int"), column("f", "float", "float"), column("s", "set", "set('a')"),
                column("g", "int", "int", "STORED GENERATED"), column("q`q", "bit", "bit(3)")});
  EXPECT_EQ(selectList(*schema), "`i`, `f` * 1e0, CAST(`s` AS UNSIGNED), CAST(`q``q` AS UNSIGNED)");
}

TEST(SelectList, MakesTheCellsThatTheLogMakes) {
  const auto schema = schemaOf({column("a", "int", "int"), column("b", "bigint", "bigint unsigned"),
                                column("c", "decimal", "decimal(8,2) unsigned zerofill"), column("d", "float", "float"),
                                column("e", "enum", "enum('x')"), column("g", "int", "int", "VIRTUAL GENERATED"),
                                column("h", "varchar", "varchar(9)"), column("k", "int", "int")});
  RowBatch batch(schema);
  appendRow(batch, {"-5", "18446744073709551615", "000000.50", "0.10000000149011612", "1", Field("a\0b", 3), Field()});
  ASSERT_EQ(batch.rows(), 1U);
  EXPECT_EQ(batch.cell(0, 0).kind, CellKind::signedInt);
  EXPECT_EQ(batch.cell(0, 0).i, -5);
  EXPECT_EQ(batch.cell(0, 1).kind, CellKind::unsignedInt);
  EXPECT_EQ(batch.cell(0, 1).u, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(batch.cell(0, 2).kind, CellKind::number);
  EXPECT_EQ(batch.text(batch.cell(0, 2)), "0.50");
  EXPECT_EQ(batch.cell(0, 3).kind, CellKind::real);
  EXPECT_EQ(batch.cell(0, 3).d, static_cast<double>(0.1F));
  EXPECT_EQ(batch.cell(0, 4).kind, CellKind::unsignedInt);
  EXPECT_EQ(batch.cell(0, 5).kind, CellKind::absent);
  EXPECT_EQ(batch.text(batch.cell(0, 6)), std::string_view("a\0b", 3));
  EXPECT_EQ(batch.cell(0, 7).kind, CellKind::null);
}

TEST(SelectList, RefusesWhatIsNoValue) {
  RowBatch batch(schemaOf({column("a", "int", "int")}));
  EXPECT_THROW(appendRow(batch, {"1x"}), Error);
  EXPECT_THROW((void)parseReal("nan?"), Error);
}

TEST(SelectList, ReadsDoublesBitByBit) {
  for (const double value : {0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 1e15})
    EXPECT_EQ(std::bit_cast<std::uint64_t>(parseReal(fmt::format("{}", value))), std::bit_cast<std::uint64_t>(value));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(parseReal("-0")), std::bit_cast<std::uint64_t>(-0.0));
}

TEST(SelectList, TrimsDecimals) {
  EXPECT_EQ(trimDecimal("000075.00"), "75.00");
  EXPECT_EQ(trimDecimal("0.50"), "0.50");
  EXPECT_EQ(trimDecimal("000.50"), "0.50");
  EXPECT_EQ(trimDecimal("-0.50"), "-0.50");
  EXPECT_EQ(trimDecimal("-0.00"), "0.00");
  EXPECT_EQ(trimDecimal("0000"), "0");
  EXPECT_EQ(trimDecimal("-12"), "-12");
}

}  // namespace
}  // namespace drs::mysql
