#include "engine/mysql/server_errors.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

Action actionOf(unsigned number, bool opening) {
  return message(messageOf(number, opening)).action;
}

TEST(ServerErrors, WhatPassesByItselfIsTriedAgain) {
  // 2005 name look-up, 2026 TLS, 2013 lost, 1040 too many connections
  for (const unsigned number : {2005U, 2026U, 2013U, 1040U}) {
    EXPECT_EQ(actionOf(number, true), Action::retry) << number;
  }
  for (const unsigned number : {2013U, 2026U, 1317U, 1290U, 1836U, 1047U, 1020U, 1206U, 1637U, 1878U, 3101U, 1021U,
                                1114U, 1148U, 3948U, 4166U, 1205U, 1213U, 1412U}) {
    EXPECT_EQ(actionOf(number, false), Action::retry) << number;
  }
}

TEST(ServerErrors, WhatSomebodyHasToChangeIsNot) {
  for (const unsigned number : {1045U, 1130U, 1862U, 3118U}) {
    EXPECT_EQ(actionOf(number, true), Action::ask_user) << number;
  }
  for (const unsigned number : {1062U, 1146U, 1366U, 1142U}) {
    EXPECT_EQ(messageOf(number, false), Msg::databaseError) << number;
  }
  EXPECT_EQ(message(Msg::databaseError).action, Action::ask_user);
}

TEST(ServerErrors, ATlsFailureBehindTheLoginIsALostConnection) {
  EXPECT_EQ(messageOf(2026, true), Msg::tlsFailed);
  EXPECT_EQ(messageOf(2026, false), Msg::connectionLost);
}

TEST(ServerErrors, WhatSomebodyCanMendSaysHow) {
  for (const unsigned number : {1146U, 1054U, 1051U}) {
    EXPECT_NE(remedyOf(number).find("reset the task"), std::string_view::npos) << number;
  }
  for (const unsigned number : {1142U, 1227U, 1114U, 1290U, 1205U}) {
    EXPECT_NE(remedyOf(number).find("resume the task"), std::string_view::npos) << number;
  }
  EXPECT_EQ(remedyOf(1064), "");
}

TEST(ServerErrors, TheTableIsNamedOnce) {
  const TableName table{"shop", "orders"};
  const Error lock = withTable(Error(Msg::deadlock, {"target", "1205", "Lock wait timeout exceeded"}), table);
  EXPECT_EQ(lock.text(), "target answered error 1205: shop.orders: Lock wait timeout exceeded");
  EXPECT_EQ(lock.msg(), Msg::deadlock);
  const std::string named = "Table 'shop.orders' doesn't exist";
  EXPECT_EQ(withTable(Error(Msg::databaseError, {"target", "1146", named}), table).args()[2], named);
  EXPECT_EQ(withTable(Error(Msg::connectionLost, {"target", "gone"}), table).args()[1], "gone");
}

}  // namespace
}  // namespace drs::mysql
