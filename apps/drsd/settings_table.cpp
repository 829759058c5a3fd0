#include "drsd/settings_table.h"

namespace drs {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kGiB = 1024 * kMiB;
constexpr std::int64_t kMaxSeconds = std::int64_t{24} * 3600;

/// A number of any integer type; `access` gives a reference to it.
template <typename Access>
IntegerSetting number(std::int64_t least, std::int64_t most, Access access) {
  return {least, most,
          [access](const Config& config) { return static_cast<std::int64_t>(access(const_cast<Config&>(config))); },
          [access](Config& config, std::int64_t value) {
            auto& member = access(config);
            member = static_cast<std::remove_reference_t<decltype(member)>>(value);
          }};
}

IntegerSetting node(int Settings::* member, std::int64_t least, std::int64_t most) {
  return number(least, most, [member](Config& config) -> int& { return config.node.*member; });
}

IntegerSetting node(std::size_t Settings::* member, std::int64_t least, std::int64_t most) {
  return number(least, most, [member](Config& config) -> std::size_t& { return config.node.*member; });
}

IntegerSetting source(int SourceLimits::* member, std::int64_t most) {
  return number(0, most, [member](Config& config) -> int& { return config.node.source.*member; });
}

IntegerSetting threads(int http::ServerOptions::* member, std::int64_t most) {
  return number(1, most, [member](Config& config) -> int& { return config.http.*member; });
}

IntegerSetting limit(std::size_t http::ServerLimits::* member, std::int64_t least, std::int64_t most) {
  return number(least, most, [member](Config& config) -> std::size_t& { return config.http.limits.*member; });
}

IntegerSetting seconds(std::chrono::milliseconds http::ServerLimits::* member) {
  return {1, kMaxSeconds, [member](const Config& config) { return (config.http.limits.*member).count() / 1000; },
          [member](Config& config, std::int64_t value) { config.http.limits.*member = std::chrono::seconds(value); }};
}

TextSetting logLevel() {
  static const std::vector<std::string> kNames{"debug", "info", "warn", "error"};  // in the order of LogLevel
  return {kNames, [](const Config& config) { return kNames.at(static_cast<std::size_t>(config.logLevel)); },
          [](Config& config, const std::string& value) {
            for (std::size_t i = 0; i < kNames.size(); ++i) {
              if (kNames[i] == value) config.logLevel = static_cast<LogLevel>(i);
            }
          }};
}

}  // namespace

