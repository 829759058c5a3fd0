#include "engine/mysql/object_rewrite.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

const NameChanges kMoved{{{"shop", "shop_c"}}, {}};
const NameChanges kSame;
const DefinerRule kKeep;

RewrittenObject rewrite(ObjectKind kind, const std::string& statement, const NameChanges& changes = kMoved,
                        const DefinerRule& definer = kKeep, const std::string& mode = {},
                        const std::string& charset = "utf8mb4") {
  return rewriteObject({kind, statement, mode, charset}, changes, definer);
}

std::string moved(ObjectKind kind, const std::string& statement, const std::string& mode = {}) {
  const RewrittenObject out = rewrite(kind, statement, kMoved, kKeep, mode);
  EXPECT_EQ(out.problem, "") << statement;
  return out.statement;
}

std::string problem(ObjectKind kind, const std::string& statement, const NameChanges& changes = kMoved) {
  return rewrite(kind, statement, changes).problem;
}

TEST(ObjectRewrite, APlainViewGetsTheTargetsDatabase) {
  EXPECT_EQ(
      moved(ObjectKind::view,
            "CREATE ALGORITHM=MERGE DEFINER=`shop`@`%` SQL SECURITY INVOKER VIEW `shop`.`v` AS select "
            "`shop`.`t`.`a` AS `a`,`shop`.`f`(`o`.`b`) AS `b`,'shop.t' AS `c` from (`shop`.`t` join `other`.`o`)"),
      "CREATE ALGORITHM=MERGE DEFINER=`shop`@`%` SQL SECURITY INVOKER VIEW `shop_c`.`v` AS select "
      "`shop_c`.`t`.`a` AS `a`,`shop_c`.`f`(`o`.`b`) AS `b`,'shop.t' AS `c` from (`shop_c`.`t` join "
      "`other`.`o`)");
}

TEST(ObjectRewrite, WithoutChangesEveryByteStays) {
  const std::string odd =
      "CREATE DEFINER=`o``dd 'u'`@`%` PROCEDURE `p`()\nBEGIN -- shop.t 😀\n SELECT 'it''s \\' shop.t', "
      "\"shop.t\"; /* shop.t */ # shop.t\n SELECT * FROM shop . t; END";
  const RewrittenObject out = rewrite(ObjectKind::procedure, odd, kSame);
  EXPECT_EQ(out.problem, "");
  EXPECT_EQ(out.statement, odd);
  ASSERT_TRUE(out.definer);
  EXPECT_EQ(out.definer->user, "o`dd 'u'");
  EXPECT_EQ(out.definer->host, "%");
}

TEST(ObjectRewrite, TextsAndCommentsAreLeftAlone) {
  EXPECT_EQ(moved(ObjectKind::procedure,
                  "CREATE PROCEDURE `p`() BEGIN -- shop.t 😀\n SELECT 'it''s \\' shop.t', \"shop.t\"; /* shop.t */ # "
                  "shop.t\n SELECT * FROM shop . t /*!50000 , shop.u */; END"),
            "CREATE PROCEDURE `p`() BEGIN -- shop.t 😀\n SELECT 'it''s \\' shop.t', \"shop.t\"; /* shop.t */ # "
            "shop.t\n SELECT * FROM `shop_c` . t /*!50000 , `shop_c`.u */; END");
}

TEST(ObjectRewrite, QuotesMeanWhatTheModeSays) {
  const std::string sql = R"(CREATE PROCEDURE "p"() SELECT * FROM "shop"."t" WHERE a = '\' AND b = "shop")";
  EXPECT_NE(problem(ObjectKind::procedure, "CREATE PROCEDURE p() SELECT shop.t FROM `shop`"), "");
  EXPECT_EQ(moved(ObjectKind::procedure, R"(CREATE PROCEDURE "p"() SELECT '\', a FROM "shop"."t")",
                  "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"),
            R"(CREATE PROCEDURE "p"() SELECT '\', a FROM `shop_c`."t")");
  EXPECT_EQ(moved(ObjectKind::procedure, R"(CREATE PROCEDURE `p`() SELECT "shop"."t", '\'shop.t' FROM shop.t)"),
            R"(CREATE PROCEDURE `p`() SELECT "shop"."t", '\'shop.t' FROM `shop_c`.t)");
  EXPECT_NE(rewrite(ObjectKind::procedure, sql, kMoved, kKeep, "ANSI_QUOTES,NO_BACKSLASH_ESCAPES").problem, "");
}

