#include "engine/mysql/single_snapshot.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

TEST(SingleSnapshot, TheCounterOfADefinitionDoesNotMatter) {
  const std::string head = "CREATE TABLE `t` (\n  `a` int DEFAULT '5' COMMENT ' AUTO_INCREMENT=1'\n) ENGINE=InnoDB";
  EXPECT_EQ(withoutCounter(head + " AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4"), head + " DEFAULT CHARSET=utf8mb4");
  EXPECT_EQ(withoutCounter(head + " AUTO_INCREMENT=42"), head);
  EXPECT_EQ(withoutCounter(head), head);
}

TEST(SingleSnapshot, WhatACommentSaysStays) {
  const std::string text = "CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB COMMENT='x AUTO_INCREMENT=42'";
  EXPECT_EQ(withoutCounter(text), text);
}

TEST(SingleSnapshot, AllTablesAreOneExactChunk) {
  TableSchema table;
  table.estimatedRows = 7;
  Plans plans(2);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    table.name = {"d", "t" + std::to_string(i)};
    plans[i].source = std::make_shared<const TableSchema>(table);
  }
  const auto chunks = oneChunk(plans);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_TRUE(chunks[0].exact);
  EXPECT_EQ(chunks[0].plans, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(chunks[0].estimatedRows, 14U);
}

}  // namespace
}  // namespace drs::mysql
