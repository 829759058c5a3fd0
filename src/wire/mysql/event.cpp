#include "wire/mysql/event.h"

#include "base/bytes.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <array>
#include <libdeflate.h>
#include <utility>

namespace drs::mysql {
namespace {

constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kFlagsOffset = 17;
constexpr std::uint8_t kChecksumOff = 0, kChecksumCrc32 = 1, kChecksumUndefined = 255;

constexpr std::array<std::pair<EventType, std::string_view>, 52> kNames{{
    {EventType::query, "QUERY"},
    {EventType::stop, "STOP"},
    {EventType::rotate, "ROTATE"},
    {EventType::intvar, "INTVAR"},
    {EventType::load, "LOAD"},
    {EventType::createFile, "CREATE_FILE"},
    {EventType::appendBlock, "APPEND_BLOCK"},
    {EventType::execLoad, "EXEC_LOAD"},
    {EventType::deleteFile, "DELETE_FILE"},
    {EventType::newLoad, "NEW_LOAD"},
    {EventType::rand, "RAND"},
    {EventType::userVar, "USER_VAR"},
    {EventType::formatDescription, "FORMAT_DESCRIPTION"},
    {EventType::xid, "XID"},
    {EventType::beginLoadQuery, "BEGIN_LOAD_QUERY"},
    {EventType::executeLoadQuery, "EXECUTE_LOAD_QUERY"},
    {EventType::tableMap, "TABLE_MAP"},
    {EventType::preGaWriteRows, "PRE_GA_WRITE_ROWS"},
    {EventType::preGaUpdateRows, "PRE_GA_UPDATE_ROWS"},
    {EventType::preGaDeleteRows, "PRE_GA_DELETE_ROWS"},
    {EventType::writeRowsV1, "WRITE_ROWS_V1"},
    {EventType::updateRowsV1, "UPDATE_ROWS_V1"},
    {EventType::deleteRowsV1, "DELETE_ROWS_V1"},
    {EventType::incident, "INCIDENT"},
    {EventType::heartbeat, "HEARTBEAT"},
    {EventType::ignorable, "IGNORABLE"},
    {EventType::rowsQuery, "ROWS_QUERY"},
    {EventType::writeRows, "WRITE_ROWS"},
    {EventType::updateRows, "UPDATE_ROWS"},
    {EventType::deleteRows, "DELETE_ROWS"},
    {EventType::gtid, "GTID"},
    {EventType::anonymousGtid, "ANONYMOUS_GTID"},
    {EventType::previousGtids, "PREVIOUS_GTIDS"},
    {EventType::transactionContext, "TRANSACTION_CONTEXT"},
    {EventType::viewChange, "VIEW_CHANGE"},
    {EventType::xaPrepare, "XA_PREPARE"},
    {EventType::partialUpdateRows, "PARTIAL_UPDATE_ROWS"},
    {EventType::transactionPayload, "TRANSACTION_PAYLOAD"},
    {EventType::heartbeatV2, "HEARTBEAT_V2"},
    {EventType::taggedGtid, "GTID_TAGGED"},
    {EventType::annotateRows, "ANNOTATE_ROWS"},
    {EventType::binlogCheckpoint, "BINLOG_CHECKPOINT"},
    {EventType::mariadbGtid, "GTID (MariaDB)"},
    {EventType::gtidList, "GTID_LIST"},
    {EventType::startEncryption, "START_ENCRYPTION"},
    {EventType::queryCompressed, "QUERY_COMPRESSED"},
    {EventType::writeRowsCompressedV1, "WRITE_ROWS_COMPRESSED_V1"},
    {EventType::updateRowsCompressedV1, "UPDATE_ROWS_COMPRESSED_V1"},
    {EventType::deleteRowsCompressedV1, "DELETE_ROWS_COMPRESSED_V1"},
    {EventType::writeRowsCompressed, "WRITE_ROWS_COMPRESSED"},
    {EventType::updateRowsCompressed, "UPDATE_ROWS_COMPRESSED"},
    {EventType::deleteRowsCompressed, "DELETE_ROWS_COMPRESSED"},
}};

std::uint32_t crc(std::uint32_t start, std::string_view bytes) {
  return libdeflate_crc32(start, bytes.data(), bytes.size());  // of zlib's, by the processor's own instructions
}

bool endsWithItsChecksum(std::string_view packet, EventType type) {
  if (packet.size() < kEventHeaderBytes + kChecksumBytes) return false;
  const std::string_view covered = packet.substr(0, packet.size() - kChecksumBytes);
  const std::uint32_t stored = ByteReader(packet.substr(covered.size())).u32();
  if (type != EventType::formatDescription) return crc(0, covered) == stored;
  // The flag "this file is open for writing" is set and cleared without the checksum being made anew.
  std::string start(covered.substr(0, kEventHeaderBytes));
  start[kFlagsOffset] = static_cast<char>(static_cast<unsigned char>(start[kFlagsOffset]) & 0xfeU);
  return crc(crc(0, start), covered.substr(kEventHeaderBytes)) == stored;
}

bool understoodWithoutFormat(EventType type) {
  return type == EventType::rotate || type == EventType::heartbeat || type == EventType::heartbeatV2;
}

}  // namespace

std::string eventName(EventType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return std::string(name);
  }
  return fmt::format("event type {}", static_cast<unsigned>(type));
}

