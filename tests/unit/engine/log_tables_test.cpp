#include "engine/mysql/log_tables.h"

#include "engine/mysql/column_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

/// A table of one VECTOR(3), as planned, and what differs from it in the log.
std::string vectorDrift(WireType type, std::uint32_t length) {
  ColumnText text;
  text.dataType = "vector";
  text.columnType = "vector(3)";
  text.octets = 12;
  TableSchema schema;
  schema.name = {"d", "t"};
  schema.columns = {makeColumn("v", text)};
  WireColumn column;
  column.type = type;
  column.length = length;
  column.lengthBytes = 4;
  TableMap map;
  map.columns = {column};
  return driftOf(map, schema);
}

TEST(LogTables, KnowsVectorsOfBothFamilies) {
  EXPECT_EQ(vectorDrift(WireType::vector, 0), "");
  EXPECT_EQ(vectorDrift(WireType::varchar, 12), "");
  EXPECT_EQ(vectorDrift(WireType::varchar, 16),
            "the column v was planned as vector(3) and has up to 16 bytes in the log");
  EXPECT_THAT(vectorDrift(WireType::blob, 0), ::testing::HasSubstr("is TEXT or BLOB in the log"));
}

}  // namespace
}  // namespace drs::mysql
