#pragma once

#include "wire/mysql/event.h"

#include <zlib.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace drs::mysql {

inline std::string little(std::uint64_t value, unsigned width) {
  std::string out;
  for (unsigned i = 0; i < width; ++i) out += static_cast<char>(i < 8 ? value >> 8 * i & 0xff : 0);
  return out;
}

/// Writes the dump of an imagined server, event by event, and keeps the place in the file as a server does.
class EventBuilder {
 public:
  explicit EventBuilder(std::uint64_t offset = 4) : offset_(offset) {}

  /// A packet; the event lies in the file unless `artificial`.
  std::string event(EventType type, const std::string& body, bool artificial = false, std::uint16_t flags = 0) {
    const std::size_t size = kEventHeaderBytes + body.size() + 4;
    if (!artificial) offset_ += size;
    std::string out =
        little(timestamp, 4) + little(static_cast<std::uint64_t>(type), 1) + little(7, 4) + little(size, 4);
    out += little(artificial ? 0 : offset_, 4) + little(artificial ? flags | 0x20U : flags, 2) + body;
    return out + little(crc32_z(0, reinterpret_cast<const unsigned char*>(out.data()), out.size()), 4);
  }

  std::string rotate(const std::string& file, std::uint64_t offset) {
    offset_ = offset;
    return event(EventType::rotate, little(offset, 8) + file, true);
  }
  /// In the middle of a file it is sent once more, without a place.
  std::string format(bool again = false) {
    std::string body = little(4, 2) + std::string("10.11.6-test").append(38, '\0') + little(0, 4) + little(19, 1);
    std::string lengths(171, '\0');
    const auto set = [&](EventType type, char bytes) { lengths[static_cast<std::size_t>(type) - 1] = bytes; };
    set(EventType::query, 13);
    set(EventType::queryCompressed, 13);
    set(EventType::executeLoadQuery, 26);
    set(EventType::tableMap, 8);
    for (const EventType type :
         {EventType::writeRows, EventType::updateRows, EventType::deleteRows, EventType::partialUpdateRows})
      set(type, 10);
    for (const EventType type : {EventType::writeRowsV1, EventType::updateRowsV1, EventType::deleteRowsV1})
      set(type, 8);
    body += lengths + little(1, 1);
    return event(EventType::formatDescription, body, again);
  }

  std::string gtid(std::uint64_t number, const std::string& uuidBytes = std::string(16, '\x11'),
                   std::uint64_t micros = 0) {
    return event(EventType::gtid,
                 little(0, 1) + uuidBytes + little(number, 8) + little(2, 1) + little(0, 16) + little(micros, 7));
  }
  std::string anonymous() {
    return event(EventType::anonymousGtid,
                 little(0, 1) + std::string(16, '\0') + little(0, 8) + little(2, 1) + little(0, 16));
  }
  std::string mariadbGtid(std::uint64_t sequence, unsigned flags = 0, std::uint32_t domain = 0) {
    return event(EventType::mariadbGtid, little(sequence, 8) + little(domain, 4) + little(flags, 1) + little(0, 6));
  }
  std::string query(const std::string& sql, const std::string& database = "d", std::uint64_t sqlMode = 0) {
    const std::string status =
        little(1, 1) + little(sqlMode, 8) + little(4, 1) + little(45, 2) + little(45, 2) + little(45, 2);
    return event(EventType::query, little(1, 4) + little(0, 4) + little(database.size(), 1) + little(0, 2) +
                                       little(status.size(), 2) + status + database + '\0' + sql);
  }
  std::string xid() { return event(EventType::xid, little(99, 8)); }

  /// d.t (id INT, v VARCHAR(20)) unless told otherwise.
  std::string tableMap(std::uint64_t id, const std::string& table = "t", const std::string& database = "d",
                       const std::string& types = "\x03\x0f",
                       const std::string& metadata = std::string("\x14\x00", 2)) {
    std::string body = little(id, 6) + little(1, 2) + little(database.size(), 1) + database + '\0' +
                       little(table.size(), 1) + table + '\0' + little(types.size(), 1) + types +
                       little(metadata.size(), 1) + metadata;
    body += std::string((types.size() + 7) / 8, '\xff');
    return event(EventType::tableMap, body);
  }
  static std::string row(std::int32_t id, const std::string& value) {
    return little(0, 1) + little(static_cast<std::uint32_t>(id), 4) + little(value.size(), 1) + value;
  }
  std::string rows(EventType type, std::uint64_t id, const std::string& images, unsigned flags = 1,
                   char present = '\x03') {
    const bool partial = type == EventType::partialUpdateRows;
    const bool version2 =
        partial || type == EventType::writeRows || type == EventType::updateRows || type == EventType::deleteRows;
    const bool update = partial || type == EventType::updateRows || type == EventType::updateRowsV1;
    std::string body = little(id, 6) + little(flags, 2);
    if (version2) body += little(2, 2);
    body += little(2, 1) + present;
    if (update) body += present;
    return event(type, body + images);
  }
  std::string write(std::uint64_t id, std::int32_t key, const std::string& value) {
    return rows(EventType::writeRows, id, row(key, value));
  }
  std::string heartbeat() { return event(EventType::heartbeat, "bin.000001", true); }

  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  std::uint32_t timestamp = 1700000000;

 private:
  std::uint64_t offset_;
};

}  // namespace drs::mysql
