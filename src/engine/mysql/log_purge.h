#pragma once

#include "engine/mysql/connection.h"
#include "engine/source_log.h"

#include <map>
#include <string>

namespace drs::mysql {

/// The name by which a job's log readers register at the source (SHOW REPLICAS, column Host).
[[nodiscard]] std::string readerName(const std::string& jobId);

/// The rights that purgeLog() needs and the account lacks, as a list for people; empty: none. Throws what Connection
/// throws.
[[nodiscard]] std::string missingForPurge(Connection& connection);

/// For SourceLog::purge(). PURGE BINARY LOGS TO the oldest file that is needed by
///  - the job itself and the other jobs, whose places are told. Places at other servers do not count here;
///  - the replicas that are among the addresses of the source: the file that they are executing, as they tell;
///  - anybody else who reads the log: nobody can tell what such a reader needs, so that nothing is removed.
/// A replica that is not connected at the moment cannot be seen.
[[nodiscard]] LogPurge purgeLog(ConnectOptions options, const std::string& jobId, const Position& durable,
                                const std::map<std::string, Position>& others);

}  // namespace drs::mysql
