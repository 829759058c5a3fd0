#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drs::rdb {

/// Whose numbers a type byte follows. Told by the magic of a snapshot ("REDIS", "VALKEY") or by the version in the
/// footer of a DUMP payload (80 and above are Valkey's), never by what a server says about its version: type 22 and
/// opcode 243 mean different things. Valkey up to 8 writes Redis's magic and only types that both know.
enum class Dialect : std::uint8_t { redis, valkey };

/// The type byte in front of a value: what it is and how it is laid out. Numbers of the format (redis: src/rdb.h).
enum ValueType : std::uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kZset = 3,  ///< scores as text
  kHash = 4,
  kZset2 = 5,  ///< scores in binary
  kModulePreGa = 6,
  kModule2 = 7,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kZsetZiplist = 12,
  kHashZiplist = 13,
  kListQuicklist = 14,  ///< of ziplists
  kStreamListpacks = 15,
  kHashListpack = 16,
  kZsetListpack = 17,
  kListQuicklist2 = 18,  ///< of listpacks and plain nodes
  kStreamListpacks2 = 19,
  kSetListpack = 20,
  kStreamListpacks3 = 21,
  kHashMetadataPreGa = 22,    ///< Redis: fields with deadlines, release candidates of 7.4
  kValkeyHash2 = 22,          ///< Valkey: fields with deadlines, another layout
  kHashListpackExPreGa = 23,  ///< this and those below are Redis's only
  kHashMetadata = 24,
  kHashListpackEx = 25,
  kStreamListpacks4 = 26,  ///< with idempotent producers (Redis 8.6)
  kStreamListpacks5 = 27,  ///< with pending entries given back by XNACK (Redis 8.8)
};

/// What a user sees: the answer of TYPE.
enum class ValueKind : std::uint8_t { string, list, set, zset, hash, stream, module };

/// The kind of values of this type; nothing for types whose layout is not known here (6, 8, 28 and above; 23 to 27 of
/// Valkey). What has a kind can be skipped by SnapshotParser; all but modules can be decoded by ValueDecoder.
[[nodiscard]] std::optional<ValueKind> kindOf(std::uint8_t type, Dialect dialect) noexcept;

/// "string", "list" …: as TYPE answers, "module" for all modules.
[[nodiscard]] std::string_view toText(ValueKind kind) noexcept;

/// "type 28 (array)", "type 99": for messages; known names also for types whose layout is not known.
[[nodiscard]] std::string typeName(std::uint8_t type, Dialect dialect);

/// The lowest RDB version that has the type: RESTORE of every server that can load the value accepts a payload stamped
/// with it, also where it refuses the source's own version (redis.md 3.3, measured). Nothing if kindOf() has nothing.
[[nodiscard]] std::optional<std::uint16_t> lowestVersion(std::uint8_t type, Dialect dialect) noexcept;

}  // namespace drs::rdb