TEST(ObjectRewrite, WhatMayMeanSomethingElseIsRefused) {
  EXPECT_NE(problem(ObjectKind::view, "CREATE VIEW `shop`.`v` AS select `shop`.`a` from `shop`.`t` `shop`"), "");
  EXPECT_NE(problem(ObjectKind::trigger, "CREATE TRIGGER g BEFORE INSERT ON shop FOR EACH ROW SET NEW.a = shop.f()"),
            "");
  EXPECT_NE(problem(ObjectKind::procedure, "CREATE PROCEDURE p() SELECT * FROM SHOP.t"), "");
  EXPECT_NE(problem(ObjectKind::trigger, "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
                    {{{"NEW", "x"}}, {}}),
            "");
}

TEST(ObjectRewrite, ThreePartsBeginWithTheDatabase) {
  const std::string columns = "CREATE PROCEDURE p() SELECT shop.shop.a, shop.t.b";
  EXPECT_NE(problem(ObjectKind::procedure, columns + " FROM shop.shop"), "") << "two parts are not sure";
  EXPECT_EQ(moved(ObjectKind::procedure, columns), "CREATE PROCEDURE p() SELECT `shop_c`.shop.a, `shop_c`.t.b");
}

TEST(ObjectRewrite, UserVariablesAndAccountsAreNoDatabases) {
  EXPECT_EQ(moved(ObjectKind::procedure, "CREATE PROCEDURE p() SET @shop.t = 1, @x = (SELECT 1 FROM shop.t)"),
            "CREATE PROCEDURE p() SET @shop.t = 1, @x = (SELECT 1 FROM `shop_c`.t)");
}

TEST(ObjectRewrite, DatabasesThatStandAloneAreRewritten) {
  const auto body = [](const std::string& statement) { return "CREATE PROCEDURE p() BEGIN " + statement + "; END"; };
  for (const char* before :
       {"ALTER DATABASE ", "DROP DATABASE ", "DROP SCHEMA IF EXISTS ", "CREATE DATABASE IF NOT EXISTS ",
        "SHOW CREATE DATABASE ", "SHOW TABLES FROM ", "SHOW FULL TABLES IN ", "SHOW TABLE STATUS FROM ",
        "SHOW OPEN TABLES IN ", "SHOW EVENTS FROM ", "SHOW TRIGGERS IN ", "SHOW COLUMNS FROM t FROM ",
        "SHOW EXTENDED FULL FIELDS IN `t` IN ", "SHOW INDEX FROM t IN ", "SHOW KEYS FROM t FROM ", "USE "})
    EXPECT_EQ(moved(ObjectKind::procedure, body(std::string(before) + "shop")), body(std::string(before) + "`shop_c`"));
  EXPECT_EQ(moved(ObjectKind::procedure, body("SHOW TABLES FROM shop; SELECT * FROM shop.t")),
            body("SHOW TABLES FROM `shop_c`; SELECT * FROM `shop_c`.t"));
  EXPECT_EQ(moved(ObjectKind::procedure, body("SHOW COLUMNS FROM shop")), body("SHOW COLUMNS FROM shop")) << "a table";
  EXPECT_EQ(moved(ObjectKind::procedure, body("SELECT a FROM t USE INDEX (shop)")),
            body("SELECT a FROM t USE INDEX (shop)"));
  EXPECT_NE(problem(ObjectKind::procedure, body("SHOW TABLES FROM SHOP")), "") << "by another case";
}

TEST(ObjectRewrite, DynamicSqlIsRefusedWhenNamesChange) {
  const std::string prepares = "CREATE PROCEDURE p() BEGIN PREPARE s FROM 'SELECT 1'; EXECUTE s; END";
  EXPECT_NE(problem(ObjectKind::procedure, prepares), "");
  EXPECT_EQ(problem(ObjectKind::procedure, prepares, kSame), "");
  EXPECT_NE(problem(ObjectKind::procedure, "CREATE PROCEDURE p() EXECUTE IMMEDIATE 'SELECT 1'"), "");
}

TEST(ObjectRewrite, RenamedTablesAreRefused) {
  const NameChanges renamed{{}, {{"shop", "orders"}}};
  EXPECT_NE(problem(ObjectKind::view, "CREATE VIEW `shop`.`v` AS select 1 from `shop`.`orders`", renamed), "");
  EXPECT_EQ(problem(ObjectKind::view, "CREATE VIEW `shop`.`v` AS select `t`.`orders` from `shop`.`t`", renamed), "");
  EXPECT_NE(problem(ObjectKind::trigger, "CREATE TRIGGER g BEFORE INSERT ON Orders FOR EACH ROW SET NEW.a=1", renamed),
            "");
  EXPECT_EQ(problem(ObjectKind::event, "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", renamed), "");
}

