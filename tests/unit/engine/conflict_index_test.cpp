#include "engine/mysql/conflict_index.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace drs::mysql {
namespace {

constexpr std::uint64_t kToken = 77;

Column textColumn(const std::string& charset, const std::string& collation) {
  Column column;
  column.name = "c";
  column.kind = ColumnKind::text;
  column.charset = charset;
  column.collation = collation;
  return column;
}

/// What one text touches in an index over one column.
std::vector<ConflictKey> keysOf(const Column& column, std::string_view text, std::uint32_t prefix = 0) {
  auto schema = std::make_shared<TableSchema>();
  schema->columns = {column};
  RowBatch rows(schema);
  rows.addText(text);
  const ConflictIndex index(kToken, {{0, prefix, keyFormOf(column), column.charset.starts_with("utf8")}});
  std::vector<ConflictKey> keys;
  EXPECT_TRUE(index.append(rows, 0, true, keys));
  return keys;
}

bool conflict(const Column& column, std::string_view a, std::string_view b, std::uint32_t prefix = 0) {
  ConflictKeys first, second;
  first.list() = keysOf(column, a, prefix);
  second.list() = keysOf(column, b, prefix);
  first.seal();
  second.seal();
  return first.conflictsWith(second);
}

TEST(ConflictIndex, CollationsWithoutCaseTakeCasesForEqual) {
  for (const char* collation : {"utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_0900_ai_ci",
                                "utf8mb4_uca1400_ai_ci", "utf8mb4_unicode_520_ci"}) {
    const Column column = textColumn("utf8mb4", collation);
    EXPECT_EQ(keyFormOf(column), KeyForm::foldedText) << collation;
    EXPECT_TRUE(conflict(column, "Abc", "aBC")) << collation;
    EXPECT_TRUE(conflict(column, "abc  ", "abc")) << collation;
    EXPECT_FALSE(conflict(column, "abc", "abd")) << collation;
  }
}

TEST(ConflictIndex, OtherLettersTouchTheWholeIndex) {
  const Column column = textColumn("utf8mb4", "utf8mb4_general_ci");
  EXPECT_EQ(keysOf(column, "é"), std::vector{exclusiveKey(kToken)});
  EXPECT_TRUE(conflict(column, "é", "anything"));
  EXPECT_TRUE(conflict(column, "a\tb", "anything"));  // control characters may weigh nothing
}

TEST(ConflictIndex, UnknownCollationsTouchTheWholeIndex) {
  for (const char* collation :
       {"utf8mb4_danish_ci", "utf8mb4_spanish2_ci", "utf8mb4_de_pb_0900_ai_ci", "utf8mb4_uca1400_czech_ai_ci"})
    EXPECT_EQ(keyFormOf(textColumn("utf8mb4", collation)), KeyForm::unknown) << collation;
  EXPECT_EQ(keyFormOf(textColumn("utf16", "utf16_bin")), KeyForm::unknown);
  EXPECT_EQ(keyFormOf(textColumn("latin1", "latin1_german2_ci")), KeyForm::unknown);
  EXPECT_TRUE(conflict(textColumn("utf8mb4", "utf8mb4_danish_ci"), "a", "b"));
}

TEST(ConflictIndex, BinaryCollationsTellCasesApartButNotTrailingSpaces) {
  const Column column = textColumn("utf8mb4", "utf8mb4_bin");
  EXPECT_FALSE(conflict(column, "a", "A"));
  EXPECT_TRUE(conflict(column, "a ", "a"));
  EXPECT_FALSE(conflict(column, "é", "e"));
  EXPECT_TRUE(conflict(column, "é", "é"));
}

TEST(ConflictIndex, APrefixIsCutInCharacters) {
  const Column column = textColumn("utf8mb4", "utf8mb4_bin");
  EXPECT_TRUE(conflict(column, "ééé1", "ééé2", 3));
  EXPECT_FALSE(conflict(column, "éé1x", "éé2x", 3));
  EXPECT_TRUE(conflict(column, "ab 1", "ab", 3));  // "ab " is "ab"
  EXPECT_TRUE(conflict(textColumn("utf8mb4", "utf8mb4_general_ci"), "abcX", "ABCé", 3));
  EXPECT_TRUE(conflict(textColumn("latin1", "latin1_swedish_ci"), "1234", "1235", 3));
}

TEST(ConflictIndex, LongTextsDifferInAnyPlace) {
  const Column column = textColumn("utf8mb4", "utf8mb4_general_ci");
  const std::string text(700, 'x');
  EXPECT_TRUE(conflict(column, text, std::string(700, 'X')));
  EXPECT_FALSE(conflict(column, text, text.substr(1)));
  EXPECT_FALSE(conflict(column, text, text.substr(0, 600) + "y" + text.substr(601)));
}

TEST(ConflictIndex, NumbersAndTimesAreTakenForEqualWhateverTheirForm) {
  Column column;
  column.kind = ColumnKind::decimal;
  EXPECT_TRUE(conflict(column, "-0.00", "0.00"));
  EXPECT_TRUE(conflict(column, "001.50", "1.5"));
  EXPECT_FALSE(conflict(column, "10", "100"));
  column.kind = ColumnKind::temporal;
  EXPECT_TRUE(conflict(column, "-00:00:00", "00:00:00"));
  EXPECT_FALSE(conflict(column, "2024-01-01", "2024-01-02"));
}

TEST(ConflictIndex, FixedBytesAreComparedWithoutTheirPadding) {
  Column column;
  column.kind = ColumnKind::bytes;
  column.dataType = "binary";
  EXPECT_TRUE(conflict(column, std::string_view("a\0", 2), "a"));
  column.dataType = "varbinary";
  EXPECT_FALSE(conflict(column, std::string_view("a\0", 2), "a"));
  EXPECT_FALSE(conflict(column, "a ", "a"));
}

class TwoColumns : public ::testing::Test {
 protected:
  TwoColumns() {
    auto schema = std::make_shared<TableSchema>();
    Column number;
    number.kind = ColumnKind::integer;
    schema->columns = {number, number};
    rows_ = RowBatch(schema);
  }
  std::vector<ConflictKey> keys(std::size_t row, bool exclusive = true) {
    std::vector<ConflictKey> out;
    told_ = index_.append(rows_, row, exclusive, out);
    return out;
  }

