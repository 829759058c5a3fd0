#pragma once

#include "wire/rdb/snapshot_item.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace drs::rdb {

struct SnapshotLimits {
  /// A value whose raw form is longer comes in parts. Memory of the parser stays below about four times this, unless
  /// one record alone is longer.
  std::size_t wholeValueBytes = std::size_t{1} << 20U;
  /// A record (an element, a packed node, a compressed string) must be whole to be decoded; a longer one ends the
  /// parse. The window grows with the bytes that have really come, never by what a length claims.
  std::size_t recordBytes = std::size_t{1} << 30U;
};

/// Cuts a snapshot into keys without decoding their values: it only finds where each value ends. Sans-I/O: the caller
/// appends bytes as they come, 256 KiB or more at a time, and takes items until NeedMore.
///
///     SnapshotParser parser;
///     for (;;) {
///       const SnapshotItem& item = parser.next();
///       if (std::holds_alternative<NeedMore>(item)) {
///         const std::span<char> room = parser.room();
///         const std::size_t got = stream.read(room);   // 0: the source has gone: the snapshot is cut off
///         parser.filled(got);
///       } else if (const Entry* entry = std::get_if<Entry>(&item)) …
///     }
///
/// What it knows: RDB 1 to 14 of Redis and 80 of Valkey. A value whose layout is unknown cannot be skipped, so it ends
/// the parse with Error(logUnsupported) that names type, key and server version. Bytes that contradict the format, and
/// a CRC that does not fit, end it with Error(logCorrupt) that names the byte. After an Error the parser is of no more
/// use. One thread.
class SnapshotParser {
 public:
  explicit SnapshotParser(SnapshotLimits limits = {});
  ~SnapshotParser();
  SnapshotParser(const SnapshotParser&) = delete;
  SnapshotParser& operator=(const SnapshotParser&) = delete;
  SnapshotParser(SnapshotParser&&) noexcept;
  SnapshotParser& operator=(SnapshotParser&&) noexcept;

  /// Space to receive into, at least 256 KiB; filled() then tells how much of it is used.
  [[nodiscard]] std::span<char> room();
  void filled(std::size_t bytes);
  /// The same with a copy, for bytes that are elsewhere already.
  void append(std::string_view bytes);

  /// The next item; its views, and the item, are valid until the next call of any member that is not const. After
  /// SnapshotEnd it must not be called again. Throws Error(logCorrupt, logUnsupported, limitExceeded).
  const SnapshotItem& next();

  /// True once SnapshotEnd was given. False when the source closes the connection: the snapshot is cut off.
  [[nodiscard]] bool ended() const;
  /// Bytes of the snapshot that are behind us: progress.
  [[nodiscard]] std::uint64_t position() const;
  /// After SnapshotEnd: what came behind the snapshot in the window, e.g. the 40-byte mark of a diskless transfer and
  /// the start of the stream. Valid until the next call that is not const.
  [[nodiscard]] std::string_view rest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drs::rdb
