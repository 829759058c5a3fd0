#include "engine/mysql/sql_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace drs::mysql {
namespace {

using namespace std::string_literals;

Column column(const std::string& name, ColumnKind kind, const std::string& charset = {}) {
  Column column;
  column.name = name;
  column.kind = kind;
  column.charset = charset;
  return column;
}

TableSchemaPtr schemaOf(std::vector<Column> columns, std::vector<std::size_t> key = {0}) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"db", "t"};
  schema->columns = std::move(columns);
  schema->primaryKey = std::move(key);
  return schema;
}

std::string real(double value) {
  std::string out;
  appendReal(out, value);
  return out;
}

std::string literalOf(std::string_view bytes) {
  std::string out;
  appendQuoted(out, bytes);
  return out;
}

TEST(SqlWriter, WritesDoublesThatParseBackToTheSameBits) {
  for (const double value : {0.1, -0.1, 1e23, 5e-324, 1.7976931348623157e308, 0.30000000000000004, 9007199254740993.0,
                             static_cast<double>(0.1F), static_cast<double>(16777217.0F)}) {
    const std::string text = real(value);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    EXPECT_NE(text.find('e'), std::string::npos) << text << " would be a DECIMAL";
  }
}

TEST(SqlWriter, KeepsTheSignOfNegativeZero) {
  EXPECT_EQ(real(-0.0), "'-0'");
  EXPECT_EQ(real(0.0), "0e+00");
}

TEST(SqlWriter, RefusesWhatNoColumnCanHold) {
  EXPECT_THROW(real(std::numeric_limits<double>::infinity()), Error);
  EXPECT_THROW(real(std::nan("")), Error);
}

TEST(SqlWriter, EscapesTheThreeBytesThatEndOrBendALiteral) {
  EXPECT_EQ(literalOf("a'b\\c\0d"s), R"('a\'b\\c\0d')");
  EXPECT_EQ(literalOf(""), "''");
  EXPECT_EQ(literalOf("\n\x1a\xff\xd0\x5c"s),
            "'\n\x1a\xff\xd0\\\\'"s);  // the second byte of a GBK character is a backslash
}

TEST(SqlWriter, NamesTheCharsetOfEachText) {
  const auto schema = schemaOf({column("id", ColumnKind::integer), column("a", ColumnKind::text, "gbk"),
                                column("b", ColumnKind::text, "utf8mb3"), column("c", ColumnKind::bytes, "binary"),
                                column("j", ColumnKind::json), column("d", ColumnKind::temporal)});
  RowBatch rows(schema);
  rows.addSigned(-5);
  rows.addText("x");
  rows.addText("y");
  rows.addText("z");
  rows.addText("{}");
  rows.addText("2020-01-01");
  std::string out;
  EXPECT_EQ(SqlWriter(*schema, {"q", "u"}).appendTuple(out, rows, 0), 0U);
  EXPECT_EQ(out, "(-5,_gbk'x',_utf8mb4'y',_binary'z',_utf8mb4'{}','2020-01-01')");
}

TEST(SqlWriter, LeavesGeneratedColumnsOut) {
  auto columns = std::vector{column("id", ColumnKind::integer), column("g", ColumnKind::integer),
                             column("v", ColumnKind::integer)};
  columns[1].generated = true;
  const auto schema = schemaOf(columns);
  const SqlWriter writer(*schema, {"q", "u`x"});
  EXPECT_EQ(writer.insertHead(), "INSERT INTO `q`.`u``x` (`id`,`v`) VALUES ");
  RowBatch rows(schema);
  rows.addUnsigned(18446744073709551615U);
  rows.addAbsent();
  rows.addNull();
  std::string out;
  writer.appendTuple(out, rows, 0);
  EXPECT_EQ(out, "(18446744073709551615,NULL)");
}

TEST(SqlWriter, CountsTheEnumValuesThatStrictModeRefuses) {
  const auto schema = schemaOf({column("id", ColumnKind::integer), column("e", ColumnKind::enumerated, "utf8mb4")});
  RowBatch rows(schema);
  rows.addSigned(1);
  rows.addUnsigned(0);
  std::string out;
  EXPECT_EQ(SqlWriter(*schema, {"q", "u"}).appendTuple(out, rows, 0), 1U);
}

TEST(SqlWriter, RefusesDigitsAndTimesThatAreNone) {
  const auto schema = schemaOf({column("id", ColumnKind::decimal), column("d", ColumnKind::temporal)});
  const SqlWriter writer(*schema, {"q", "u"});
  const auto write = [&](std::string_view number, std::string_view time) {
    RowBatch rows(schema);
    rows.addNumber(number);
    rows.addText(time);
    std::string out;
    writer.appendTuple(out, rows, 0);
    return out;
  };
  EXPECT_EQ(write("-12.50", "-838:59:59.5"), "(-12.50,'-838:59:59.5')");
  EXPECT_THROW(write("1);DROP TABLE t;--", "10:00:00"), Error);
  EXPECT_THROW(write("1", "10:00:00' OR '"), Error);
  EXPECT_THROW(write("", "10:00:00"), Error);
  EXPECT_THROW(write(".", "10:00:00"), Error);
}

