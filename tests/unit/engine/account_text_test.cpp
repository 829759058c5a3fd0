#include "engine/mysql/account_text.h"

#include "engine/mysql/parameters.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

TEST(AccountText, QuotesAndReadsBack) {
  for (const std::string user : {"plain", "o'd`d\"", "back\\slash", "😀", "a@b", ""}) {
    for (const std::string host : {"%", "10.%", "h'`o"}) {
      for (const std::string& text : {accountText({user, host}), quoteAccount({user, host})}) {
        const auto read = parseAccount(text, "");
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(read->user, user);
        EXPECT_EQ(read->host, host);
      }
    }
  }
  EXPECT_EQ(parseAccount("'r'", "%")->host, "%");
  EXPECT_EQ(parseAccount("a@b@10.1.1.1", "%")->user, "a@b");
  EXPECT_FALSE(parseAccount("'open", "%"));
  EXPECT_FALSE(parseAccount("'a'@'b' x", "%"));
  EXPECT_FALSE(parseAccount("a'@'b", "%"));
  EXPECT_FALSE(parseAccount("", "%"));
}

TEST(AccountText, CreateUserOfMysql) {
  const CreateUser user = parseCreateUser(
      "CREATE USER `a``b`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24410027 DEFAULT ROLE `r`@`%`,`s`@`%` "
      "REQUIRE "
      "SUBJECT '/CN=REQUIRE ACCOUNT' WITH MAX_USER_CONNECTIONS 3 PASSWORD EXPIRE DEFAULT ACCOUNT LOCK PASSWORD HISTORY "
      "5 "
      "PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT ATTRIBUTE '{\"a\": \"PASSWORD\"}'");
  EXPECT_EQ(user.problem, "");
  EXPECT_EQ(user.account.user, "a`b");
  ASSERT_EQ(user.credentials.size(), 1U);
  EXPECT_EQ(user.credentials[0].plugin, "caching_sha2_password");
  EXPECT_EQ(user.credentials[0].secret, std::string("\x24\x41\0\x27", 4));
  EXPECT_EQ(user.defaultRoles.size(), 2U);
  EXPECT_EQ(user.clauses,
            (std::vector<std::string>{"REQUIRE SUBJECT '/CN=REQUIRE ACCOUNT'", "WITH MAX_USER_CONNECTIONS 3",
                                      "ACCOUNT LOCK", "PASSWORD HISTORY 5", "ATTRIBUTE '{\"a\": \"PASSWORD\"}'"}));
}

TEST(AccountText, CreateUserOfMariadb) {
  const CreateUser native = parseCreateUser("CREATE USER `u`@`h` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL");
  EXPECT_EQ(native.problem, "");
  EXPECT_EQ(native.credentials.at(0).plugin, "mysql_native_password");
  const CreateUser several =
      parseCreateUser("CREATE USER `u`@`h` IDENTIFIED VIA ed25519 USING 'x/y' OR unix_socket PASSWORD EXPIRE");
  EXPECT_EQ(several.problem, "");
  ASSERT_EQ(several.credentials.size(), 2U);
  EXPECT_EQ(several.credentials[0].secret, "x/y");
  EXPECT_EQ(several.credentials[1].plugin, "unix_socket");
  EXPECT_FALSE(several.factors);
  EXPECT_TRUE(parseCreateUser("CREATE USER `u`@`h`").credentials.empty());
}

TEST(AccountText, NamesWhatItDoesNotKnow) {
  for (const char* text :
       {"", "SELECT 1", "CREATE USER", "CREATE USER `u`@`h` IDENTIFIED BY 'plain'", "CREATE USER `u`@`h` SURPRISE",
        "CREATE USER `u`@`h` IDENTIFIED WITH 'p' AS", "CREATE USER `u"})
    EXPECT_NE(parseCreateUser(text).problem, "") << text;
  for (const char* text :
       {"", "GRANT", "GRANT SELECT ON", "GRANT SELECT ON *.* TO", "GRANT `r`", "GRANT SELECT ON `a TO `b`"})
    EXPECT_EQ(parseGrant(text).kind, GrantLine::Kind::unknown) << text;
}

TEST(AccountText, Grants) {
  using enum GrantLine::Kind;
  const GrantLine columns = parseGrant(
      "GRANT SELECT, INSERT (`a`, `b,)`), CREATE TEMPORARY TABLES ON `d``.*`.`t ON` TO `TO`@`%` WITH GRANT OPTION");
  EXPECT_EQ(columns.kind, privileges);
  ASSERT_EQ(columns.privileges.size(), 3U);
  EXPECT_EQ(columns.privileges[1].columns, (std::vector<std::string>{"a", "b,)"}));
  EXPECT_EQ(columns.privileges[2].name, "CREATE TEMPORARY TABLES");
  EXPECT_EQ(columns.database, "d`.*");
  EXPECT_EQ(columns.object, "t ON");
  EXPECT_EQ(columns.grantee.user, "TO");
  EXPECT_TRUE(columns.passOn);

  const GrantLine all =
      parseGrant("GRANT ALL PRIVILEGES ON *.* TO `u`@`h` IDENTIFIED BY PASSWORD '* WITH GRANT OPTION'");
  EXPECT_FALSE(all.database);
  EXPECT_FALSE(all.passOn) << "a text is no option";
  EXPECT_EQ(parseGrant("GRANT EXECUTE ON PROCEDURE `d`.`p` TO `u`@`h`").objectType, "PROCEDURE");
  EXPECT_EQ(parseGrant("REVOKE SELECT ON `d`.* FROM `u`@`h`").kind, revoke);
  const GrantLine granted = parseGrant("GRANT `r`@`%`,`s`@`%` TO `u`@`h` WITH ADMIN OPTION");
  EXPECT_EQ(granted.kind, roles);
  EXPECT_EQ(granted.roles.size(), 2U);
  EXPECT_TRUE(granted.passOn);
  EXPECT_EQ(parseGrant("SET DEFAULT ROLE `r` FOR `u`@`h`").kind, defaultRole);
  EXPECT_EQ(parseGrant("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION").kind, proxy);
}

TEST(AccountText, DatabasePatterns) {
  EXPECT_EQ(databaseOf("shop\\_x", {}), "shop_x");
  EXPECT_EQ(databaseOf("shop_x", {"shop_x"}), "shop_x");
  EXPECT_FALSE(databaseOf("shop_x", {}));
  EXPECT_FALSE(databaseOf("shop%", {"shop"}));
  EXPECT_EQ(patternOf("a_b%"), "a\\_b\\%");
}

TEST(AccountText, ParameterValues) {
  EXPECT_TRUE(isParameterValue("sync_binlog", "10"));
  EXPECT_TRUE(isParameterValue("long_query_time", "0.5"));
  EXPECT_TRUE(isParameterValue("query_cache_type", "DEMAND"));
  for (const char* bad : {"", "-1", "1.5", "ON", "1; DROP", "1, read_only = 1", "0x10"})
    EXPECT_FALSE(isParameterValue("sync_binlog", bad)) << bad;
}

}  // namespace
}  // namespace drs::mysql
