#pragma once

#include "engine/redis/connection.h"
#include "wire/rdb/command_form.h"

#include <cstdint>
#include <string>

namespace drs::redis {

enum class LargeRead : std::uint8_t {
  complete,
  gone,     ///< there is no such key now; nothing was given
  shifted,  ///< a list whose places have moved under the reading: what was given is of no use
};

/// Reads a value of any length from its server in pieces, by the commands of its type, so that neither side holds it
/// whole: GETRANGE, LRANGE, SSCAN, HSCAN (with the deadlines of fields), ZSCAN, XRANGE with groups and what is pending;
/// gives them to the form, which has begun the key. `type`: as TYPE tells.
///
/// It is no value of one moment. An element of a set, a hash or a sorted set that is there all the time is read, one
/// that comes or goes meanwhile may be or not; entries of streams stand still. Of a list, places shift when something
/// is put or taken at its left: elements would be lost or doubled that nobody touched, so that its length and both ends
/// are looked at before and behind.
///
/// Throws Error(logUnsupported) for other types, and as Connection::call().
[[nodiscard]] LargeRead readInPieces(Connection& source, const std::string& key, const std::string& type,
                                     rdb::CommandForm& form);

}  // namespace drs::redis