class SqlWriterUpdate : public ::testing::Test {
 protected:
  SqlWriterUpdate()
      : schema_(schemaOf({column("a", ColumnKind::integer), column("b", ColumnKind::text, "latin1"),
                          column("v", ColumnKind::real), column("ts", ColumnKind::temporal)},
                         {0, 1})),
        writer_(*schema_, {"q", "u"}),
        rows_(schema_) {}

  void add(std::int64_t a, std::string_view b, double v, std::string_view ts) {
    rows_.addSigned(a);
    rows_.addText(b);
    rows_.addReal(v);
    rows_.addText(ts);
  }
  std::string update(const std::vector<std::size_t>& keep = {}) {
    std::string out;
    writer_.appendUpdate(out, rows_, 0, 1, keep);
    return out;
  }

  TableSchemaPtr schema_;
  SqlWriter writer_;
  RowBatch rows_;
};

TEST_F(SqlWriterUpdate, SetsOnlyWhatDiffers) {
  add(1, "k", 1, "2020-01-01");
  add(1, "k", 2, "2020-01-01");
  EXPECT_EQ(update(), "UPDATE `q`.`u` SET `v`=2e+00 WHERE `a`=1 AND `b`=_latin1'k'");
}

TEST_F(SqlWriterUpdate, KeepsColumnsThatTheTargetWouldSetToItsClock) {
  add(1, "k", 1, "2020-01-01");
  add(1, "k", 2, "2020-01-01");
  EXPECT_EQ(update({3}), "UPDATE `q`.`u` SET `v`=2e+00,`ts`=`ts` WHERE `a`=1 AND `b`=_latin1'k'");
}

TEST_F(SqlWriterUpdate, SetsAClockColumnThatTheSourceChanged) {
  add(1, "k", 1, "2020-01-01");
  add(1, "k", 1, "2021-01-01");
  EXPECT_EQ(update({3}), "UPDATE `q`.`u` SET `ts`='2021-01-01' WHERE `a`=1 AND `b`=_latin1'k'");
}

TEST_F(SqlWriterUpdate, StillLooksForTheRowWhenNothingDiffers) {
  add(1, "k", 1, "2020-01-01");
  add(1, "k", 1, "2020-01-01");
  EXPECT_EQ(update(), "UPDATE `q`.`u` SET `a`=`a` WHERE `a`=1 AND `b`=_latin1'k'");
}

TEST_F(SqlWriterUpdate, FindsTheRowByTheOldKey) {
  add(1, "k", 1, "2020-01-01");
  add(2, "K", 1, "2020-01-01");
  EXPECT_EQ(update(), "UPDATE `q`.`u` SET `a`=2,`b`=_latin1'K' WHERE `a`=1 AND `b`=_latin1'k'");
  EXPECT_TRUE(writer_.keyChanged(rows_, 0, 1));
}

TEST_F(SqlWriterUpdate, TakesNegativeZeroForAnotherValue) {
  add(1, "k", 0.0, "2020-01-01");
  add(1, "k", -0.0, "2020-01-01");
  EXPECT_EQ(update(), "UPDATE `q`.`u` SET `v`='-0' WHERE `a`=1 AND `b`=_latin1'k'");
}

TEST(SqlWriter, RefusesAnImageWithoutAColumn) {
  const auto schema = schemaOf({column("id", ColumnKind::integer), column("v", ColumnKind::integer)});
  RowBatch rows(schema);
  rows.addSigned(1);
  rows.addAbsent();
  std::string out;
  EXPECT_THROW(SqlWriter(*schema, {"q", "u"}).appendTuple(out, rows, 0), Error);
}

/// MySQL's JSON can hold a DECIMAL, but no text can bring one there.
TEST(SqlWriter, RefusesAJsonValueThatMysqlWouldChange) {
  const auto schema = schemaOf({column("id", ColumnKind::integer), column("doc", ColumnKind::json)});
  const auto written = [&](const char* json, bool readsJson) {
    RowBatch rows(schema);
    for (const int id : {1, 7}) {
      rows.addSigned(id);
      rows.addText(id == 1 ? "{}" : json);
    }
    const SqlWriter writer(*schema, {"db", "t"}, readsJson);
    std::string out;
    (void)writer.appendTuple(out, rows, 1);
    out.clear();
    (void)writer.appendUpdateAll(out, rows, 1);
    out.clear();
    (void)writer.appendUpdate(out, rows, 0, 1, {});
    return out;
  };
  EXPECT_NE(written("[1.5]", true).find("[1.5]"), std::string::npos);
  EXPECT_NE(written("[1.10]", false).find("[1.10]"), std::string::npos);  // MariaDB's JSON is text
  try {
    written("[1.10]", true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::jsonDecimal);
    for (const char* part : {"db.t", "doc", "(7)"}) EXPECT_NE(error.text().find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace drs::mysql
