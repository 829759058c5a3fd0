#pragma once

#include "wire/mysql/event.h"
#include "wire/mysql/gtid_set.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The bodies of all events that carry no rows. Every parser throws Error(logCorrupt) for damage.

namespace drs::mysql {

/// ROTATE: the log goes on in `file` at `offset`.
struct RotateEvent {
  std::string file;
  std::uint64_t offset = 4;
};
[[nodiscard]] RotateEvent parseRotate(std::string_view body);

/// GTID, ANONYMOUS_GTID and GTID_TAGGED of MySQL: opens a transaction.
struct GtidEvent {
  std::optional<Gtid> gtid;        ///< nothing: anonymous
  std::uint64_t commitMicros = 0;  ///< commit time at this server, Unix µs; 0 before MySQL 8.0
};
[[nodiscard]] GtidEvent parseGtid(const Event& event);

/// PREVIOUS_GTIDS of MySQL: what the earlier files hold.
[[nodiscard]] GtidSet parsePreviousGtids(std::string_view body);

/// GTID of MariaDB: opens a transaction (it is the BEGIN), or announces a single statement.
struct MariadbGtidEvent {
  MariadbGtid gtid;
  bool standalone = false;  ///< one statement follows, without COMMIT or XID
  bool ddl = false;
  bool preparedXa = false;   ///< the group of an XA PREPARE
  bool completedXa = false;  ///< XA COMMIT or XA ROLLBACK of an earlier group
};
[[nodiscard]] MariadbGtidEvent parseMariadbGtid(const Event& event);

/// QUERY, QUERY_COMPRESSED, EXECUTE_LOAD_QUERY.
struct QueryEvent {
  std::string_view database;  ///< the session's default, may be empty
  std::string_view sql;       ///< in the session's character set
  std::uint16_t errorCode = 0;
  std::uint64_t sqlMode = 0;
  std::uint16_t clientCharset = 0;  ///< collation id, 0 = not told
  // What else decides the meaning of a statement. Servers tell only what the statement needs.
  std::uint32_t seconds = 0;  ///< its NOW(), Unix time
  std::optional<std::uint32_t> microseconds;
  std::uint32_t flags = 0;                                     ///< FLAGS2
  std::uint16_t connectionCollation = 0, serverCollation = 0;  ///< ids, 0 = not told
  std::uint16_t utf8mb4Collation = 0;                          ///< MySQL 8: the default one of utf8mb4; 0 = not told
  std::uint16_t autoIncrement = 0, autoIncrementOffset = 0;    ///< 0: 1
  std::string_view timeZone;                                   ///< empty: does not matter
  std::optional<bool> explicitTimestamps;                      ///< explicit_defaults_for_timestamp
};
/// `scratch` keeps the inflated text of a compressed event; the views of the result point into it or into the body.
[[nodiscard]] QueryEvent parseQuery(const Event& event, const FormatDescription& format, std::string& scratch);

/// HEARTBEAT and HEARTBEAT_V2: the server has nothing newer than this place.
struct HeartbeatEvent {
  std::string file;
  std::uint64_t offset = 0;  ///< HEARTBEAT has the low 32 bits only
};
[[nodiscard]] HeartbeatEvent parseHeartbeat(const Event& event);

/// XA_PREPARE: ends the group of an XA transaction.
struct XaPrepareEvent {
  bool onePhase = false;  ///< a commit, in truth
  std::string xid;        ///< format, global part and branch: for comparing only
};
[[nodiscard]] XaPrepareEvent parseXaPrepare(std::string_view body);

/// INCIDENT: the server says that its log has a gap; the text is its reason.
[[nodiscard]] std::string parseIncident(std::string_view body);

}  // namespace drs::mysql
