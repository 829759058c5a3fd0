#pragma once

#include "engine/engine.h"
#include "engine/redis/capabilities.h"
#include "engine/redis/selection.h"
#include "engine/redis/servers.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::redis {

/// What a server says of a setting, or why it does not.
struct Setting {
  std::optional<std::string> value;
  std::string why;  ///< it refuses CONFIG: its words

  [[nodiscard]] std::optional<std::uint64_t> number() const;
};

/// A server that the task would read from.
struct SourceServer {
  Shard shard;
  std::unique_ptr<Connection> connection;
  Info info;

  [[nodiscard]] std::string name() const { return shard.address.text(); }
};

/// What the checks of one pre-check share. What is costly is asked once, at first use; if that fails, every check that
/// needs it fails with the same error.
class ProbeState {
 public:
  ProbeState(const EngineJob& job, std::stop_token stop);

  [[nodiscard]] const EngineJob& job() const { return job_; }
  [[nodiscard]] const std::stop_token& stop() const { return stop_; }
  [[nodiscard]] const Selection& selection();
  /// One for each shard, with an open connection.
  [[nodiscard]] std::vector<SourceServer>& sources();
  [[nodiscard]] Connection& target();
  /// Nothing: the target refuses INFO; targetInfoRefusal() has its words.
  [[nodiscard]] const std::optional<Info>& targetInfo();
  [[nodiscard]] const std::string& targetInfoRefusal() const { return infoRefusal_; }
  [[nodiscard]] const Capabilities& capabilities();
  /// Connections to all masters of a target that is a cluster; else to the one server.
  [[nodiscard]] std::vector<std::unique_ptr<Connection>>& targets();

  /// Used memory of all shards, in bytes.
  [[nodiscard]] std::uint64_t sourceMemory();
  [[nodiscard]] bool follows() const { return job_.spec.baseInfo.taskType != "FULL_TRANS"; }

 private:
  template <typename T>
  T& once(std::optional<T>& value, std::optional<Error>& error, const std::function<T()>& make);

  const EngineJob& job_;
  std::stop_token stop_;
  std::optional<Selection> selection_;
  std::optional<std::vector<SourceServer>> sources_;
  std::optional<std::unique_ptr<Connection>> target_;
  std::optional<std::optional<Info>> targetInfo_;
  std::string infoRefusal_;
  std::optional<Capabilities> capabilities_;
  std::optional<std::vector<std::unique_ptr<Connection>>> targets_;
  std::optional<Error> targetsError_, selectionError_, sourcesError_, targetError_, infoError_, capabilitiesError_;
};

/// What a check found. `reason` names the server, the cause and the remedy; empty when passed.
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

/// What several servers give to one verdict: the gravest counts, all are named.
class Findings {
 public:
  void fail(const std::string& text) { add(text, CheckResult::failed, false); }
  void failSkippable(const std::string& text) { add(text, CheckResult::failed, true); }
  void warn(const std::string& text) { add(text, CheckResult::alarm, true); }
  /// `what` could not be asked. Never guessed.
  void unknown(const std::string& server, const std::string& what, const std::string& why) {
    warn(server + ": " + what + " is unknown, because " + why);
  }
  /// `remedy` follows all findings.
  [[nodiscard]] Verdict verdict(const std::string& remedy = {}) const;

 private:
  void add(const std::string& text, CheckResult result, bool skippable);

  static constexpr int kShown = 10;
  int count_ = 0;
  std::string text_;
  CheckResult result_ = CheckResult::passed;
  bool skippable_ = true;
};

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

/// Connections, versions and what both servers are to each other (prober_servers.cpp).
[[nodiscard]] const std::vector<Check>& serverChecks();
/// What the source lets a replica have (prober_replication.cpp).
[[nodiscard]] const std::vector<Check>& replicationChecks();
/// What is selected, and whether the target can hold it (prober_content.cpp).
[[nodiscard]] const std::vector<Check>& contentChecks();
/// Rights, memory and settings of the target; room for the spool (prober_target.cpp).
[[nodiscard]] const std::vector<Check>& targetChecks();

/// CONFIG GET.
[[nodiscard]] Setting settingOf(Connection& connection, const std::string& name);

enum class Permission : std::uint8_t { allowed, refused, unknown };
/// May the connection's user run the command? By ACL DRYRUN; before 6.0 there are no rights. `why`: the server's words,
/// if it refuses the command or the question.
[[nodiscard]] Permission mayRun(Connection& connection, std::span<const std::string_view> command, std::string& why);

/// "12.5 GiB": for reasons.
[[nodiscard]] std::string bytesText(std::uint64_t bytes);

}  // namespace drs::redis