  RowBatch rows_;
  ConflictIndex index_{kToken, {{0, 0, KeyForm::number, false}, {1, 0, KeyForm::number, false}}};
  bool told_ = false;
};

TEST_F(TwoColumns, TheOrderOfValuesCounts) {
  for (const std::int64_t value : {1, 2, 2, 1, 1, 2}) rows_.addSigned(value);
  EXPECT_NE(keys(0), keys(1));
  EXPECT_EQ(keys(0), keys(2));
  EXPECT_EQ(hashOf(keys(0, false).at(0)), hashOf(keys(0).at(0)));
  EXPECT_FALSE(isExclusive(keys(0, false).at(0)));
}

TEST_F(TwoColumns, ANullCollidesWithNothing) {
  rows_.addSigned(1);
  rows_.addNull();
  EXPECT_TRUE(keys(0).empty());
  EXPECT_TRUE(told_);
}

TEST_F(TwoColumns, AnImageWithoutTheColumnTellsNothing) {
  rows_.addSigned(1);
  rows_.addAbsent();
  (void)keys(0);
  EXPECT_FALSE(told_);
}

TEST_F(TwoColumns, WithoutPartsEveryRowTouchesTheWholeIndex) {
  rows_.addSigned(1);
  rows_.addSigned(2);
  const ConflictIndex index(kToken, {});
  std::vector<ConflictKey> out;
  EXPECT_TRUE(index.append(rows_, 0, true, out));
  EXPECT_EQ(out, std::vector{exclusiveKey(kToken)});
}

}  // namespace
}  // namespace drs::mysql
