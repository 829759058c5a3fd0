#include "engine/mysql/trigger_order.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

TriggerPlace place(const std::string& statement, const std::string& mode = {}) {
  ObjectPlan trigger;
  trigger.kind = ObjectKind::trigger;
  trigger.target = {"Shop", "t"};
  trigger.statement = statement;
  trigger.sqlMode = mode;
  return triggerPlace(trigger);
}

TEST(TriggerOrder, ReadsThePlace) {
  const TriggerPlace one = place("CREATE DEFINER=`a`@`%` TRIGGER `g` BEFORE INSERT ON `Item` FOR EACH ROW SET NEW.a=1");
  EXPECT_EQ(one.database, "shop");
  EXPECT_EQ(one.table, "item");
  EXPECT_EQ(one.moment, "BEFORE");
  EXPECT_EQ(one.events, std::set<std::string>{"INSERT"});
  EXPECT_EQ(place("create trigger if not exists shop.g after update on shop . `it``em` for each row begin end").table,
            "it`em");
  EXPECT_EQ(place(R"(CREATE TRIGGER "before" AFTER DELETE ON "i" FOR EACH ROW BEGIN END)", "ANSI_QUOTES").moment,
            "AFTER");
}

TEST(TriggerOrder, KnowsWhoFiresTogether) {
  const auto of = [](const std::string& moment, const std::string& event, const std::string& table) {
    return place("CREATE TRIGGER g " + moment + " " + event + " ON " + table + " FOR EACH ROW BEGIN END");
  };
  const TriggerPlace one = of("AFTER", "INSERT", "item");
  EXPECT_TRUE(fireTogether(one, of("AFTER", "INSERT", "shop.item")));
  EXPECT_TRUE(fireTogether(one, of("AFTER", "UPDATE OR INSERT", "ITEM")));
  EXPECT_FALSE(fireTogether(one, of("BEFORE", "INSERT", "item")));
  EXPECT_FALSE(fireTogether(one, of("AFTER", "DELETE", "item")));
  EXPECT_FALSE(fireTogether(one, of("AFTER", "INSERT", "other")));
  EXPECT_TRUE(fireTogether(one, place("CREATE TRIGGER")));
}

}  // namespace
}  // namespace drs::mysql