const std::vector<Setting>& settingsTable() {
  static const std::vector<Setting> all{
      {"node", "name",
       TextSetting{{},
                   [](const Config& c) { return c.node.nodeName; },
                   [](Config& c, const std::string& v) { c.node.nodeName = v; }},
       "name of this node in leases and logs"},
      {"node", "min_free_disk_bytes", node(&Settings::minFreeDiskBytes, 0, 1024 * kGiB),
       "with less free space in the data folder no task is started and /readyz says so"},

      {"worker", "running_tasks", node(&Settings::maxRunningTasks, 1, 1024),
       "plan, copy, finish and compare tasks at a time"},
      {"worker", "streams", node(&Settings::maxStreams, 1, 10'000), "incremental jobs at a time"},
      {"worker", "memory_budget_bytes", node(&Settings::memoryBudgetBytes, 16 * kMiB, 1024 * kGiB),
       "memory of the queues of all running tasks together"},
      {"worker", "transaction_memory_bytes", node(&Settings::transactionMemoryBytes, kMiB, 64 * kGiB),
       "memory that one transaction of a source may take in its stream, beside memory_budget_bytes; the rows of a "
       "larger "
       "one wait in the folder spill of the data folder, which then has up to three of them for each stream"},
      {"worker", "max_transaction_bytes", node(&Settings::maxTransactionBytes, kMiB, 1024 * kGiB),
       "size of one transaction of a source, in memory or on disk; a larger one stops the task"},
      {"worker", "sessions_per_job", node(&Settings::sessionsPerJob, 1, 64),
       "pieces of work of a job at a time, each with one database session to each side; definitions at a time"},
      {"worker", "appliers_per_job", node(&Settings::appliersPerJob, 1, 64),
       "transactions of the source's log that a job applies side by side, each on a session of its own; never more "
       "than "
       "sessions_per_job"},
      {"worker", "chunk_bytes", node(&Settings::chunkBytes, kKiB, kGiB),
       "size of the pieces that a table is copied in"},
      {"worker", "lease_ttl_seconds", node(&Settings::leaseTtlSeconds, 3, 3600),
       "a task whose worker is silent for so long is taken over"},
      {"worker", "lease_renew_seconds", node(&Settings::leaseRenewSeconds, 1, 1200), "time between two signs of life"},
      {"worker", "lease_margin_seconds", node(&Settings::leaseMarginSeconds, 1, 1200),
       "a worker that could not renew stops so long before its lease ends"},
      {"worker", "poll_millis", node(&Settings::pollMillis, 10, 60'000), "time between two looks for new tasks"},
      {"worker", "poison_limit", node(&Settings::poisonLimit, 1, 100),
       "crashes in a row that a task may cause before its job gets a fault"},
      {"worker", "retry_limit", node(&Settings::retryLimit, 1, 10'000),
       "tries in a row that may fail for a passing reason before the job gets a fault"},
      {"worker", "retry_max_seconds", node(&Settings::retryMaxSeconds, 1, 3600), "longest pause between two tries"},
      {"worker", "network_timeout_seconds", node(&Settings::networkTimeoutSeconds, 1, kMaxSeconds),
       "a server that answers nothing for so long is lost; while definitions are made or dropped, which takes as long "
       "as "
       "it takes, one whose network acknowledges nothing for so long"},

      {"redis", "spool_bytes", node(&Settings::spoolBytes, 32 * kMiB, std::int64_t{65536} * kGiB),
       "what one source server has sent and the target has not taken yet waits in the folder spool of the data folder; "
       "when so many bytes wait there, no more is read from the source, which may then cut the link"},
      {"redis", "follow_moving_slots", node(&Settings::followMovingSlots, 0, 1),
       "1: slots of a Redis Cluster source may move between its shards while a task runs (not yet proven as well as "
       "the "
       "rest, docs/reference/redis.md); 0: the task stops when they do"},
      {"redis", "rescan_seconds", node(&Settings::rescanSeconds, 1, kMaxSeconds),
       "a source that is read by SCAN is compared as a whole so long after the last time, since its notifications do "
       "not tell everything"},

      {"mysql", "definer",
       TextSetting{{},
                   [](const Config& c) { return c.node.mysqlDefiner; },
                   [](Config& c, const std::string& v) { c.node.mysqlDefiner = v; }},
       "DEFINER of the views, routines, triggers and events that are copied: keep, strip (the target account becomes "
       "it), or an account written 'user'@'host'"},
      {"mysql", "lock_wait_seconds", node(&Settings::mysqlLockWaitSeconds, 1, kMaxSeconds),
       "wait of one try for a metadata lock that another session of the target holds"},
      {"mysql", "source_heartbeat_seconds", node(&Settings::mysqlHeartbeatSeconds, 0, 10),
       "seconds between two times that the tasks of a MariaDB source write there together (drs_ctl.heartbeat), so that "
       "delays are told in milliseconds and not in the whole seconds of its log; 0 = nothing is written"},
      {"mysql", "keyless_snapshot_seconds", node(&Settings::snapshotSeconds, 0, kMaxSeconds),
       "a task stops when a table without a primary key, or tables joined by foreign keys with actions, take longer to "
       "read: they are read in one snapshot, for which the source keeps all old row versions; a source without a log "
       "is read in one snapshot however long that takes; 0 = no limit"},

      {"mysql", "source_max_running_threads", source(&SourceLimits::runningThreads, 100'000),
       "the full copy is held back while Threads_running of its source is larger; the sessions that read for the copy "
       "count, the one that asks does not; 0 = not asked"},
      {"mysql", "source_max_replica_lag_seconds", source(&SourceLimits::replicaLagSeconds, kMaxSeconds),
       "the full copy is held back while the source, if it is a replica, or one of the further addresses of its "
       "endpoint lags longer behind, does not replicate or cannot be asked; 0 = not asked"},

      {"api", "jobs_per_batch", node(&Settings::maxJobsPerBatch, 1, 1000), "jobs that one batch may have"},

      {"http", "io_threads", threads(&http::ServerOptions::ioThreads, 16), "threads that move bytes"},
      {"http", "handler_threads", threads(&http::ServerOptions::handlerThreads, 256),
       "requests that are worked on at a time"},
      {"http", "connections", limit(&http::ServerLimits::connections, 8, 100'000),
       "open connections; when full, the longest waiting one of the busiest address is closed"},
      {"http", "header_bytes", limit(&http::ServerLimits::headerBytes, kKiB, kMiB),
       "request line and header fields of one request"},
      {"http", "body_bytes", limit(&http::ServerLimits::bodyBytes, kKiB, kGiB), "body of one request"},
      {"http", "all_bodies_bytes", limit(&http::ServerLimits::allBodiesBytes, kMiB, 64 * kGiB),
       "bodies above 64 KiB of all requests together"},
      {"http", "idle_seconds", seconds(&http::ServerLimits::idle), "a connection without a request is closed after"},
      {"http", "header_seconds", seconds(&http::ServerLimits::header),
       "time for a TLS handshake, and for a request's header"},
      {"http", "body_seconds", seconds(&http::ServerLimits::body), "time for a request's body"},
      {"http", "write_seconds", seconds(&http::ServerLimits::write), "time for taking an answer"},

      {"log", "level", logLevel(), "least level that is written"},
      {"log", "file",
       TextSetting{
           {}, [](const Config& c) { return c.logFile; }, [](Config& c, const std::string& v) { c.logFile = v; }},
       "file, rotated at 64 MiB; empty = standard error; --log-file wins"},
  };
  return all;
}

const std::vector<InstanceSetting>& instanceSettings() {
  static const std::vector<InstanceSetting> all{
      {"id", true, &Instance::id, "instance_id of an endpoint of type cloud"},
      {"engine", true, &Instance::engine, "mysql, redis, …"},
      {"hosts", true, &Instance::hosts, "host[:port],host[:port],…"},
      {"port", false, &Instance::port, "for hosts without one; 0 = the engine's default"},
      {"region", false, &Instance::region, "as in cloud.region"},
  };
  return all;
}

}  // namespace drs