std::optional<std::size_t> FormatDescription::postHeader(EventType type) const {
  const auto index = static_cast<std::size_t>(type);
  if (index == 0 || index > postHeaderBytes.size()) return std::nullopt;
  return postHeaderBytes[index - 1];
}

EventHeader parseHeader(std::string_view packet) {
  ByteReader in(packet);
  EventHeader header;
  header.timestamp = in.u32();
  header.type = static_cast<EventType>(in.u8());
  header.serverId = in.u32();
  header.size = in.u32();
  header.nextPosition = in.u32();
  header.flags = in.u16();
  if (!in.ok() || header.size != packet.size())
    throwCorrupt(fmt::format("an event of {} bytes says that it has {}", packet.size(), header.size));
  return header;
}

Event EventFramer::frameInner(std::string_view bytes) {
  return {parseHeader(bytes), bytes.substr(kEventHeaderBytes)};
}

Event EventFramer::frame(std::string_view packet) {
  Event event{parseHeader(packet), packet.substr(kEventHeaderBytes)};
  const EventType type = event.header.type;
  if (type == EventType::formatDescription) {
    learn(packet, event);
    return event;
  }
  if (!known_ && !understoodWithoutFormat(type)) throwCorrupt(eventName(type) + " came before FORMAT_DESCRIPTION");
  // What the dump thread makes up itself has a checksum by the file that it read last, not by the one that comes: look.
  const bool madeUp = understoodWithoutFormat(type);
  const bool fits = (madeUp || format_.checksums) && endsWithItsChecksum(packet, type);
  if (!madeUp && format_.checksums && !fits) throwCorrupt("the checksum of " + eventName(type) + " is wrong");
  if (fits) event.body.remove_suffix(kChecksumBytes);
  return event;
}

void EventFramer::learn(std::string_view packet, Event& event) {
  // binlog version 2, server version 50, creation time 4, header length 1, post-header lengths, checksum kind 1, CRC 4
  ByteReader in(event.body);
  const std::uint16_t version = in.u16();
  std::string_view server = in.slice(50);
  server = server.substr(0, server.find('\0'));
  in.skip(4);
  const std::uint8_t headerBytes = in.u8();
  if (!in.ok() || version != 4 || headerBytes != kEventHeaderBytes || in.left() <= 1 + kChecksumBytes) {
    throwCorrupt("FORMAT_DESCRIPTION is not of binlog version 4");
  }
  const std::string_view lengths = in.slice(in.left() - 1 - kChecksumBytes);
  const std::uint8_t kind = in.u8();
  if (kind != kChecksumOff && kind != kChecksumCrc32 && kind != kChecksumUndefined) {
    throwUnsupported(fmt::format("event checksums of kind {}", kind),
                     "Set binlog_checksum to CRC32 or NONE at the source.");
  }
  if (kind == kChecksumCrc32 && !endsWithItsChecksum(packet, EventType::formatDescription)) {
    throwCorrupt("the checksum of FORMAT_DESCRIPTION is wrong");
  }
  format_.serverVersion = server;
  format_.postHeaderBytes.assign(lengths.begin(), lengths.end());
  format_.checksums = kind == kChecksumCrc32;
  known_ = true;
  event.body.remove_suffix(kChecksumBytes);
}

}  // namespace drs::mysql
