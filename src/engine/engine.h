#pragma once

#include "base/error.h"
#include "base/log.h"
#include "model/job_spec.h"
#include "pipeline/compare.h"
#include "pipeline/interfaces.h"
#include "pipeline/lane.h"
#include "pipeline/large_rows.h"
#include "pipeline/source_care.h"
#include "transform/object_plan.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace drs {

/// A managed instance known to this installation ([[instances]] of the configuration).
struct Instance {
  std::string id, engine, hosts, region;  ///< hosts: "host[:port],host[:port]"
  int port = 0;                           ///< for hosts without one; 0 = the engine's default
};
using InstanceCatalogue = std::map<std::string, Instance>;

/// Limits that a job's engine code must keep.
struct EngineLimits {
  std::size_t queueBytes = 32U << 20U;  ///< this job's share of the process-wide memory budget
  int maxSessions = 4;                  ///< database sessions per job and side
  int maxAppliers = 4;                  ///< of them, those that apply transactions side by side
  std::size_t chunkBytes = 16U << 20U;
  std::size_t transactionMemoryBytes = 8U << 20U;  ///< of a transaction of the source; more goes to spillFolder
  std::size_t maxTransactionBytes = std::size_t{16} << 30U;  ///< of a transaction of the source, in memory or on disk
  std::string spillFolder;                                   ///< for what must not stay in memory
  std::string spoolFolder;                                   ///< for what a source has sent and the target not taken
  std::uint64_t spoolBytes = std::uint64_t{16} << 30U;       ///< of a lane's spool on disk
  bool followsMovingSlots = false;  ///< slots of a Redis Cluster source may move between its shards
  int rescanSeconds = 3600;  ///< longest pause of a lane that is followed by notifications between two of its passes
  std::shared_ptr<LargeRows> largeRows;  ///< of the process; null: no limit
  int networkTimeoutSeconds = 600;       ///< a server that is silent for so long is lost
  int lockWaitSeconds = 60;              ///< wait of a statement at the target for another session's lock
  int heartbeatSeconds = 0;  ///< between two times that are written at a source whose log has whole seconds; 0 = never
};

/// All that an engine is told about a job. `open` unseals a secret: the only place where secrets become plain.
struct EngineJob {
  std::string id;
  std::uint64_t epoch = 0;
  JobSpec spec;
  std::function<std::string(const Secret&, const std::string& path)> open;
  std::shared_ptr<const InstanceCatalogue> instances;
  EngineLimits limits;
  std::string definer = "keep";               ///< mysql.definer: "keep", "strip" or "'user'@'host'"
  std::optional<Position> startPosition;      ///< INCR_TRANS: of PUT start-position; copy: of the plan
  std::vector<std::string> skippedItems;      ///< of the pre-check, by its user
  std::optional<StatementDecision> decision;  ///< of a person, on the statement at which the task stood
  /// Writes a line of the job's log, which users see; as a warning if it is something to act on. May be empty. Never
  /// throws. Threads: any.
  std::function<void(bool warning, const std::string& line)> note;
  Log log;
};

enum class Side { source, target };

struct NetworkResult {
  std::string ip;  ///< address as asked for
  bool success = false;
  std::string errorCode, errorMessage;
};

enum class CheckResult { passed, alarm, failed };

struct PrecheckItem {
  std::string item;  ///< name as in the API, e.g. "srcDbBinlogIsOff"
  CheckResult result = CheckResult::passed;
  std::string group;   ///< "connection", "privileges", "log", "objects", "consistency"
  std::string reason;  ///< names the object, the cause and the remedy
  std::string rawError;
  bool skippable = false;
};

/// Looks at both databases before a job runs. Changes nothing.
class Prober {
 public:
  virtual ~Prober() = default;
  /// One result per address of both sides.
  virtual std::vector<NetworkResult> network(const std::stop_token& stop) = 0;
  /// Every item that guards this job; all are run, a failed connection fails the items behind it with that reason.
  virtual std::vector<PrecheckItem> precheck(const std::stop_token& stop) = 0;
  /// Base tables of the selected databases of the source, sorted by name: those that precheck() has read, if it has.
  virtual std::vector<TableSchemaPtr> sourceTables(const std::stop_token& stop) = 0;
};

