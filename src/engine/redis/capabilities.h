#pragma once

#include "engine/redis/connection.h"
#include "wire/rdb/command_form.h"
#include "wire/rdb/value_type.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

namespace drs::redis {

/// What a target takes, found by trying it on keys of our own: versions tell little, since products that speak Redis's
/// protocol lie about theirs in different ways. All false: nothing has been tried. A value.
struct Capabilities {
  std::string server;  ///< "Redis 7.2.15", "Valkey 9.1.2", or that it does not say; for people only

  // values
  bool restore = false;  ///< RESTORE key ttl payload, of at least strings
  bool restoreReplace = false, restoreAbsttl = false, restoreIdletime = false, restoreFreq = false;
  bool setPxat = false;         ///< SET … PXAT
  bool pexpiretime = false;     ///< PEXPIRETIME
  bool unlink = false;          ///< UNLINK
  bool fieldExpiry = false;     ///< HPEXPIREAT
  bool createConsumer = false;  ///< XGROUP CREATECONSUMER
  bool streamCounters = false;  ///< XSETID … ENTRIESADDED, XGROUP CREATE … ENTRIESREAD

  // transactions
  bool multi = false;            ///< MULTI and EXEC over keys of one slot
  bool watch = false;            ///< a change of a watched key, by another connection, makes EXEC null
  bool guard = false;            ///< ZADD … GT changes nothing if the score is higher, also for WATCH (ClusterWriter)
  bool multiAcrossTags = false;  ///< a transaction over keys of the same slot with different hash tags
  bool multiAcrossSlots = false;
  bool selectInMulti = false;
  bool failureRollsBack =
      false;  ///< a command that fails in EXEC takes the others back (Redis does not, GeminiDB does)

  // the rest
  std::uint32_t databases = 0;       ///< SELECT takes 0 … databases − 1
  bool databasesAtLeast = false;     ///< … and may take more: it was not tried further
  bool eval = false;                 ///< EVAL of a script that writes a key which it declares
  bool functions = false;            ///< FUNCTION LIST
  bool clientId = false;             ///< CLIENT ID
  bool clientKill = false;           ///< CLIENT KILL ID ends another connection of ours
  bool importSource = false;         ///< CLIENT IMPORT-SOURCE ON (Valkey with import-mode)
  bool cluster = false;              ///< cluster_enabled
  std::optional<bool> clusterKnown;  ///< nothing: INFO does not tell, `cluster` is false then

  /// With what a payload of this type of value must be stamped (redis.md 3.3) for RESTORE … REPLACE, with and without
  /// ABSTTL; nothing: the target takes it in no form that was tried, so it goes by commands. Values of modules were not
  /// tried. Does not allocate.
  [[nodiscard]] std::optional<std::uint16_t> restoreStamp(std::uint8_t type, rdb::Dialect dialect) const noexcept;

  /// By what could not be done: the server's words ("RESTORE": "NOPERM this user has …").
  std::map<std::string, std::string> refusals;

  [[nodiscard]] rdb::CommandOptions commandOptions() const;
  /// One line for each subject, for the log.
  [[nodiscard]] std::string describe() const;

  static constexpr std::size_t kTypes = 32;
  /// By Dialect, then type: the stamp + 1; 0: not taken.
  std::array<std::array<std::uint16_t, kTypes>, 2> stamps{};
};

/// Tries the server out: writes keys named "__drs:probe:…" with a time to live of a minute into database 0 and removes
/// them. Opens connections of its own. Throws Error: those of Connection::open(); connectionLost, badReply,
/// redisNotReady (it loads, is down …; what was tried until then counts for nothing). A server that closes the
/// connection on a command that it does not know does not have it.
[[nodiscard]] Capabilities probeCapabilities(const ConnectOptions& target, const std::stop_token& stop);

/// What both take. Stamps: the first one's, of types that both take in that way.
[[nodiscard]] Capabilities weakest(Capabilities a, const Capabilities& b);

}  // namespace drs::redis
