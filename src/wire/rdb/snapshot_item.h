#pragma once

#include "wire/rdb/value_type.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

// What a snapshot (an RDB file, or what a source sends after FULLRESYNC) consists of, in the order of its bytes. All
// views point into the parser and are valid until its next call.

namespace drs::rdb {

/// The parser has used up what it was given: append more bytes and ask again.
struct NeedMore {};

/// Always the first item.
struct SnapshotHeader {
  Dialect dialect = Dialect::redis;
  unsigned version = 0;  ///< of the format: "REDIS0011" is 11, "VALKEY080" is 80
};

/// A fact about the snapshot: "redis-ver", "valkey-ver", "repl-stream-db" (the database the stream starts in), "lua" (a
/// script that was loaded), "used-mem", "ctime", "cluster-slot-imports" … Unknown ones may be ignored.
struct AuxField {
  std::string_view name, value;
};

/// The keys that follow are in this database. Every KeyInfo says it too.
struct SelectDb {
  std::uint64_t db = 0;
};

/// About how many keys the database that was selected last has, and how many of them have a deadline.
struct ResizeDb {
  std::uint64_t keys = 0, expiring = 0;
};

/// The same of one slot (Redis 7.4 in cluster mode).
struct SlotInfo {
  std::uint64_t slot = 0, keys = 0, expiring = 0;
};

/// Valkey 9.0: the slots from first to last, both included, are being imported by the job: their keys may be incomplete
/// here and are still owned by another node.
struct SlotImport {
  std::string_view job;
  std::span<const std::pair<std::uint16_t, std::uint16_t>> slots;
};

/// The source text of a library of functions, for FUNCTION LOAD.
struct FunctionLibrary {
  std::string_view code;
};

/// Data of a module that belongs to no key; it has been skipped. Nobody but the module can load it.
struct ModuleAux {
  std::string module;  ///< its type name of nine characters, e.g. "ft_index0"
  unsigned moduleVersion = 0;
  std::uint64_t bytes = 0;  ///< that were skipped
};

/// Everything about a key but its value.
struct KeyInfo {
  std::uint64_t db = 0;
  std::string_view key;
  std::optional<std::int64_t> expireAtMs;    ///< Unix milliseconds; may be in the past
  std::optional<std::uint64_t> idleSeconds;  ///< LRU sources: for RESTORE … IDLETIME
  std::optional<std::uint8_t> frequency;     ///< LFU sources: for RESTORE … FREQ
  std::uint8_t type = 0;                     ///< ValueType; kindOf() is never nothing for what the parser hands out
  bool moduleMetadata = false;  ///< modules had attached data to the key (Redis 8.6), which has been skipped
};

/// A key with its value as one slice: `raw` is what stands behind the type byte in a DUMP payload. For restamp,
/// ValueDecoder, or to be counted.
struct Entry {
  KeyInfo info;
  std::string_view raw;
};

/// A key whose raw value is above the limit. It comes as BigPart… and BigEnd, nothing else in between.
struct BigBegin {
  KeyInfo info;
  /// Set for a string that is stored as it is: the parts are pieces of its text, this long together. Not set: the parts
  /// are whole records of the raw value, for ValueDecoder::decode() in turn. (A compressed string is one record.)
  std::optional<std::uint64_t> textBytes;
};

struct BigPart {
  std::string_view bytes;  ///< never empty
};

struct BigEnd {};

/// The last item. Behind it in the window (SnapshotParser::rest()) is what followed the snapshot on the wire.
struct SnapshotEnd {
  bool checked = false;  ///< the CRC was there and fits; false: switched off at the source, or version below 5
  std::uint64_t bytes = 0;
};

using SnapshotItem = std::variant<NeedMore, Entry, BigBegin, BigPart, BigEnd, SnapshotHeader, AuxField, SelectDb,
                                  ResizeDb, SlotInfo, SlotImport, FunctionLibrary, ModuleAux, SnapshotEnd>;

}  // namespace drs::rdb
