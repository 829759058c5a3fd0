#include "base/error.h"
#include "wire/mysql/row_layout.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drs::mysql {
namespace {

using namespace std::string_literals;

class Values final : public RowValueSink {
 public:
  void onNull() override { text += "NULL "; }
  void onAbsent() override { text += "- "; }
  void onSigned(std::int64_t value) override { text += std::to_string(value) + " "; }
  void onUnsigned(std::uint64_t value) override { text += std::to_string(value) + " "; }
  void onReal(double) override { text += "real "; }
  void onNumber(std::string_view value) override { text += std::string(value) + " "; }
  void onText(std::string_view value) override { text += std::string(value) + " "; }
  std::string text;
};

/// A table (id INT, g INT generated, a INT).
struct ThreeIntegers {
  TableMap map{"d", "t", std::vector<WireColumn>(3, WireColumn{.type = WireType::longInt}), {}, {}};
  std::vector<ColumnFormat> formats = std::vector<ColumnFormat>(3);
  ThreeIntegers() { formats[1].mayBeAbsent = true; }
};

TEST(RowsEvent, TakesImagesWithoutGeneratedColumns) {
  const ThreeIntegers table;
  // As MariaDB 11.8 logs an update: neither image has the generated column, each has two bits for NULL.
  RowsEvent event{.kind = RowsKind::update, .columns = 3, .present = "\x05", .presentAfter = "\x05", .rows = {}};
  const std::string rows = "\xfc\x01\0\0\0\x05\0\0\0\xfe\x01\0\0\0"s;
  event.rows = rows;
  EXPECT_FALSE(hasFullImages(event));
  EXPECT_TRUE(hasFullImages(event, table.formats));
  Values values;
  EXPECT_EQ(RowLayout(table.map, table.formats).decode(event, values), 2U);
  EXPECT_EQ(values.text, "1 - 5 1 - NULL ");
}

TEST(RowsEvent, RefusesImagesWithoutOtherColumns) {
  const ThreeIntegers table;
  const RowsEvent before{.kind = RowsKind::update, .columns = 3, .present = "\x03", .presentAfter = "\x07", .rows = {}};
  EXPECT_FALSE(hasFullImages(before, table.formats));
  const RowsEvent after{.kind = RowsKind::update, .columns = 3, .present = "\x07", .presentAfter = "\x04", .rows = {}};
  EXPECT_FALSE(hasFullImages(after, table.formats));
}

TEST(RowsEvent, RefusesImagesOfNoColumn) {
  const TableMap map{"d", "t", {WireColumn{.type = WireType::longInt}}, {}, {}};
  const std::vector<ColumnFormat> formats{{.mayBeAbsent = true}};
  const RowsEvent event{
      .kind = RowsKind::write, .columns = 1, .present = std::string_view("\0", 1), .presentAfter = {}, .rows = "\x01"};
  EXPECT_FALSE(hasFullImages(event, formats));
  Values values;
  EXPECT_THROW(RowLayout(map, formats).decode(event, values), Error);
}

}  // namespace
}  // namespace drs::mysql
