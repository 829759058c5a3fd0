#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace drs::rdb {

struct StreamId {
  std::uint64_t ms = 0, seq = 0;
  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

/// What a stream knows besides its entries.
struct StreamInfo {
  std::uint64_t length = 0;  ///< entries that are alive, all of which were given
  StreamId lastId;
  StreamId firstId;         ///< 0-0 in type 15, and if there are none
  StreamId maxDeletedId;    ///< 0-0 in type 15
  std::uint64_t added = 0;  ///< entries ever added; type 15 does not know and has `length`
};

struct StreamGroup {
  std::string_view name;
  StreamId lastId;                          ///< delivered last
  std::optional<std::int64_t> entriesRead;  ///< -1: the server does not know; nothing: type 15
};

struct StreamConsumer {
  std::string_view name;
  std::int64_t seenAtMs = 0;    ///< it tried to read last
  std::int64_t activeAtMs = 0;  ///< it got something last; -1: never; in types 15 and 19 the same as seenAtMs
};

/// A delivered entry that nobody has acknowledged. The entry itself may have been deleted from the stream.
struct StreamPending {
  StreamId id;
  std::int64_t deliveredAtMs = 0;
  std::uint64_t deliveries = 0;
};

/// Takes a stream: entries in order, then the stream, then each group with its consumers, each of these with what is
/// pending for it.
class StreamVisitor {
 public:
  virtual ~StreamVisitor() = default;
  /// `fields` are field, value, field, value …; deleted entries are left out.
  virtual void onStreamEntry(StreamId id, std::span<const std::string_view> fields) = 0;
  virtual void onStream(const StreamInfo& stream) = 0;
  virtual void onGroup(const StreamGroup& group) = 0;
  virtual void onConsumer(const StreamConsumer& consumer) = 0;
  /// `owned`: pending for the consumer that was given last. Otherwise for nobody (given back by XNACK, Redis 8.8),
  /// after the group's consumers.
  virtual void onPending(const StreamPending& pending, bool owned) = 0;
  /// The stream remembers ids of idempotent producers (Redis 8.6), this many; they are not decoded further.
  virtual void onProducers(std::uint64_t producers) = 0;
};

/// Takes the elements of one value as ValueDecoder reads them. Views are valid during the call only.
class ValueVisitor : public StreamVisitor {
 public:
  virtual void onString(std::string_view text) = 0;
  virtual void onItem(std::string_view item) = 0;                   ///< of a list, from the left
  virtual void onMember(std::string_view member) = 0;               ///< of a set
  virtual void onScore(std::string_view member, double score) = 0;  ///< of a sorted set; never NaN
  /// `expireAtMs` is the deadline of this field, Unix milliseconds; may be in the past.
  virtual void onField(std::string_view field, std::string_view value, std::optional<std::int64_t> expireAtMs) = 0;
};

/// A score as ZADD takes it and gives back the same double: the shortest digits that round-trip, whole numbers without
/// exponent, "inf", "-inf", "-0", "nan". The result points into `buffer`.
constexpr std::size_t kScoreBytes = 32;
[[nodiscard]] std::string_view scoreText(double score, std::span<char, kScoreBytes> buffer) noexcept;

}  // namespace drs::rdb
