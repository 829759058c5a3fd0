#include "wire/mysql/control_events.h"

#include "base/bytes.h"
#include "wire/mysql/inflate.h"
#include "wire/mysql/varlen.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

void require(const ByteReader& in, EventType type) {
  if (!in.ok()) throwCorrupt(eventName(type) + " is cut off");
}

SourceUuid uuidFrom(std::string_view raw) {
  SourceUuid out;
  std::copy(raw.begin(), raw.end(), out.bytes.begin());
  return out;
}

GtidEvent parsePlainGtid(const Event& event) {
  // flags 1, uuid 16, number 8, kind of clock 1, last_committed 8, sequence_number 8; MySQL 8.0 adds the commit time
  ByteReader in(event.body);
  in.skip(1);
  const std::string_view uuid = in.slice(16);
  const std::uint64_t number = in.u64();
  require(in, event.header.type);
  GtidEvent out;
  if (event.header.type == EventType::gtid) out.gtid = Gtid{uuidFrom(uuid), {}, number};
  if (in.left() < 17) return out;
  in.skip(17);
  if (in.left() >= 7) out.commitMicros = in.little(7) & 0x7fffffffffffffU;  // the top bit: an original time follows
  return out;
}

/// Fields are numbered and come in this order; those that we need precede the optional ones.
GtidEvent parseTaggedGtid(const Event& event) {
  enum Field : std::uint64_t { flags, uuid, number, tag, lastCommitted, sequenceNumber, commitTime };
  ByteReader in(event.body);
  readVarlen(in);                             // version of the serialization
  const std::uint64_t size = readVarlen(in);  // of the message
  readVarlen(in);                             // last field that must be understood
  if (!in.ok() || size > event.body.size()) throwCorrupt("GTID_TAGGED is cut off");
  GtidEvent out;
  Gtid gtid;
  while (in.ok() && in.left() > 0) {
    const std::uint64_t field = readVarlen(in);
    if (field == flags || field == lastCommitted || field == sequenceNumber) {
      readVarlen(in);
    } else if (field == uuid) {
      for (auto& byte : gtid.source.bytes) byte = static_cast<std::uint8_t>(readVarlen(in));
    } else if (field == number) {
      gtid.number = static_cast<std::uint64_t>(readVarlenSigned(in));
    } else if (field == tag) {
      gtid.tag = in.slice(readVarlen(in));
    } else {
      if (field == commitTime) out.commitMicros = readVarlen(in);
      break;
    }
  }
  if (!in.ok() || gtid.number == 0) throwCorrupt("GTID_TAGGED is not readable");
  out.gtid = std::move(gtid);
  return out;
}

/// Names of the databases that the statement changes; more than 16 are not listed.
void skipDatabases(ByteReader& in) {
  constexpr std::uint8_t kTooMany = 254;
  const std::uint8_t count = in.u8();
  if (count == kTooMany) return;
  for (std::uint8_t i = 0; i < count && in.ok(); ++i)
    while (in.ok() && in.u8() != 0) {
    }
}

/// Skips the value of a status variable that we do not need; false for a code whose length is not known.
bool skipStatusVariable(ByteReader& in, std::uint8_t code) {
  switch (code) {
    case 2:
      in.skip(in.u8() + std::size_t{1});
      return true;  // CATALOG, ends with a zero
    case 6:
      in.skip(in.u8());
      return true;  // CATALOG without a zero
    case 7:
    case 8:
      in.skip(2);
      return true;  // LC_TIME, CHARSET_DATABASE
    case 9:
    case 17:
      in.skip(8);
      return true;  // TABLE_MAP_FOR_UPDATE, the XID of a statement
    case 10:
      in.skip(4);
      return true;  // MASTER_DATA_WRITTEN
    case 11:
      in.skip(in.u8());
      in.skip(in.u8());
      return true;  // INVOKER: user and host
    case 12:
      skipDatabases(in);
      return true;
    default:
      return false;
  }
}

/// The value of a status variable that we need; false for another code.
bool readStatusVariable(ByteReader& in, std::uint8_t code, QueryEvent& out) {
  switch (code) {
    case 0:
      out.flags = in.u32();
      return true;
    case 1:
      out.sqlMode = in.u64();
      return true;
    case 3:
      out.autoIncrement = in.u16();
      out.autoIncrementOffset = in.u16();
      return true;
    case 4:
      out.clientCharset = in.u16();
      out.connectionCollation = in.u16();
      out.serverCollation = in.u16();
      return true;
    case 5:
      out.timeZone = in.slice(in.u8());
      return true;
    case 13:   // MySQL
    case 128:  // MariaDB
      out.microseconds = static_cast<std::uint32_t>(in.little(3));
      return true;
    case 16:
      out.explicitTimestamps = in.u8() != 0;
      return true;
    case 18:
      out.utf8mb4Collation = in.u16();
      return true;
    default:
      return false;
  }
}

