#pragma once

#include "engine/engine.h"
#include "engine/mysql/connection.h"
#include "engine/mysql/server_log.h"

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::mysql {

/// What the checks of one pre-check share. What is costly to read is read once, at first use; if that fails, every
/// check that needs it fails with the same error.
class ProbeState {
 public:
  ProbeState(const EngineJob& job, std::stop_token stop);

  /// Opens both connections; a failure is kept and thrown by source() or target().
  void connect();
  [[nodiscard]] Connection& source() { return side(source_, sourceError_); }
  [[nodiscard]] Connection& target() { return side(target_, targetError_); }
  [[nodiscard]] const EngineJob& job() const { return job_; }
  [[nodiscard]] const std::stop_token& stop() const { return stop_; }
  [[nodiscard]] bool hasFullPhase() const { return job_.spec.baseInfo.taskType.value_or("") != "INCR_TRANS"; }

  /// The databases that the selection touches and the source has.
  [[nodiscard]] const std::vector<std::string>& databases();
  /// Base tables of those databases.
  [[nodiscard]] const std::vector<TableSchemaPtr>& sourceTables();
  /// Those of them that are selected.
  [[nodiscard]] const std::vector<TableSchemaPtr>& selected();
  /// Base tables of the target's databases that the selection is mapped to.
  [[nodiscard]] const std::map<TableName, TableSchemaPtr>& targetTables();
  [[nodiscard]] LogMode sourceLogMode();
  /// A task that copies once can do without a log, in one long snapshot; then the log's settings do not matter.
  [[nodiscard]] bool copiesWithoutLog();
  /// Views, routines, triggers and events of the selection, and what keeps them from being copied.
  [[nodiscard]] const ObjectSelection& objects();

 private:
  Connection& side(std::unique_ptr<Connection>& connection, const std::optional<Error>& error);

  const EngineJob& job_;
  std::stop_token stop_;
  std::unique_ptr<Connection> source_, target_;
  std::optional<Error> sourceError_, targetError_, tablesError_, objectsError_;
  std::optional<ObjectSelection> objects_;
  std::optional<std::vector<std::string>> databases_;
  std::optional<std::vector<TableSchemaPtr>> sourceTables_, selected_;
  std::optional<std::map<TableName, TableSchemaPtr>> targetTables_;
};

/// What a check found. `reason` names the object, the cause and the remedy; empty when passed.
struct Verdict {
  CheckResult result = CheckResult::passed;
  std::string reason;
  bool skippable = false;
};
[[nodiscard]] inline Verdict passed() {
  return {};
}
[[nodiscard]] inline Verdict alarm(std::string reason) {
  return {CheckResult::alarm, std::move(reason), true};
}
[[nodiscard]] inline Verdict failed(std::string reason) {
  return {CheckResult::failed, std::move(reason), false};
}
[[nodiscard]] inline Verdict skippable(std::string reason) {
  return {CheckResult::failed, std::move(reason), true};
}

/// Groups of items.
inline constexpr const char* kConnection = "connection";
inline constexpr const char* kConsistency = "consistency";
inline constexpr const char* kLog = "log";
inline constexpr const char* kObjects = "objects";
inline constexpr const char* kPrivileges = "privileges";

/// One item: its name in the API, its group, and what it does. An Error thrown inside fails the item.
struct Check {
  const char* item;
  const char* group;
  Verdict (*run)(ProbeState& state);
};

/// Versions, log settings, consistency of the two servers (prober_server.cpp).
[[nodiscard]] const std::vector<Check>& serverChecks();
/// Rights of both accounts (prober_rights.cpp).
[[nodiscard]] const std::vector<Check>& rightsChecks();
/// What is selected at the source (prober_objects.cpp).
[[nodiscard]] const std::vector<Check>& objectChecks();
/// Views, routines, triggers and events (prober_other.cpp).
[[nodiscard]] const std::vector<Check>& otherObjectChecks();
/// Accounts and parameters (prober_settings.cpp).
[[nodiscard]] const std::vector<Check>& settingChecks();
/// What stands at the target already (prober_target.cpp).
[[nodiscard]] const std::vector<Check>& targetChecks();

/// Of tasks with multi_write (prober_two_way.cpp).
[[nodiscard]] const std::vector<Check>& twoWayChecks();

/// A global variable's value; empty if the server does not have it.
[[nodiscard]] std::string globalVariable(Connection& connection, const std::string& name);

/// Collects the objects that a reason names: the first ten, then a count.
class NameList {
 public:
  void add(const std::string& name) {
    if (++count_ <= kShown) text_ += (text_.empty() ? "" : "; ") + name;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::string text() const {
    return count_ <= kShown ? text_ : text_ + "; and " + std::to_string(count_ - kShown) + " more";
  }

 private:
  static constexpr std::size_t kShown = 10;
  std::size_t count_ = 0;
  std::string text_;
};

}  // namespace drs::mysql
