#pragma once

#include "engine/mysql/grants.h"
#include "pipeline/interfaces.h"

#include <string>
#include <string_view>
#include <vector>

// is_target_readonly: the target is read_only from the planning of a job to its end, so that nobody but privileged
// accounts writes there. Never super_read_only, which would bind our own sessions.

namespace drs::mysql {

/// True if the job wants its target read-only: migration with job_direction up and single-active disaster recovery,
/// unless the request says false.
[[nodiscard]] bool asksForReadOnly(const JobSpec& spec);
/// True if the request says true where it means nothing.
[[nodiscard]] bool asksInVain(const JobSpec& spec);

/// True if a value of read_only ("OFF", "0", …; MariaDB 12 has words beyond ON and OFF) lets everybody write.
[[nodiscard]] bool isWritable(std::string_view readOnly);

/// What an account may do about read_only.
struct ReadOnlyRights {
  bool set = false;          ///< change it
  bool write = false;        ///< write in spite of it
  std::string_view setBy;    ///< the right to grant for `set`
  std::string_view writeBy;  ///< the right to grant for `write`
};
[[nodiscard]] ReadOnlyRights readOnlyRights(const Grants& grants, const ServerInfo& server);

/// The notes in `drs_ctl`.readonly: a row for each job that wants this server read-only, with the value of before the
/// first of them. It is written before the value is changed, and the last of the jobs sets the value back. All methods
/// need the control tables, take the setup lock, and throw what Connection throws and Error(targetBusy): other sessions
/// hold locks that keep read_only from being set. Threads: any, each with a connection of its own.
class ReadOnlyNotes {
 public:
  explicit ReadOnlyNotes(std::string_view jobId);
  /// Notes the job and sets read_only. Idempotent. Returns the value of before the first job. If the server refuses to
  /// set it, the note is taken back. `frozenFrom`: the value of before a freeze that lasts.
  [[nodiscard]] std::string take(Connection& connection, std::string_view frozenFrom = {}) const;
  /// Sets it again if the job is noted and the server, restarted in the meantime, has forgotten it. Costs one query if
  /// there is nothing to do. The session must be registered for the job (ControlTables), so that release ends it.
  void keep(Connection& connection) const;
  /// Sets the value back if no other job is noted, and forgets the job. Returns what remains for the user to know: why
  /// the target stays read-only. Empty: as it was before, or not noted.
  [[nodiscard]] std::string release(Connection& connection) const;

 private:
  [[nodiscard]] bool isForgotten(Connection& connection) const;
  void forget(Connection& connection) const;

  std::string id_;  ///< the job id as a literal
};

/// As Engine::becomeStandby().
void becomeStandby(const EngineJob& job, const Fence& fence, std::string_view setting);

/// As Engine::setReadOnly().
[[nodiscard]] std::vector<std::string> setReadOnly(const EngineJob& job, const Fence& fence);

}  // namespace drs::mysql
