#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <string>
#include <string_view>

// Values of the log as the text that `SELECT` prints in time zone '+00:00'. Every function appends to `out`.

namespace drs::mysql {

/// Bytes that a DECIMAL(precision, scale) takes.
[[nodiscard]] std::size_t decimalBytes(unsigned precision, unsigned scale);
/// Throws Error(logCorrupt) if `raw` is no decimal of this shape. precision ≤ 81, scale ≤ precision.
void appendDecimal(std::string& out, std::string_view raw, unsigned precision, unsigned scale);

/// Calendar and clock fields as the servers pack them; nothing is normalised, so zero and partial dates pass.
struct DateTime {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microsecond = 0;
  bool negative = false;  ///< TIME only
};
void appendDate(std::string& out, const DateTime& value);                         ///< 2024-02-00
void appendTime(std::string& out, const DateTime& value, unsigned fraction);      ///< -00:00:01.500
void appendDateTime(std::string& out, const DateTime& value, unsigned fraction);  ///< 2024-02-00 00:00:00.000

/// DATE: 3 bytes.
[[nodiscard]] DateTime readDate(ByteReader& in);
/// TIME(n), DATETIME(n) of MySQL ≥ 5.6.4 and MariaDB ≥ 10.1.
[[nodiscard]] DateTime readTime2(ByteReader& in, unsigned fraction);
[[nodiscard]] DateTime readDateTime2(ByteReader& in, unsigned fraction);
/// The older forms, without fractions.
[[nodiscard]] DateTime readTime(ByteReader& in);
[[nodiscard]] DateTime readDateTime(ByteReader& in);
/// TIMESTAMP(n): zero is the zero date, as in the servers. Seconds are unsigned (MariaDB ≥ 11.5 goes to 2106).
[[nodiscard]] DateTime readTimestamp2(ByteReader& in, unsigned fraction);
[[nodiscard]] DateTime readTimestamp(ByteReader& in);

/// TIME and DATETIME as packed into 64 bits inside JSON values.
[[nodiscard]] DateTime unpackTime(std::int64_t packed);
[[nodiscard]] DateTime unpackDateTime(std::int64_t packed);

constexpr std::size_t kUuidBytes = 16;
/// The bytes of a UUID in the order in which it is written, from MariaDB's record (sql_type_uuid.h, 10.11.5 and later):
/// versions 1 to 5 are kept with their five parts in reverse, so that they sort by time. `stored` has kUuidBytes.
void appendUuid(std::string& out, std::string_view stored);

}  // namespace drs::mysql