TEST(ObjectRewrite, TheDefinerIsStrippedOrReplaced) {
  const DefinerRule strip = *parseDefiner("strip");
  const DefinerRule other = *parseDefiner("'new`er'@'10.%'");
  const std::string sql =
      "CREATE DEFINER=`de``finer`@`localhost` TRIGGER `g` BEFORE INSERT ON `t` FOR EACH ROW SET "
      "NEW.a = 'DEFINER=`x`@`y`'";
  const std::string rest = " TRIGGER `g` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.a = 'DEFINER=`x`@`y`'";
  EXPECT_EQ(rewrite(ObjectKind::trigger, sql, kSame, strip).statement, "CREATE " + rest);
  EXPECT_FALSE(rewrite(ObjectKind::trigger, sql, kSame, strip).definer);
  EXPECT_EQ(rewrite(ObjectKind::trigger, sql, kSame, other).statement, "CREATE DEFINER=`new``er`@`10.%`" + rest);
  EXPECT_EQ(rewrite(ObjectKind::trigger, "CREATE" + rest, kSame, other).statement,
            "CREATE DEFINER=`new``er`@`10.%`" + rest);
  EXPECT_EQ(rewrite(ObjectKind::view, "CREATE DEFINER=`role` VIEW `a`.`v` AS select 1", kSame, strip).statement,
            "CREATE  VIEW `a`.`v` AS select 1");
  EXPECT_EQ(rewrite(ObjectKind::procedure, R"(CREATE DEFINER="a b"@"h" PROCEDURE "p"() SELECT 1)", kSame, strip,
                    "ANSI_QUOTES")
                .statement,
            R"(CREATE  PROCEDURE "p"() SELECT 1)");
}

TEST(ObjectRewrite, TriggersLoseTheirOrder) {
  EXPECT_EQ(moved(ObjectKind::trigger, "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW FOLLOWS `other` SET NEW.a=1"),
            "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW  SET NEW.a=1");
  EXPECT_EQ(moved(ObjectKind::trigger, "CREATE OR REPLACE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a=1"),
            "CREATE  TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a=1");
  const std::string label = "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW follows: BEGIN END";
  EXPECT_EQ(moved(ObjectKind::trigger, label), label);
}

TEST(ObjectRewrite, CharacterSetsThatHideQuotesAreRefused) {
  const std::string sql = "CREATE PROCEDURE p() SELECT '\x95\x5c'";
  EXPECT_NE(rewrite(ObjectKind::procedure, sql, kSame, kKeep, {}, "sjis").problem, "");
  EXPECT_EQ(rewrite(ObjectKind::procedure, "CREATE PROCEDURE p() SELECT 'a'", kSame, kKeep, {}, "sjis").problem, "");
  EXPECT_EQ(rewrite(ObjectKind::procedure, "CREATE PROCEDURE p() SELECT '\xe9'", kSame, kKeep, {}, "latin1").problem,
            "");
  EXPECT_NE(rewrite(ObjectKind::procedure, "CREATE PROCEDURE p() SELECT 1",
                    {{{"shop",
                       "gesch\xc3\xa4"
                       "ft"}},
                     {}},
                    kKeep, {}, "latin1")
                .problem,
            "");
}

TEST(ObjectRewrite, WhatIsNoDefinitionIsRefused) {
  EXPECT_NE(problem(ObjectKind::view, "", kSame), "");
  EXPECT_NE(problem(ObjectKind::view, "CREATE DEFINER=", kSame), "");
  EXPECT_NE(problem(ObjectKind::view, "SELECT 1", kSame), "");
}

TEST(ObjectRewrite, TheSettingIsParsed) {
  EXPECT_EQ(parseDefiner("keep")->mode, DefinerRule::Mode::keep);
  EXPECT_EQ(parseDefiner("'it''s'@\"%\"")->user, "it's");
  for (const char* bad : {"", "root@localhost", "'root'", "'root'@", "'root'@'h' ", "'ro\\'ot'@'h'", "''@'h'", "KEEP"})
    EXPECT_FALSE(parseDefiner(bad)) << bad;
}

}  // namespace
}  // namespace drs::mysql
