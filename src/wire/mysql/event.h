#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// Event types of both flavours; the numbers are those of the format.
enum class EventType : std::uint8_t {
  unknown = 0,
  query = 2,
  stop = 3,
  rotate = 4,
  intvar = 5,
  load = 6,
  createFile = 8,
  appendBlock = 9,
  execLoad = 10,
  deleteFile = 11,
  newLoad = 12,
  rand = 13,
  userVar = 14,
  formatDescription = 15,
  xid = 16,
  beginLoadQuery = 17,
  executeLoadQuery = 18,
  tableMap = 19,
  preGaWriteRows = 20,
  preGaUpdateRows = 21,
  preGaDeleteRows = 22,
  writeRowsV1 = 23,
  updateRowsV1 = 24,
  deleteRowsV1 = 25,
  incident = 26,
  heartbeat = 27,
  ignorable = 28,
  rowsQuery = 29,
  writeRows = 30,
  updateRows = 31,
  deleteRows = 32,
  gtid = 33,
  anonymousGtid = 34,
  previousGtids = 35,
  transactionContext = 36,
  viewChange = 37,
  xaPrepare = 38,
  partialUpdateRows = 39,
  transactionPayload = 40,
  heartbeatV2 = 41,
  taggedGtid = 42,
  // MariaDB
  annotateRows = 160,
  binlogCheckpoint = 161,
  mariadbGtid = 162,
  gtidList = 163,
  startEncryption = 164,
  queryCompressed = 165,
  writeRowsCompressedV1 = 166,
  updateRowsCompressedV1 = 167,
  deleteRowsCompressedV1 = 168,
  writeRowsCompressed = 169,
  updateRowsCompressed = 170,
  deleteRowsCompressed = 171,
};

/// The name in the servers' manuals ("WRITE_ROWS"), or "event type N".
[[nodiscard]] std::string eventName(EventType type);

constexpr std::size_t kEventHeaderBytes = 19;

/// Every event starts with this.
struct EventHeader {
  std::uint32_t timestamp = 0;  ///< Unix seconds; 0 in artificial events
  EventType type = EventType::unknown;
  std::uint32_t serverId = 0;      ///< where the event began
  std::uint32_t size = 0;          ///< of the whole event, header and checksum included
  std::uint32_t nextPosition = 0;  ///< the low 32 bits of where the event ends in its file
  std::uint16_t flags = 0;
  /// Made by the dump thread, not read from the file. (An end at a multiple of 4 GiB is 0 in nextPosition too, but no
  /// FORMAT_DESCRIPTION ends there.)
  [[nodiscard]] bool artificial() const {
    return (flags & 0x20U) != 0 || (nextPosition == 0 && type == EventType::formatDescription);
  }
  /// A reader that does not know the type may skip it.
  [[nodiscard]] bool ignorable() const { return (flags & 0x80U) != 0; }
};

/// An event without its checksum. body points into the packet.
struct Event {
  EventHeader header;
  std::string_view body;
};

/// What FORMAT_DESCRIPTION says about the events behind it.
struct FormatDescription {
  std::string serverVersion;
  std::vector<std::uint8_t> postHeaderBytes;  ///< by type − 1
  bool checksums = false;                     ///< each event ends with a CRC-32
  /// Bytes of the fixed part that follows the header; nothing for a type that the server does not list.
  [[nodiscard]] std::optional<std::size_t> postHeader(EventType type) const;
};

/// Cuts packets into header and body and checks lengths and checksums. Learns the format from FORMAT_DESCRIPTION, which
/// starts every file; before one has come only ROTATE, HEARTBEAT and FORMAT_DESCRIPTION are understood. One thread.
class EventFramer {
 public:
  /// Throws Error(logCorrupt).
  Event frame(std::string_view packet);
  /// The same for an event inside a TRANSACTION_PAYLOAD: never a checksum, no place in the file.
  [[nodiscard]] static Event frameInner(std::string_view bytes);
  [[nodiscard]] const FormatDescription& format() const { return format_; }
  /// Forgets the format: a new connection sends it again.
  void reset() {
    format_ = {};
    known_ = false;
  }

 private:
  void learn(std::string_view packet, Event& event);

  FormatDescription format_;
  bool known_ = false;
};

/// Reads the 19 bytes; throws Error(logCorrupt) if the packet is not as long as its header says.
[[nodiscard]] EventHeader parseHeader(std::string_view packet);

}  // namespace drs::mysql
