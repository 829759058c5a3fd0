#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace drs::resp {

using Arguments = std::span<const std::string_view>;  ///< of a command; the first is its name

/// What a command of a replication stream is to somebody who passes it on.
enum class CommandKind : std::uint8_t {
  unknown,    ///< not in the table: nothing is known of it. Stop, or ask the server (COMMAND GETKEYS); never guess
  data,       ///< changes the keys that keysOf() finds, and nothing else, in the connection's database
  otherDb,    ///< as data, but may change a key in another database: MOVE, COPY … DB n
  select,     ///< SELECT
  multi,      ///< MULTI
  exec,       ///< EXEC
  flush,      ///< FLUSHALL, FLUSHDB, SWAPDB: all keys of a database. Of one shard of many: never passed on as it is
  migration,  ///< slots on the move: RESTORE-ASKING, CLUSTER SYNCSLOTS, TRIMSLOTS. Never passed on as it is
  script,     ///< runs code: EVAL, EVALSHA, FCALL. keysOf() finds the keys that are declared; it may touch others
  function,   ///< code that the server keeps: FUNCTION …, SCRIPT …
  publish,    ///< PUBLISH, SPUBLISH: messages, no data
  control,    ///< between a server and its replica only, no data: PING, REPLCONF
  wrapper,    ///< carries other commands inside: KeyDB's RREPLAY. Unwrap or stop
};

/// How the keys stand among the arguments.
enum class KeyForm : std::uint8_t {
  none,
  range,    ///< first … last (negative: from the end), every `step`th
  counted,  ///< as many as the argument at `counter` says, from `last` on, every `step`th; and the one at `first`, if
            ///< not 0
  store,    ///< the one at `first`, and what stands behind STORE or STOREDIST, searched from `last` on
  sort,     ///< the one at `first`, and what stands behind STORE; BY and GET may read others
  streams,  ///< the first half of what stands behind STREAMS
  migrate,  ///< MIGRATE: the one at 3, or those behind KEYS
};

/// What must hold for the arguments so that the command may be applied again (isRepeatable()).
enum class RepeatRule : std::uint8_t { never, always, set, zadd, geoadd, restore, xadd };

struct CommandInfo {
  std::string_view name;  ///< lower case; "cluster|syncslots" if another word belongs to it; empty: unknown
  CommandKind kind = CommandKind::unknown;
  KeyForm form = KeyForm::none;
  std::int16_t first = 0, last = 0, step = 0, counter = 0;
  RepeatRule repeat = RepeatRule::never;
};

/// The entry of a command by its name (CLUSTER: and subcommand; COPY: and DB), in any case; the entry of kind `unknown`
/// if there is none. All write commands of Redis up to 8.x and Valkey up to 9.x, the modules that come with Redis 8,
/// and what else is seen in a replication stream. Reads are not in the table: no stream holds them. Never allocates,
/// never fails. Threads: any.
[[nodiscard]] const CommandInfo& findCommand(Arguments arguments) noexcept;

/// All entries, for tests.
[[nodiscard]] std::span<const CommandInfo> allCommands() noexcept;

enum class KeysFound : std::uint8_t {
  all,        ///< every key that the command can change or read
  declared,   ///< those that it names; it may touch others: scripts, SORT with BY or GET
  malformed,  ///< the arguments do not fit the command, or it is unknown: nothing may be concluded
};

/// Replaces `keys` by the indices of the arguments that are keys, in their order. Allocates only while `keys` grows.
[[nodiscard]] KeysFound keysOf(const CommandInfo& command, Arguments arguments, std::vector<std::uint32_t>& keys);

/// May it be applied again, together with everything of the same kind behind it, and the data comes out the same? That
/// holds for a run of such commands on a key: doing any suffix of the run again, in order, ends in the same data. True
/// for SET (not with GET, NX, IFEQ…, EX, PX), MSET, HSET, HMSET, HDEL, DEL, UNLINK, SADD, SREM, ZADD and GEOADD (with
/// plain scores: not NX, XX, GT, LT, INCR), ZREM, PERSIST, SETBIT, RESTORE … REPLACE (without time to live, or ABSTTL),
/// XADD (with a full id, not NOMKSTREAM), XDEL, PFADD. False for everything else: replay of it must be fenced.
///
/// While a suffix is done again, a server may answer WRONGTYPE (the key has a later type already) or, to XADD, "ID … is
/// equal or smaller": these are no faults then.
///
/// PEXPIREAT is not among them, although it is absolute: HDEL, SREM and ZREM remove a key with its last element and its
/// time to live with it, without a word in the stream. Of PEXPIREAT k t, HDEL k f (the last), HSET k g v the key has no
/// time to live; done again on {g: v}, HDEL removes nothing and the key would expire at t.
[[nodiscard]] bool isRepeatable(const CommandInfo& command, Arguments arguments) noexcept;

}  // namespace drs::resp