/// Reads definitions of one side.
class Catalog {
 public:
  virtual ~Catalog() = default;
  /// User databases (no system schemas, no control schema), sorted.
  virtual std::vector<std::string> databases() = 0;
  /// Their default collations.
  virtual DatabaseCollations collations() { return {}; }
  /// Base tables of the databases with everything in TableSchema; read once per database, not per table.
  virtual std::vector<TableSchemaPtr> tables(const std::vector<std::string>& databases) = 0;
};

/// An object beside tables that is not copied.
struct ObjectProblem {
  std::string item;  ///< the pre-check item that names it; skipping the item leaves the object out
  std::string object, reason;
};

struct ObjectSelection {
  ObjectPlans objects;  ///< in the order of their creation
  std::vector<ObjectProblem> problems;
  std::vector<std::string> notes;  ///< what a user should know of accounts: those that are left as they are, and why
};

/// Copies accounts, roles, views, procedures, functions, triggers and events. One thread.
class ObjectCopier {
 public:
  virtual ~ObjectCopier() = default;
  /// What the selection covers, read from the source and held against the target. Changes nothing. Empty for a job
  /// without a full phase.
  virtual ObjectSelection select(const std::stop_token& stop) = 0;
  /// Creates the objects at the target, under the fence that a Sink of this worker has taken. Idempotent. What stands
  /// there already and was not made by the job stays as it is. Returns what a user should know, a line for each. Throws
  /// Error(objectNotCreated) with the server's words for all that could not be created; what could stays, and is gone
  /// with a reset. Throws Error(fenced).
  virtual std::vector<std::string> create(const ObjectPlans& objects, const Fence& fence,
                                          const std::stop_token& stop) = 0;
};

/// What keeps a freeze from being one, or what a user should know of it; empty: nothing.
struct FreezeOutlook {
  std::string obstacle;  ///< freeze() would be refused: why, and the remedy
  std::string caution;   ///< who can still write
};

/// Keeps applications from writing at the source while a job is cut over. One thread; every call may open a session.
class SourceFreezer {
 public:
  virtual ~SourceFreezer() = default;
  /// The server's setting now, for thaw().
  [[nodiscard]] virtual std::string setting() = 0;
  [[nodiscard]] virtual FreezeOutlook outlook() = 0;
  /// When it returns, what accounts without special rights had not committed will not be. Idempotent. `mayFreeze` is
  /// asked once thaw() of another worker would find this call and end it; if it says no, throws Error(fenced). Throws
  /// Error(sourceBusy): other sessions hold locks that keep the server from it.
  virtual void freeze(const std::function<bool()>& mayFreeze) = 0;
  /// Ends a freeze() that another worker may still be at, then sets what setting() told before it. Idempotent.
  virtual void thaw(const std::string& setting) = 0;
};

/// Takes our traces out of the target.
class Cleaner {
 public:
  virtual ~Cleaner() = default;
  /// For `reset`: drops the objects that ObjectCopier created, drops or empties the target tables of the plans (what we
  /// created is dropped, what stood there empty is emptied) and removes chunks and marks, so that the copy can start
  /// again. Works under EngineJob::epoch: throws Error(fenced) if a newer task stands in the target. Throws after a
  /// stop, between two tables at the latest.
  virtual void reset(const Plans& plans, const std::stop_token& stop = {}) = 0;
  /// For ending and deleting: lets others write at the target again as before Engine::setReadOnly(), unless another job
  /// keeps them from it, and removes the job's control rows (and the control schema with the last job's). Returns what
  /// could not be undone, by name.
  virtual std::vector<std::string> release() = 0;
};

