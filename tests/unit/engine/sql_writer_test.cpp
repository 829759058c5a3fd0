#include "engine/mysql/sql_writer.h"

#include "engine/mysql/row_text.h"

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
                                column("j", ColumnKind::json), column("d", ColumnKind::temporal),
                                column("h", ColumnKind::text, "hp8"), column("u", ColumnKind::text, "ucs2")});
  RowBatch rows(schema);
  rows.addSigned(-5);
  rows.addText("x");
  rows.addText("y");
  rows.addText("z");
  rows.addText("{}");
  rows.addText("2020-01-01");
  rows.addText("h");
  rows.addText(std::string_view("\0u", 2));
  std::string out;
  EXPECT_EQ(SqlWriter(*schema, {"q", "u"}).appendTuple(out, rows, 0), 0U);
  EXPECT_EQ(out, "(-5,_gbk'x',_utf8mb4'y',_binary'z',_utf8mb4'{}','2020-01-01',_binary'h',_binary'\\0u')");
}

TEST(SqlWriter, StoresBytesOfOneByteCharsetsAsTheyAreAndComparesThemAsText) {
  const auto schema = schemaOf({column("a", ColumnKind::text, "cp1250")});
  RowBatch rows(schema);
  rows.addText("\x81");
  const SqlWriter writer(*schema, {"q", "u"});
  std::string out;
  writer.appendTuple(out, rows, 0);
  writer.appendKey(out, rows, 0);
  EXPECT_EQ(out, "(_binary'\x81')`a`=_cp1250'\x81'");
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

class SqlWriterJson : public ::testing::Test {
 protected:
  /// The literal of a JSON value, as INSERT writes it; UPDATE must write the same.
  std::string literal(const std::string& json, bool readsJson = true) {
    RowBatch rows(schema_);
    for (const int id : {1, 7}) {
      rows.addSigned(id);
      rows.addText(id == 1 ? "{}" : json);
    }
    const SqlWriter writer(*schema_, {"db", "t"}, readsJson);
    std::string tuple, update, all;
    (void)writer.appendTuple(tuple, rows, 1);
    (void)writer.appendUpdate(update, rows, 0, 1, {});
    (void)writer.appendUpdateAll(all, rows, 1);
    const std::string value = tuple.substr(3, tuple.size() - 4);
    EXPECT_NE(update.find("`doc`=" + value + " WHERE"), std::string::npos) << update;
    EXPECT_NE(all.find("`doc`=" + value + " WHERE"), std::string::npos) << all;
    return value;
  }
  TableSchemaPtr schema_ = schemaOf({column("id", ColumnKind::integer), column("doc", ColumnKind::json)});
};

TEST_F(SqlWriterJson, WritesTheNumbersThatMysqlWouldChangeAsDecimals) {
  EXPECT_EQ(literal("[1.5]"), "_utf8mb4'[1.5]'");
  EXPECT_EQ(literal("[1.10]", false), "_utf8mb4'[1.10]'");  // MariaDB's JSON is text
  EXPECT_EQ(literal("1.10"), "CAST(CAST('1.10' AS DECIMAL(3,2)) AS JSON)");
  EXPECT_EQ(literal(R"({"it's": [0, -0.10], "n": 12345678901234567890123})"),
            R"(JSON_REPLACE(_utf8mb4'{"it\'s": [0, -0.10], "n": 12345678901234567890123}',)"
            R"(_utf8mb4'$."it\'s"[1]',CAST('-0.10' AS DECIMAL(3,2)),)"
            R"(_utf8mb4'$."n"',CAST('12345678901234567890123' AS DECIMAL(23,0))))");
}

TEST_F(SqlWriterJson, RefusesMoreThanItsBoundByTheRow) {
  std::string most = "[1.10";
  for (std::size_t i = 1; i < kMaxJsonNumbers; ++i) most += ", 1.10";
  EXPECT_EQ(literal(most + "]").substr(0, 13), "JSON_REPLACE(");
  for (const std::string& json : {most + ", 1.10]", "[0." + std::string(31, '1') + "0]"}) {
    try {
      literal(json);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.msg(), Msg::jsonDecimal);
      for (const char* part : {"db.t", "doc", "(7)"}) EXPECT_NE(error.text().find(part), std::string::npos) << part;
    }
  }
}

