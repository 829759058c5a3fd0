#pragma once

#include "engine/mysql/connection.h"

#include <string>
#include <string_view>

namespace drs::mysql {

/// Serialises, on one server, the creation of the control schema with its removal by the last job, and the changes of
/// read_only.
inline constexpr std::string_view kSetupLock = "drs_ctl.setup";
inline constexpr int kSetupLockSeconds = 30;

/// Ends the session that holds the lock, if another one does, and waits until it is gone. The holder must be of the
/// same account. Throws what Connection throws, and Error(sourceBusy, targetBusy) if it does not end within half a
/// minute.
void endHolder(Connection& connection, const std::string& name);

/// Takes the lock for as long as the session lives, from whoever else holds it: its successor finds it by the name.
/// Throws as endHolder().
void takeOver(Connection& connection, const std::string& name);

/// A server-side named lock for a scope. A session may take the same one several times. One thread.
class NamedLock {
 public:
  /// Throws Error(targetBusy) if another session holds it for longer than `seconds`. A holder that has been idle for
  /// ten seconds is taken for lost and ended.
  NamedLock(Connection& connection, std::string_view name, int seconds);
  ~NamedLock();
  NamedLock(const NamedLock&) = delete;
  NamedLock& operator=(const NamedLock&) = delete;

 private:
  Connection& connection_;
  std::string name_;
};

}  // namespace drs::mysql