/// A code whose length is not known ends the reading: what we need has low codes and comes before newer ones.
void parseStatus(std::string_view raw, QueryEvent& out) {
  ByteReader in(raw);
  while (in.ok() && in.left() > 0) {
    const std::uint8_t code = in.u8();
    if (!readStatusVariable(in, code, out) && !skipStatusVariable(in, code)) return;
  }
  if (!in.ok()) throwCorrupt("the status variables of QUERY are cut off");
}

}  // namespace

RotateEvent parseRotate(std::string_view body) {
  ByteReader in(body);
  RotateEvent out;
  out.offset = in.u64();
  out.file = in.rest();
  if (const std::size_t end = out.file.find('\0'); end != std::string::npos) out.file.resize(end);
  if (!in.ok() || out.file.empty()) throwCorrupt("ROTATE is cut off");
  return out;
}

GtidEvent parseGtid(const Event& event) {
  return event.header.type == EventType::taggedGtid ? parseTaggedGtid(event) : parsePlainGtid(event);
}

GtidSet parsePreviousGtids(std::string_view body) {
  auto set = GtidSet::decode(body);
  if (!set) throwCorrupt("PREVIOUS_GTIDS is not readable");
  return *std::move(set);
}

MariadbGtidEvent parseMariadbGtid(const Event& event) {
  ByteReader in(event.body);
  MariadbGtidEvent out;
  out.gtid.sequence = in.u64();
  out.gtid.domain = in.u32();
  out.gtid.server = event.header.serverId;
  const std::uint8_t flags = in.u8();
  require(in, event.header.type);
  out.standalone = (flags & 0x01U) != 0;
  out.ddl = (flags & 0x20U) != 0;
  out.preparedXa = (flags & 0x40U) != 0;
  out.completedXa = (flags & 0x80U) != 0;
  return out;
}

QueryEvent parseQuery(const Event& event, const FormatDescription& format, std::string& scratch) {
  // thread 4, seconds 4, length of the database 1, error 2, length of the status variables 2, then by type
  constexpr std::size_t kRead = 13;
  ByteReader in(event.body);
  in.skip(4);
  QueryEvent out;
  out.seconds = in.u32();
  const std::uint8_t databaseBytes = in.u8();
  out.errorCode = in.u16();
  const std::uint16_t statusBytes = in.u16();
  const bool load = event.header.type == EventType::executeLoadQuery;
  const std::size_t fixed = format.postHeader(event.header.type).value_or(load ? kRead + 13 : kRead);
  if (fixed < kRead) throwCorrupt("QUERY has a short post-header");
  in.skip(fixed - kRead);
  const std::string_view status = in.slice(statusBytes);
  out.database = in.slice(databaseBytes);
  in.skip(1);
  require(in, event.header.type);
  parseStatus(status, out);
  out.sql = in.rest();
  if (event.header.type == EventType::queryCompressed) {
    scratch = inflateRecord(out.sql);
    out.sql = scratch;
  }
  return out;
}

HeartbeatEvent parseHeartbeat(const Event& event) {
  HeartbeatEvent out;
  ByteReader in(event.body);
  if (event.header.type == EventType::heartbeat) {
    out.file = in.rest();
    out.offset = event.header.nextPosition;
    return out;
  }
  enum Field : std::uint64_t { end = 0, file = 1, offset = 2 };
  while (in.left() > 0) {
    const std::uint64_t field = readLength(in);
    if (field == end) break;
    ByteReader value(in.slice(readLength(in)));
    if (field == file) out.file = value.rest();
    if (field == offset) out.offset = readLength(value);
    if (!value.ok()) in.fail();
  }
  require(in, event.header.type);
  return out;
}

XaPrepareEvent parseXaPrepare(std::string_view body) {
  ByteReader in(body);
  XaPrepareEvent out;
  out.onePhase = in.u8() != 0;
  out.xid = in.rest();
  if (!in.ok()) throwCorrupt("XA_PREPARE is cut off");
  return out;
}

std::string parseIncident(std::string_view body) {
  ByteReader in(body);
  in.skip(2);
  const std::string_view text = in.slice(in.u8());
  return in.ok() ? std::string(text) : "no reason given";
}

}  // namespace drs::mysql
