#include "engine/mysql/account_scope.h"

#include "engine/mysql/account_login.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

JobSpec renaming() {
  JobSpec spec;
  spec.dbObject.objectScope = "database";
  DatabaseObject renamed;
  renamed.name = "a_copy";
  renamed.all = true;
  spec.dbObject.objectInfo.emplace();
  (*spec.dbObject.objectInfo)["a_b"] = renamed;
  return spec;
}

std::string scope(const GrantScopes& scopes, const std::string& line) {
  return scopes.atTarget(parseGrant(line)).value_or("outside");
}

TEST(GrantScopes, TheTargetsNameIsAPatternOrAName) {
  const JobSpec spec = renaming();
  const GrantScopes patterns(spec, {"a_b"}, false, false);
  EXPECT_EQ(scope(patterns, "GRANT SELECT ON `a\\_b`.* TO `u`@`%`"), "`a\\_copy`.*");
  EXPECT_EQ(scope(patterns, "GRANT SELECT ON *.* TO `u`@`%`"), "*.*");
  EXPECT_EQ(scope(patterns, "GRANT SELECT ON `other`.* TO `u`@`%`"), "outside");
  const GrantScopes names(spec, {"a_b"}, false, true);
  EXPECT_EQ(scope(names, "GRANT SELECT ON `a\\_b`.* TO `u`@`%`"), "`a_copy`.*");
  EXPECT_EQ(scope(names, "REVOKE SELECT ON `a_b`.* FROM `u`@`%`"), "`a_copy`.*");
  const GrantScopes toPatterns(spec, {"a_b"}, true, false);
  EXPECT_EQ(scope(toPatterns, "GRANT SELECT ON `a_b`.* TO `u`@`%`"), "`a\\_copy`.*");
  EXPECT_EQ(scope(toPatterns, "GRANT SELECT ON `a\\_b`.* TO `u`@`%`"), "outside");
}

TEST(GrantScopes, APatternIsLostWhereNamesAreTaken) {
  const JobSpec spec = renaming();
  const GrantLine pattern = parseGrant("GRANT SELECT ON `a%`.* TO `u`@`%`");
  EXPECT_TRUE(GrantScopes(spec, {"a_b"}, false, true).losesPattern(pattern));
  EXPECT_FALSE(GrantScopes(spec, {"a_b"}, false, false).losesPattern(pattern));
  EXPECT_FALSE(GrantScopes(spec, {"a_b"}, true, true).losesPattern(pattern));
  EXPECT_FALSE(GrantScopes(spec, {"a_b"}, false, true).losesPattern(parseGrant("GRANT SELECT ON *.* TO `u`@`%`")));
}

TEST(AccountLogin, APolicyCountsFactorsAndNamesPlugins) {
  const std::vector<Credential> one{{"caching_sha2_password", "x"}};
  const std::vector<Credential> two{{"caching_sha2_password", "x"}, {"auth_socket", ""}};
  EXPECT_EQ(policyProblem("", two, false), "");
  EXPECT_EQ(policyProblem("*,,", two, false), "");
  EXPECT_EQ(policyProblem("*,,", one, false), "");
  EXPECT_EQ(policyProblem("*:caching_sha2_password, ,", {}, false), "");
  EXPECT_NE(policyProblem("*", two, false).find("has 2 factors of authentication, the target allows 1"),
            std::string::npos);
  EXPECT_NE(policyProblem("*,*", one, false).find("asks for a factor 2"), std::string::npos);
  EXPECT_NE(policyProblem("*,*", two, true).find("asks for a factor 2"), std::string::npos);
  EXPECT_NE(policyProblem("auth_socket,", one, false).find("asks for the plugin auth_socket as its factor 1"),
            std::string::npos);
  EXPECT_EQ(policyProblem("auth_socket", one, true), "");
}

}  // namespace
}  // namespace drs::mysql
