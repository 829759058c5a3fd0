#pragma once

#include "engine/redis/connection.h"
#include "wire/resp/encoder.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drs::redis {

/// The types whose values can be compared; the answers of TYPE.
enum class ComparedType : std::uint8_t { none, string, list, set, zset, hash, stream };
/// Nothing for types of modules.
[[nodiscard]] std::optional<ComparedType> comparedType(std::string_view name) noexcept;

/// Values with at most this many elements, or bytes of a string, are read whole.
inline constexpr std::int64_t kSmallElements = 128, kSmallBytes = 64 << 10;

/// Appends the command that tells the size of a value (STRLEN, LLEN …).
void appendSize(resp::Encoder& out, ComparedType type, std::string_view key);
/// Appends the command that reads a small value whole.
void appendWhole(resp::Encoder& out, ComparedType type, std::string_view key);
/// Are two answers to appendWhole() the same value? Sets, hashes and sorted sets in any order; scores as numbers.
[[nodiscard]] bool sameWhole(ComparedType type, const resp::Reply& a, const resp::Reply& b);

/// Compares a value of the same size and any length in pieces: strings, lists and streams side by side; of the others
/// each element of the source is looked up at the target, which with an equal number of elements proves that they are
/// equal, also if a scan gives some twice. Streams with the last id, groups and what is pending. False if it changes
/// meanwhile. Throws Error as Connection::call().
[[nodiscard]] bool sameValue(Connection& source, Connection& target, ComparedType type, const std::string& key);

/// Are last id, groups and their pending entries of two streams the same? Consumers without pending entries, times of
/// deliveries and counters (which servers before 7.0 do not have) are not looked at.
[[nodiscard]] bool sameGroups(Connection& source, Connection& target, const std::string& key);

/// Are the deadlines of a hash's fields the same, up to the tolerance in milliseconds? Both must know HPEXPIRETIME.
[[nodiscard]] bool sameFieldDeadlines(Connection& source, Connection& target, const std::string& key,
                                      std::int64_t toleranceMs);

}  // namespace drs::redis
