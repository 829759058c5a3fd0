#include "engine/mysql/log_expiry.h"

#include "engine/mysql/log_continuity.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/server_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace drs::mysql {
namespace {

constexpr int kExpiryLookSeconds = 2;
constexpr double kDay = 86400;

double number(Connection& connection, const std::string& variable) {
  return std::strtod(globalVariable(connection, variable).c_str(), nullptr);
}

/// 0: for ever.
double keptSeconds(Connection& connection) {
  const double seconds = number(connection, "binlog_expire_logs_seconds");
  return seconds > 0 ? seconds : number(connection, "expire_logs_days") * kDay;
}

/// 0: no limit.
double keptBytes(Connection& connection) {
  const double bytes = number(connection, "max_binlog_total_size");
  return bytes > 0 ? bytes : number(connection, "binlog_space_limit");
}

/// What the lane has not read to its end. Files of other servers mean nothing here.
double neededBytes(Connection& connection, const LogPosition& at) {
  if (!at.server.empty() && at.server != serverId(connection)) return 0;
  const auto files = logFiles(connection);
  auto from = std::find_if(files.begin(), files.end(), [&](const LogFile& file) { return file.name == at.file; });
  double bytes = 0;
  for (; from != files.end(); ++from) bytes += static_cast<double>(from->bytes);
  return bytes;
}

/// Without a remedy.
LogUse useOf(Connection& connection, const LogPosition& at, double behindSeconds) {
  const double seconds = keptSeconds(connection), bytes = keptBytes(connection);
  const double needed = bytes > 0 ? neededBytes(connection, at) : 0;
  const double byTime = seconds > 0 ? behindSeconds / seconds : 0;
  const double byRoom = bytes > 0 ? needed / bytes : 0;
  const std::string limit =
      byTime >= byRoom
          ? fmt::format("the source removes its log after {:.0f} s (binlog_expire_logs_seconds, expire_logs_days)",
                        seconds)
          : fmt::format("{:.0f} of the {:.0f} bytes that the source's log may have are still needed", needed, bytes);
  return {std::max(byTime, byRoom),
          fmt::format("The replay is {:.0f} s behind, at {}, and {}: what it has not read may soon be gone",
                      behindSeconds, at.file.empty() ? at.gtid : fmt::format("{}:{}", at.file, at.offset), limit)};
}

}  // namespace

LogUse logUse(const ConnectOptions& options, const LogPosition& at, UnixMillis readUpTo) {
  ConnectOptions quick = options;
  quick.connectTimeoutSeconds = quick.readTimeoutSeconds = kExpiryLookSeconds;
  const auto connection = Connection::open(quick);
  LogUse use = useOf(*connection, at, static_cast<double>(Clock().now() - readUpTo) / 1000);
  use.text += ". Resume the task, or let the source keep its log for longer";
  try {
    requireContinuity(*connection, at);
  } catch (const Error& error) {
    if (error.msg() != Msg::logPurged) throw;
    use = {std::max(use.share, 1.0), fmt::format("The task cannot go on: {}. {}", error.text(), error.remedy()), true};
  }
  return use;
}

bool LogExpiry::isDue(UnixMillis readUpTo) {
  const auto now = std::chrono::steady_clock::now();
  if (readUpTo == 0 || now < nextLook_) return false;
  nextLook_ = now + std::chrono::seconds(1);
  const bool isBehind = clock_.now() - readUpTo > std::chrono::milliseconds(kWorthALook).count();
  if (!isBehind) warned_ = false;
  return isBehind;
}

void LogExpiry::look(const ConnectOptions& options, const LogPosition& at, UnixMillis readUpTo) {
  nextLook_ = std::chrono::steady_clock::now() + kLookEvery;
  try {
    ConnectOptions quick = options;
    quick.connectTimeoutSeconds = quick.readTimeoutSeconds = kExpiryLookSeconds;
    judge(*Connection::open(quick), at, static_cast<double>(clock_.now() - readUpTo) / 1000);
  } catch (const Error&) {
    // The lane itself will say what is the matter with the source.
  }
}

void LogExpiry::judge(Connection& connection, const LogPosition& at, double behindSeconds) {
  const LogUse use = useOf(connection, at, behindSeconds);
  if (use.share < kFar) warned_ = false;
  if (use.share < kNear || warned_) return;
  warned_ = true;
  warn_(use.text + ". Let the source keep its log for longer");
}

}  // namespace drs::mysql