TEST(SqlWriterWithoutKey, FindsARowByAllItsBytesAndTakesOne) {
  auto columns = std::vector{
      column("i", ColumnKind::integer), column("t", ColumnKind::text, "gbk"), column("b", ColumnKind::bytes),
      column("f", ColumnKind::real),    column("e", ColumnKind::enumerated),  column("d", ColumnKind::temporal),
      column("g", ColumnKind::bytes),   column("j", ColumnKind::json),        column("made", ColumnKind::integer)};
  columns[6].dataType = "point";
  columns[8].generated = true;
  const auto schema = schemaOf(columns, {});
  const SqlWriter writer(*schema, {"q", "u"}, true);
  EXPECT_TRUE(writer.key().empty());
  RowBatch rows(schema);
  for (const int i : {1, 2}) {
    rows.addSigned(i);
    rows.addText("a'");
    rows.addNull();
    rows.addReal(-0.0);
    rows.addUnsigned(0);
    rows.addText("2024-00-00");
    rows.addText("\x01\xab");
    rows.addText("[1.10]");
    rows.addSigned(9);
  }
  const std::string where =
      "WHERE `i`=1 AND CAST(`t` AS BINARY)=_binary'a\\'' AND `b` IS NULL AND `f`*1e0=0e0 AND CAST(`e` AS UNSIGNED)=0 "
      "AND CAST(`d` AS CHAR)='2024-00-00' AND HEX(`g`)='01AB' AND CAST(CAST(`j` AS CHAR CHARACTER SET utf8mb4) AS "
      "BINARY)=_binary'[1.10]' ORDER BY LEFT(`f`*1e0,1)='-' DESC LIMIT 1";
  std::string out;
  EXPECT_EQ(writer.appendUpdate(out, rows, 0, 1, {}), 0U);
  EXPECT_EQ(out, "UPDATE `q`.`u` SET `i`=2 " + where);
  out.clear();
  writer.appendUpdate(out, rows, 0, 0, {});
  EXPECT_EQ(out, "UPDATE `q`.`u` SET `i`=`i` " + where);
  EXPECT_EQ(writer.printableKey(rows, 0), "(1, 'a'', NULL, '-0', 0, '2024-00-00', 0x01ab, '[1.10]')");
}

TEST(SqlWriterWithoutKey, FindsARowOfAGeneratedKeyByItsValuesToo) {
  auto columns = std::vector{column("g", ColumnKind::integer), column("a", ColumnKind::integer)};
  columns[0].generated = true;
  const auto schema = schemaOf(columns, {0});
  const SqlWriter writer(*schema, {"q", "u"});
  EXPECT_TRUE(writer.key().empty());
  RowBatch rows(schema);
  rows.addSigned(10);
  rows.addSigned(5);
  std::string out;
  writer.appendKey(out, rows, 0);
  EXPECT_EQ(out, "`g`=10 AND `a`=5 LIMIT 1");
}

TEST(SqlWriterWithoutKey, UsesAUniqueKeyOfColumnsThatAreNeverNull) {
  TableSchema schema = *schemaOf({column("a", ColumnKind::integer), column("b", ColumnKind::integer)}, {});
  schema.columns[1].nullable = false;
  schema.indexes = {{"k", true, false, "BTREE", {{1, 0}}}};
  EXPECT_EQ(SqlWriter(schema, {"q", "u"}).key(), std::vector<std::size_t>{1});
}

TEST(RowText, ShowsTextAsTextAndBytesAsDigitsAndCutsBoth) {
  const auto schema = schemaOf({column("u", ColumnKind::text, "utf8mb4"), column("l", ColumnKind::text, "latin1"),
                                column("b", ColumnKind::bytes, "binary"), column("n", ColumnKind::text, "utf8mb4"),
                                column("a", ColumnKind::integer)});
  std::string umlauts;
  for (int i = 0; i < 33; ++i) umlauts += "ü";  // 66 bytes
  RowBatch rows(schema);
  rows.addText("a" + umlauts);
  rows.addText("\xfc");
  rows.addText(std::string(65, '\x01'));
  rows.addNull();
  rows.addAbsent();
  std::string digits = "0x";
  for (int i = 0; i < 64; ++i) digits += "01";
  EXPECT_EQ(printableImage(rows, 0),
            R"({"u":"'a)" + umlauts.substr(0, 64) + R"('…","l":"0xfc","b":")" + digits + R"(…","n":"NULL"})");
}

TEST(RowText, CountsTheColumnsThatAnImageHasNoRoomFor) {
  std::vector<Column> columns;
  for (int i = 0; i < 100; ++i) columns.push_back(column("c" + std::to_string(i), ColumnKind::text, "utf8mb4"));
  const auto schema = schemaOf(columns);
  RowBatch rows(schema);
  for (int i = 0; i < 100; ++i) rows.addText(std::string(200, 'x'));
  const std::string image = printableImage(rows, 0);
  EXPECT_LT(image.size(), 5000U);
  EXPECT_NE(image.find(R"("…":"42 more columns"})"), std::string::npos) << image.substr(image.size() - 60);
}

}  // namespace
}  // namespace drs::mysql
