#pragma once

#include "wire/rdb/value_visitor.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drs::rdb {

/// Takes commands, e.g. an encoder with a connection behind it. Views are valid during the call only.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  /// Name and arguments of one command.
  virtual void command(std::span<const std::string_view> arguments) = 0;
};

/// What the target can be told. All true: Redis 8.0, Valkey 9.0.
struct CommandOptions {
  bool setPxat = true;         ///< SET … PXAT (Redis 6.2); else PEXPIREAT behind it
  bool createConsumer = true;  ///< XGROUP CREATECONSUMER (Redis 6.2; not GeminiDB)
  bool streamCounters = true;  ///< XSETID … ENTRIESADDED MAXDELETEDID, XGROUP CREATE … ENTRIESREAD (Redis 7.0)
  bool fieldExpiry = true;     ///< HPEXPIREAT (Redis 7.4, Valkey 9.0)
};

/// What commands could not say about a value; the rest of it was said. The caller decides by its policy.
enum class Unsaid : std::uint8_t {
  fieldExpiry,      ///< fields stay for ever that have a deadline at the source (target without HPEXPIREAT)
  emptyConsumer,    ///< consumers without pending entries are missing (target without CREATECONSUMER)
  consumerTimes,    ///< when consumers were seen last: no command sets it
  streamCounters,   ///< entries ever added, the highest deleted id, entries read by groups (target without them)
  returnedPending,  ///< pending entries of no consumer (XNACK) are missing
  producers,        ///< the ids of idempotent producers that the source remembers are missing
};

/// "deadlines of hash fields" …: for reports.
[[nodiscard]] std::string_view toText(Unsaid what) noexcept;

struct UnsaidCount {
  Unsaid what;
  std::uint64_t count;  ///< fields, consumers, counters, entries, producers
};

constexpr std::size_t kCommandElements = 128;
constexpr std::size_t kCommandBytes = std::size_t{64} << 10U;

/// Turns a value into the absolute commands that rebuild it; run twice they give the same. A visitor for ValueDecoder:
///
///     CommandForm form(sink, options);
///     form.begin(info.key, info.expireAtMs);
///     decodeValue(info.type, dialect, raw, form);   // or in parts: ValueDecoder; or appendText() in turn
///     for (const UnsaidCount& unsaid : form.end()) …
///
/// Commands: strings SET (PXAT); all others UNLINK first, then RPUSH, SADD, HSET with HPEXPIREAT, ZADD of at most 128
/// elements and 64 KiB (one element may be longer, it then has a command of its own), or XADD of each entry, XSETID,
/// XGROUP CREATE, XGROUP CREATECONSUMER, XCLAIM; PEXPIREAT last (a key that expired in between would come back without
/// a deadline). The commands of a key are not atomic: until end() has returned and the target has answered all of them
/// the key is incomplete; done again from begin() it becomes whole.
///
/// A target of Redis 7.0 or newer leaves out of XCLAIM what is pending although its entry was deleted from the stream:
/// the answer lists the ids that it took. Memory: one command. One thread.
class CommandForm final : public ValueVisitor {
 public:
  /// `sink` must outlive the form.
  explicit CommandForm(CommandSink& sink, CommandOptions options = {});
  ~CommandForm() override;
  CommandForm(const CommandForm&) = delete;
  CommandForm& operator=(const CommandForm&) = delete;

  /// Starts a key; a key that was begun and not ended is dropped (after an Error of the decoder). Copies the key.
  void begin(std::string_view key, std::optional<std::int64_t> expireAtMs);
  /// A piece of a long string (BigBegin::textBytes): SET with the first, APPEND with the others.
  void appendText(std::string_view piece);
  /// Sends what is left, and the deadline. Returns what could not be said; valid until the next begin(). A value
  /// without any element (servers refuse to load it) leaves no key.
  [[nodiscard]] std::span<const UnsaidCount> end();

  void onString(std::string_view text) override;
  void onItem(std::string_view item) override;
  void onMember(std::string_view member) override;
  void onScore(std::string_view member, double score) override;
  void onField(std::string_view field, std::string_view value, std::optional<std::int64_t> expireAtMs) override;
  void onStreamEntry(StreamId id, std::span<const std::string_view> fields) override;
  void onStream(const StreamInfo& stream) override;
  void onGroup(const StreamGroup& group) override;
  void onConsumer(const StreamConsumer& consumer) override;
  void onPending(const StreamPending& pending, bool owned) override;
  void onProducers(std::uint64_t producers) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drs::rdb
