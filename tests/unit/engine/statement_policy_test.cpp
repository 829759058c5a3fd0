#include "engine/mysql/statement_policy.h"

#include "base/error.h"
#include "engine/mysql/statement_session.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

/// "" = carried over, else the member that filters it.
std::string filter(const JobSpec& spec, std::string_view sql) {
  return verdictOn(parseDdl(sql, {}), spec).filteredBy;
}

TEST(StatementPolicy, WithoutAListDdlTransDecides) {
  JobSpec spec;
  for (const char* sql : {"ALTER TABLE t ADD a INT", "DROP TABLE t", "CREATE TABLE t (a INT)", "RENAME TABLE t TO u",
                          "ALTER TABLE t COMMENT='x'"}) {
    EXPECT_EQ(filter(spec, sql), "") << sql;
    spec.policyConfig.ddlTrans = false;
    EXPECT_EQ(filter(spec, sql), "ddl_trans") << sql;
    spec.policyConfig.ddlTrans.reset();
  }
}

TEST(StatementPolicy, KindsWithAWordFollowTheList) {
  JobSpec spec;
  spec.policyConfig.supportDdlInfo = "ADD_COLUMN,CREATE_INDEX";
  EXPECT_EQ(filter(spec, "ALTER TABLE t ADD a INT, ALGORITHM=INPLACE"), "");
  EXPECT_EQ(filter(spec, "CREATE INDEX i ON t (a)"), "");
  EXPECT_EQ(filter(spec, "ALTER TABLE t ADD INDEX (a)"), "support_ddl_info");
  EXPECT_EQ(filter(spec, "CREATE TABLE t (a INT)"), "support_ddl_info");
  EXPECT_EQ(filter(spec, "ALTER TABLE t DROP COLUMN a"), "");
  spec.policyConfig.ddlTrans = false;
  EXPECT_EQ(filter(spec, "ALTER TABLE t DROP COLUMN a"), "ddl_trans");
  EXPECT_EQ(filter(spec, "ALTER TABLE t ADD a INT"), "");
}

TEST(StatementPolicy, APartOfAStatementIsNeverFiltered) {
  JobSpec spec;
  spec.policyConfig.supportDdlInfo = "ADD_COLUMN";
  EXPECT_THROW((void)filter(spec, "ALTER TABLE t ADD a INT, ADD INDEX (a)"), Error);
}

TEST(StatementPolicy, DropDatabaseFollowsItsOwnRule) {
  JobSpec spec;
  spec.baseInfo.jobType = "sync";
  EXPECT_EQ(filter(spec, "DROP DATABASE d"), "filter_ddl_policy");
  spec.baseInfo.jobType = "migration";
  EXPECT_EQ(filter(spec, "DROP DATABASE d"), "");
  spec.policyConfig.filterDdlPolicy = "drop_database";
  EXPECT_EQ(filter(spec, "DROP DATABASE d"), "filter_ddl_policy");
}

TEST(StatementSession, SetsWhatDecidesTheMeaningOfAStatement) {
  QueryEvent query;
  query.database = "d";
  query.sqlMode = 0x4U | 0x10000000U;  // ANSI_QUOTES, and NO_AUTO_CREATE_USER, which MySQL 8 refuses
  query.seconds = 7;
  query.microseconds = 42;
  query.flags = 1U << 26U;
  query.clientCharset = 8;
  query.timeZone = "SYSTEM";
  const StatementSession session = statementSession(query, "");
  EXPECT_EQ(session.settings, (std::vector<std::string>{
                                  "SET SESSION sql_mode = 4", "SET SESSION foreign_key_checks = 0, unique_checks = 1",
                                  "SET SESSION timestamp = 7.000042", "SET SESSION character_set_client = 8"}));
  EXPECT_EQ(session.timeZone, "SYSTEM");
  EXPECT_EQ(statementSession(query, "+00:00").settings[3], "SET SESSION time_zone = '+00:00'");
}

}  // namespace
}  // namespace drs::mysql
