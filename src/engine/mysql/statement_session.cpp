#include "engine/mysql/statement_session.h"

#include "engine/mysql/connection.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

/// The modes that both families know under the same bit, without those that only stand for others.
constexpr std::uint64_t kCommonModes = 0x1U | 0x2U | 0x4U | 0x8U | 0x20U | 0x40U | 0x80000U | 0x100000U | 0x200000U |
                                       0x400000U | 0x800000U | 0x1000000U | 0x2000000U | 0x4000000U | 0x20000000U |
                                       0x40000000U;
constexpr std::uint32_t kNoForeignKeyChecks = 1U << 26U, kRelaxedUniqueChecks = 1U << 27U;

}  // namespace

StatementSession statementSession(const QueryEvent& query, std::string_view systemTimeZone) {
  StatementSession out;
  out.database = query.database;
  out.mode = query.sqlMode;
  out.serverCollation = query.serverCollation;
  std::vector<std::string>& sets = out.settings;
  sets.push_back(fmt::format("SET SESSION sql_mode = {}", query.sqlMode & kCommonModes));
  sets.push_back(fmt::format("SET SESSION foreign_key_checks = {}, unique_checks = {}",
                             (query.flags & kNoForeignKeyChecks) != 0 ? 0 : 1,
                             (query.flags & kRelaxedUniqueChecks) != 0 ? 0 : 1));
  sets.push_back(query.microseconds
                     ? fmt::format("SET SESSION timestamp = {}.{:06}", query.seconds, *query.microseconds)
                     : fmt::format("SET SESSION timestamp = {}", query.seconds));
  const bool isSystem = query.timeZone == "SYSTEM";
  if (isSystem && systemTimeZone.empty()) {
    out.timeZone = "SYSTEM";
  } else if (!query.timeZone.empty()) {
    sets.push_back("SET SESSION time_zone = " + quoteText(isSystem ? systemTimeZone : query.timeZone));
  }
  if (query.explicitTimestamps)
    sets.push_back(fmt::format("SET SESSION explicit_defaults_for_timestamp = {}", *query.explicitTimestamps ? 1 : 0));
  if (query.utf8mb4Collation != 0)
    sets.push_back(fmt::format("SET SESSION default_collation_for_utf8mb4 = {}", query.utf8mb4Collation));
  // Last, for from here on the session reads the text in the source's character set.
  if (query.connectionCollation != 0)
    sets.push_back(fmt::format("SET SESSION collation_connection = {}", query.connectionCollation));
  if (query.clientCharset != 0)
    sets.push_back(fmt::format("SET SESSION character_set_client = {}", query.clientCharset));
  return out;
}

}  // namespace drs::mysql
