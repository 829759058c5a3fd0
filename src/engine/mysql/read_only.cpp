#include "engine/mysql/read_only.h"

#include "base/failpoint.h"
#include "engine/mysql/named_lock.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/sink_session.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

constexpr int kMysqlWithFineRights = 80000;     // CONNECTION_ADMIN, SYSTEM_VARIABLES_ADMIN
constexpr int kMariadbWithFineRights = 100502;  // READ_ONLY ADMIN
constexpr int kMariadbWithoutSuper = 101100;    // SUPER no longer includes it
// While SET GLOBAL read_only waits for other sessions, it keeps all others from beginning to write.
constexpr int kSwitchSeconds = 10;

bool isPossible(const JobSpec& spec) {
  const std::string type = spec.baseInfo.jobType.value_or("");
  if (type == "cloudDataGuard") return !spec.baseInfo.multiWrite.value_or(false);  // the standby, wherever it is
  return type == "migration" && spec.baseInfo.jobDirection == "up";
}

std::optional<bool> requested(const JobSpec& spec) {
  if (spec.targetEndpoint.empty() || !spec.targetEndpoint.front().config) return std::nullopt;
  return spec.targetEndpoint.front().config->isTargetReadonly;
}

void switchOn(Connection& connection) {
  const std::string patience = connection.value("SELECT @@session.lock_wait_timeout").value_or("60");
  connection.execute(fmt::format("SET SESSION lock_wait_timeout = {}", kSwitchSeconds));
  try {
    connection.execute("SET GLOBAL read_only = ON");
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost) throw;
    connection.execute("SET SESSION lock_wait_timeout = " + patience);
    if (error.msg() != Msg::deadlock) throw;
    throw Error(Msg::targetBusy,
                {connection.peer(),
                 fmt::format("SET GLOBAL read_only = ON (is_target_readonly) waited {} s for statements or table locks "
                             "of other sessions; let them end there",
                             kSwitchSeconds)},
                Origin::target);
  }
  connection.execute("SET SESSION lock_wait_timeout = " + patience);
}

}  // namespace

bool asksForReadOnly(const JobSpec& spec) {
  return isPossible(spec) && requested(spec).value_or(true);
}

bool asksInVain(const JobSpec& spec) {
  return !isPossible(spec) && requested(spec).value_or(false);
}

bool isWritable(std::string_view readOnly) {
  return readOnly.empty() || readOnly == "OFF" || readOnly == "0";
}

ReadOnlyRights readOnlyRights(const Grants& grants, const ServerInfo& server) {
  const bool super = grants.onServer("SUPER");
  if (!server.mariadb) {
    if (server.version < kMysqlWithFineRights) return {super, super, "SUPER", "SUPER"};
    return {super || grants.onServer("SYSTEM_VARIABLES_ADMIN"), super || grants.onServer("CONNECTION_ADMIN"),
            "SYSTEM_VARIABLES_ADMIN", "CONNECTION_ADMIN"};
  }
  if (server.version < kMariadbWithFineRights) return {super, super, "SUPER", "SUPER"};
  const bool may = grants.onServer("READ_ONLY ADMIN") || grants.onServer("READ ONLY ADMIN") ||
                   (super && server.version < kMariadbWithoutSuper);
  return {may, may, "READ_ONLY ADMIN", "READ_ONLY ADMIN"};
}

ReadOnlyNotes::ReadOnlyNotes(std::string_view jobId) : id_(quoteText(jobId)) {}

std::string ReadOnlyNotes::take(Connection& connection, std::string_view frozenFrom) const {
  const NamedLock setup(connection, kSetupLock, kSetupLockSeconds);
  const std::string now = globalVariable(connection, "read_only");
  const std::string before = connection.value(fmt::format("SELECT previous FROM {}.readonly LIMIT 1", kControlSchema))
                                 .value_or(frozenFrom.empty() ? now : std::string(frozenFrom));
  connection.execute(
      fmt::format("INSERT INTO {}.readonly (job_id, previous) VALUES ({}, {}) ON DUPLICATE KEY UPDATE job_id = job_id",
                  kControlSchema, id_, quoteText(before)));
  failpoint("readonly.noted");
  try {
    if (isWritable(now)) switchOn(connection);
  } catch (const Error& error) {
    if (error.action() != Action::retry) forget(connection);
    throw;
  }
  failpoint("readonly.set");
  return before;
}

