#include "engine/mysql/load_data_writer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace drs::mysql {
namespace {

using namespace std::string_literals;

Column column(const std::string& name, ColumnKind kind) {
  Column column;
  column.name = name;
  column.kind = kind;
  return column;
}

TableSchemaPtr schemaOf(std::vector<Column> columns) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"db", "t"};
  schema->columns = std::move(columns);
  schema->primaryKey = {0};
  return schema;
}

TEST(LoadDataWriter, SendsNumbersOfSetsThroughVariables) {
  const auto schema = schemaOf({column("id", ColumnKind::integer), column("b", ColumnKind::bit),
                                column("e`s", ColumnKind::set), column("j", ColumnKind::json)});
  auto year = column("y", ColumnKind::integer);
  year.dataType = "year";
  EXPECT_NE(LoadDataWriter(*schemaOf({year}), {"d", "u"}, false).statement(false).find("(@drs0) SET `y`=CAST"),
            std::string::npos)
      << "the text '0' would be the year 2000";
  const LoadDataWriter toMysql(*schema, {"d", "u"}, true);
  EXPECT_EQ(
      toMysql.statement(false),
      "LOAD DATA LOCAL INFILE 'rows' INTO TABLE `d`.`u` CHARACTER SET binary FIELDS TERMINATED BY '\\t' ENCLOSED BY "
      "'' ESCAPED BY '\\\\' LINES STARTING BY '' TERMINATED BY '\\n' (`id`,@drs1,@drs2,@drs3) SET `b`=CAST(@drs1 AS "
      "UNSIGNED),`e``s`=CAST(@drs2 AS UNSIGNED),`j`=CONVERT(@drs3 USING utf8mb4)");
  const std::string toMariadb = LoadDataWriter(*schema, {"d", "u"}, false).statement(true);
  EXPECT_NE(toMariadb.find("'rows' REPLACE INTO TABLE"), std::string::npos);
  EXPECT_NE(toMariadb.find(",`j`) SET `b`"), std::string::npos) << toMariadb;
}

TEST(LoadDataWriter, EscapesWhatDividesColumnsAndRows) {
  const auto schema = schemaOf({column("id", ColumnKind::integer), column("a", ColumnKind::text),
                                column("b", ColumnKind::bytes), column("c", ColumnKind::text)});
  RowBatch rows(schema);
  rows.addSigned(-7);
  rows.addText("tab\tline\nback\\N");
  rows.addText("\0\xff\x5c\r"s);
  rows.addNull();
  rows.addUnsigned(18446744073709551615U);
  rows.addText("");
  rows.addText("NULL");
  rows.addText("\\N");
  const LoadDataWriter writer(*schema, {"d", "t"}, true);
  std::string out;
  EXPECT_TRUE(writer.appendRow(out, rows, 0));
  EXPECT_TRUE(writer.appendRow(out, rows, 1));
  EXPECT_EQ(out,
            "-7\ttab\\tline\\nback\\\\N\t\\0\xff\\\\\r\t\\N\n"
            "18446744073709551615\t\tNULL\t\\\\N\n"s);
}

TEST(LoadDataWriter, KeepsEveryBitOfADouble) {
  const auto schema = schemaOf({column("d", ColumnKind::real)});
  const LoadDataWriter writer(*schema, {"d", "t"}, false);
  for (const double value : {0.1, -0.0, 0.0, 5e-324, 1.7976931348623157e308}) {
    RowBatch rows(schema);
    rows.addReal(value);
    std::string out;
    ASSERT_TRUE(writer.appendRow(out, rows, 0));
    const double back = std::strtod(out.c_str(), nullptr);
    EXPECT_EQ(back, value);
    EXPECT_EQ(std::signbit(back), std::signbit(value));
  }
}

TEST(LoadDataWriter, LeavesToInsertWhatAFileCannotSay) {
  const auto schema = schemaOf({column("id", ColumnKind::integer), column("e", ColumnKind::enumerated),
                                column("t", ColumnKind::temporal), column("j", ColumnKind::json)});
  const LoadDataWriter writer(*schema, {"d", "t"}, true);
  const auto accepts = [&](std::uint64_t member, std::string_view time, std::string_view json) {
    RowBatch rows(schema);
    rows.addSigned(1);
    rows.addUnsigned(member);
    rows.addText(time);
    rows.addText(json);
    std::string out = "before\n";
    const bool taken = writer.appendRow(out, rows, 0);
    if (!taken) {
      EXPECT_EQ(out, "before\n") << "half a row was left";
    }
    return taken;
  };
  EXPECT_TRUE(accepts(1, "2024-02-30 00:00:00", "{}"));
  EXPECT_FALSE(accepts(0, "2024-02-30 00:00:00", "{}")) << "ENUM index 0 gives a warning for each row";
  EXPECT_FALSE(accepts(1, "now()", "{}"));
  EXPECT_FALSE(accepts(1, "2024-02-30", "[1.10]"));
}

TEST(LoadDataWriter, LeavesGeneratedColumnsOut) {
  auto generated = column("g", ColumnKind::integer);
  generated.generated = true;
  const auto schema = schemaOf({column("id", ColumnKind::integer), generated, column("v", ColumnKind::integer)});
  RowBatch rows(schema);
  rows.addSigned(1);
  rows.addAbsent();
  rows.addSigned(3);
  const LoadDataWriter writer(*schema, {"d", "t"}, false);
  std::string out;
  ASSERT_TRUE(writer.appendRow(out, rows, 0));
  EXPECT_EQ(out, "1\t3\n");
  EXPECT_NE(writer.statement(false).find("(`id`,`v`)"), std::string::npos);
}

}  // namespace
}  // namespace drs::mysql