/// One row of the registry: a pair of databases and how to work on them. Stateless; every call opens new connections.
class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual std::unique_ptr<Prober> prober(const EngineJob& job) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Cleaner> cleaner(const EngineJob& job) const = 0;
  /// Null: the engine has tables, and the four that follow. Else it has lanes, and they throw Error(routeNotSupported).
  [[nodiscard]] virtual std::unique_ptr<LaneRunner> lanes(const EngineJob& /*job*/) const { return nullptr; }
  [[nodiscard]] virtual std::unique_ptr<Catalog> catalog(const EngineJob& job, Side side) const;
  [[nodiscard]] virtual std::unique_ptr<Source> source(const EngineJob& job) const;
  [[nodiscard]] virtual std::unique_ptr<Sink> sink(const EngineJob& job) const;
  [[nodiscard]] virtual std::unique_ptr<Comparer> comparer(const EngineJob& job) const;
  /// Sets the parameters of db_param at the target, after the commit and before the copy. Idempotent. Returns a line
  /// for each: the value that the target took, what it refused, what needs a restart or an entry in the configuration
  /// file.
  [[nodiscard]] virtual std::vector<std::string> setParameters(const EngineJob& /*job*/) const { return {}; }
  /// is_target_readonly: keeps others from writing at the target until Cleaner::release(), under the fence that a Sink
  /// of this worker has taken; the Sinks of the job see to it that it stays so over a restart of the target.
  /// Idempotent. Returns what a user should know, a line for each: what was set, or why it cannot be. Throws
  /// Error(fenced).
  [[nodiscard]] virtual std::vector<std::string> setReadOnly(const EngineJob& /*job*/, const Fence& /*fence*/) const {
    return {};
  }
  /// Behind a switchover, under the fence of the call: the job's target, which its source was until now and which
  /// SourceFreezer has frozen, becomes a standby that takes the job's own writes alone. `setting`: as
  /// SourceFreezer::setting() told before the freeze; it comes back with Cleaner::release(). Idempotent. Throws
  /// Error(fenced).
  virtual void becomeStandby(const EngineJob& job, const Fence& /*fence*/, const std::string& /*setting*/) const {
    throw Error(Msg::routeNotSupported, {job.spec.baseInfo.engineType.value_or(""), "it has no switchover"},
                Origin::request);
  }
  /// Null: how busy such a source is cannot be asked, and nothing is held back. Opens no session yet.
  [[nodiscard]] virtual std::unique_ptr<LoadGauge> loadGauge(const EngineJob& /*job*/,
                                                             const SourceLimits& /*limits*/) const {
    return nullptr;
  }
  /// Null: such a source cannot be frozen from here.
  [[nodiscard]] virtual std::unique_ptr<SourceFreezer> freezer(const EngineJob& /*job*/) const { return nullptr; }
  /// Null: the databases have nothing beside tables.
  [[nodiscard]] virtual std::unique_ptr<ObjectCopier> objects(const EngineJob& /*job*/) const { return nullptr; }
};

/// What GET /links reports of a route.
struct Link {
  std::string engineType, jobType, sourceType, targetType;
  std::vector<std::string> directions, netTypes, taskTypes;
};

/// The engines by engine_type. An engine_type without an entry has not landed (DRS.M00302).
class Registry {
 public:
  using Engines = std::map<std::string, std::unique_ptr<Engine>, std::less<>>;
  Registry();  ///< with all engines of this build
  /// With engines of the caller's, for tests.
  Registry(Engines engines, std::vector<Link> links) : engines_(std::move(engines)), links_(std::move(links)) {}
  [[nodiscard]] const Engine* find(std::string_view engineType) const;
  [[nodiscard]] const std::vector<Link>& links() const { return links_; }

 private:
  Engines engines_;
  std::vector<Link> links_;
};

/// Checks and canonicalises a start position of the API for an engine (file_and_position, gtid_set); the error texts
/// name the member. Throws Error(valueNotAllowed).
[[nodiscard]] Position parseStartPosition(std::string_view engineType, const std::string& fileAndPosition,
                                          const std::string& gtidSet);

}  // namespace drs