bool ReadOnlyNotes::isForgotten(Connection& connection) const {
  return connection
      .value(fmt::format("SELECT 1 FROM {}.readonly WHERE job_id = {} AND CAST(@@global.read_only AS CHAR) IN ('0', "
                         "'OFF')",
                         kControlSchema, id_))
      .has_value();
}

void ReadOnlyNotes::keep(Connection& connection) const {
  if (!isForgotten(connection)) return;
  const NamedLock setup(connection, kSetupLock, kSetupLockSeconds);
  if (isForgotten(connection)) switchOn(connection);
}

std::string ReadOnlyNotes::release(Connection& connection) const {
  const NamedLock setup(connection, kSetupLock, kSetupLockSeconds);
  const auto previous =
      connection.value(fmt::format("SELECT previous FROM {}.readonly WHERE job_id = {}", kControlSchema, id_));
  if (!previous) return {};
  NameList others;
  for (const auto& row :
       connection.query(fmt::format("SELECT job_id FROM {}.readonly WHERE job_id <> {}", kControlSchema, id_)))
    others.add(row.at(0).value_or(""));
  std::string left;
  if (!others.empty()) {
    left = "read_only = ON of the target, which is kept for: " + others.text();
  } else if (isWritable(*previous) && !isWritable(globalVariable(connection, "read_only"))) {
    try {
      connection.execute("SET GLOBAL read_only = " + *previous);
    } catch (const Error& error) {
      if (error.action() == Action::retry) throw;
      left = fmt::format("read_only of the target ({}); SET GLOBAL read_only = {} there", error.text(), *previous);
    }
  }
  failpoint("readonly.restored");
  forget(connection);
  return left;
}

void ReadOnlyNotes::forget(Connection& connection) const {
  connection.execute(fmt::format("DELETE FROM {}.readonly WHERE job_id = {}", kControlSchema, id_));
}

void becomeStandby(const EngineJob& job, const Fence& fence, std::string_view setting) {
  SinkSession session(connectOptions(job, Side::target), ControlTables(job.id));
  {
    // Made read-only for everybody by the freeze: the control tables come behind that.
    const auto server = Connection::open(connectOptions(job, Side::target));
    if (!server->server().mariadb) server->execute("SET GLOBAL super_read_only = OFF");  // read_only stays
  }
  (void)session.fence(fence);
  (void)ReadOnlyNotes(job.id).take(session.fenced(), setting.substr(0, setting.find('/')));
}

std::vector<std::string> setReadOnly(const EngineJob& job, const Fence& fence) {
  if (!asksForReadOnly(job.spec)) return {};
  SinkSession session(connectOptions(job, Side::target), ControlTables(job.id));
  session.adopt(fence);
  Connection& target = session.fenced();
  const ReadOnlyRights rights = readOnlyRights(Grants::read(target), target.server());
  const auto refused = [](const std::string& why) {
    return std::vector{"The target is not set read-only (is_target_readonly): " + why +
                       "; keep applications from writing there"};
  };
  if (!rights.set) return refused(fmt::format("its account lacks {}", rights.setBy));
  try {
    const std::string before = ReadOnlyNotes(job.id).take(target);
    if (!isWritable(before)) return {"The target was read-only before, and stays so when the task ends"};
    return {
        fmt::format("The target is read-only for other accounts until the last task that asks for it has ended "
                    "(read_only before: {})",
                    before)};
  } catch (const Error& error) {
    if (error.action() == Action::retry || error.msg() == Msg::fenced) throw;
    return refused(error.text());
  }
}

}  // namespace drs::mysql
