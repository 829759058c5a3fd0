#include "job/object_store.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

TEST(ObjectStore, EveryByteOfADefinitionComesBack) {
  StoredObjects stored;
  stored.copyDone = true;
  for (const ObjectKind kind : kObjectKinds) {
    ObjectPlan object;
    object.kind = kind;
    object.source = {"sh\xc3\xb6p", "v`1"};
    object.target = {"shop_c", "v`1"};
    object.statement = std::string("CREATE VIEW \"\xe9\0 \xf0\x9f\x98\x80\n'", 22);
    object.sqlMode = "ANSI_QUOTES,STRICT_ALL_TABLES";
    object.charset = "latin1";
    object.collation = "latin1_swedish_ci";
    object.timeZone = "+02:00";
    object.databaseCollation = "utf8mb4_general_ci";
    object.done = kind == ObjectKind::event;
    if (kind == ObjectKind::account) object.leftOut = {"PROXY on \xe9", "more"};
    stored.objects.push_back(object);
  }
  const StoredObjects again = decodeObjects(encodeObjects(stored));
  EXPECT_TRUE(again.copyDone);
  EXPECT_EQ(again.objects, stored.objects);
}

TEST(ObjectStore, TheListHasNoDefinitions) {
  StoredObjects stored;
  stored.copyDone = true;
  ObjectPlan& object = stored.objects.emplace_back();
  object.kind = ObjectKind::trigger;
  object.source = {"shop", "t"};
  object.target = {"shop_c", "t"};
  object.statement = std::string(100000, 'x');
  object.done = true;
  const std::string list = encodeObjectList(stored);
  EXPECT_LT(list.size(), 200U);
  object.statement.clear();
  EXPECT_EQ(decodeObjects(list).objects, stored.objects);
  EXPECT_TRUE(decodeObjects(list).copyDone);
}

TEST(ObjectStore, WhatIsDamagedIsSaid) {
  for (const char* text : {"", "{}", R"({"copyDone":true,"objects":[{"kind":"table"}]})"}) {
    try {
      (void)decodeObjects(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.msg(), Msg::storeDamaged);
    }
  }
}

}  // namespace
}  // namespace drs
