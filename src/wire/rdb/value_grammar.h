#pragma once

#include "wire/rdb/module_data.h"
#include "wire/rdb/reader.h"
#include "wire/rdb/value_type.h"
#include "wire/rdb/value_visitor.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace drs::rdb {

/// How a raw value consists of records. A record is the smallest piece that is read as one: an element, a pair, a
/// packed node, a number of elements. Skipping (SnapshotParser) and decoding (ValueDecoder) run over this one grammar.
///
///     string                    = text
///     list, set                 = count item*
///     zset                      = count score*             member, score as text (3) or in 8 bytes (5)
///     hash                      = count pair*              type 22, 24: each with its deadline; 24: the lowest one
///     first packed                    = node                     types 9 to 13, 16, 17, 20, 23; 25 with the lowest
///     deadline list 14, 18               = count node* stream                    = count streamNode* stream group*
///     [producers] group                     = head pending* count (consumer ownPending*)* [count returned*] producers
///     = head (producer id*)* tail module                    = id piece*
///
/// Handler: a member function per kind of record, called once a record is there as a whole (see SkipHandler).
class ValueGrammar {
 public:
  /// kindOf(type, dialect) must not be nothing.
  ValueGrammar(std::uint8_t type, Dialect dialect) : type_(type), dialect_(dialect), step_(firstStep()) {}

  [[nodiscard]] bool done() const { return step_ == Step::done; }

  /// Reads one record. False if it is cut off: then the grammar stands where it stood, and the reader has failed.
  /// Throws Error(logCorrupt).
  template <class Handler>
  bool record(ByteReader& in, Handler& handler);

 private:
  enum class Step : std::uint8_t {
    text,
    count,
    item,
    textScore,
    binaryScore,
    pair,
    deadlineCount,
    deadlinePair,
    pairDeadline,
    packed,
    deadlinePacked,
    node,
    streamNode,
    stream,
    group,
    pending,
    consumerCount,
    consumer,
    ownPending,
    returnedCount,
    returned,
    producerHead,
    producer,
    producerId,
    producerTail,
    moduleId,
    modulePiece,
    done,
  };

  /// What each record of the counted part is; done for values without a count.
  [[nodiscard]] Step elementStep() const {
    switch (type_) {
      case kList:
      case kSet:
        return Step::item;
      case kZset:
        return Step::textScore;
      case kZset2:
        return Step::binaryScore;
      case kHash:
        return Step::pair;
      case kHashMetadataPreGa:
        return dialect_ == Dialect::valkey ? Step::pairDeadline : Step::deadlinePair;
      case kHashMetadata:
        return Step::deadlinePair;
      case kListQuicklist:
      case kListQuicklist2:
        return Step::node;
      case kStreamListpacks:
      case kStreamListpacks2:
      case kStreamListpacks3:
      case kStreamListpacks4:
      case kStreamListpacks5:
        return Step::streamNode;
      default:
        return Step::done;
    }
  }
  [[nodiscard]] Step firstStep() const {
    if (type_ == kString) return Step::text;
    if (type_ == kModule2) return Step::moduleId;
    if (type_ == kHashListpackEx) return Step::deadlinePacked;
    if (type_ == kHashMetadata) return Step::deadlineCount;
    return elementStep() == Step::done ? Step::packed : Step::count;
  }
  [[nodiscard]] bool isStream() const { return elementStep() == Step::streamNode; }

  // Where it goes on; each is called when the record before it is whole.
  void counted(std::uint64_t count) {
    left_ = count;
    step_ = left_ > 0 ? elementStep() : afterElements();
  }
  void elementDone() {
    if (--left_ == 0) step_ = afterElements();
  }
  [[nodiscard]] Step afterElements() const { return isStream() ? Step::stream : Step::done; }
  void nextConsumer() {
    if (consumers_ > 0) {
      step_ = Step::consumer;
    } else {
      step_ = type_ >= kStreamListpacks5 ? Step::returnedCount : Step::group;
    }
  }
  void nextGroup() { step_ = groups_ > 0 ? Step::group : type_ >= kStreamListpacks4 ? Step::producerHead : Step::done; }
  void nextProducer() { step_ = producers_ > 0 ? Step::producer : Step::producerTail; }

  static StreamId readId(ByteReader& in) {
    const std::uint64_t ms = readLength(in);
    return {ms, readLength(in)};
  }
  static StreamId readRawId(ByteReader& in) {
    const std::uint64_t ms = in.big(8);
    return {ms, in.big(8)};
  }

  template <class Handler>
  bool elementRecord(ByteReader& in, Handler& handler);
  template <class Handler>
  bool streamRecord(ByteReader& in, Handler& handler);
  template <class Handler>
  bool groupRecord(ByteReader& in, Handler& handler);
  template <class Handler>
  bool producerRecord(ByteReader& in, Handler& handler);

  std::uint8_t type_;
  Dialect dialect_;
  Step step_;
  std::uint64_t left_ = 0;  ///< records of the counted part that is being read
  std::uint64_t groups_ = 0, consumers_ = 0, producers_ = 0;
  std::int64_t lowestDeadline_ = 0;  ///< type 24: the deadlines of its fields count from here
};

/// Takes nothing of any record.
struct SkipHandler {
  void text(const RawString&) {}
  void item(const RawString&) {}
  void textScore(const RawString&, std::string_view) {}  ///< member, score
  void textScore(const RawString&, double) {}            ///< the same, for what is no text in type 3
  void binaryScore(const RawString&, double) {}
  void pair(const RawString&, const RawString&, std::optional<std::int64_t>) {}
  void packed(const RawString&) {}
  void node(bool, const RawString&) {}                    ///< plain: one item; else packed
  void streamNode(const RawString&, const RawString&) {}  ///< id in front, listpack
  void stream(const StreamInfo&) {}
  void group(const RawString&, StreamId, std::optional<std::int64_t>) {}
  void pending(const StreamPending&) {}
  void consumer(const RawString&, std::int64_t, std::int64_t) {}  ///< seen, active
  void ownPending(StreamId) {}
  void returned(StreamId) {}
  void groupEnd() {}
  void producers(std::uint64_t) {}
};

template <class Handler>
bool ValueGrammar::record(ByteReader& in, Handler& handler) {
  switch (step_) {
    case Step::text: {
      const RawString text = readRawString(in);
      if (!in.ok()) return false;
      step_ = Step::done;
      handler.text(text);
      return true;
    }
    case Step::count: {
      const std::uint64_t count = readLength(in);
      if (!in.ok()) return false;
      counted(count);
      return true;
    }
    case Step::deadlineCount: {
      const auto lowest = static_cast<std::int64_t>(in.u64());
      const std::uint64_t count = readLength(in);
      if (!in.ok()) return false;
      lowestDeadline_ = lowest;
      counted(count);
      return true;
    }
    case Step::packed:
    case Step::deadlinePacked: {
      if (step_ == Step::deadlinePacked) in.skip(8);  // the lowest deadline; each field has its own in full
      const RawString packed = readRawString(in);
      if (!in.ok()) return false;
      step_ = Step::done;
      handler.packed(packed);
      return true;
    }
    case Step::moduleId: {
      (void)readLength(in);
      if (!in.ok()) return false;
      step_ = Step::modulePiece;
      return true;
    }
    case Step::modulePiece: {
      const bool end = skipModulePiece(in);
      if (!in.ok()) return false;
      if (end) step_ = Step::done;
      return true;
    }
    case Step::stream:
    case Step::streamNode:
      return streamRecord(in, handler);
    case Step::group:
    case Step::pending:
    case Step::consumerCount:
    case Step::consumer:
    case Step::ownPending:
    case Step::returnedCount:
    case Step::returned:
      return groupRecord(in, handler);
    case Step::producerHead:
    case Step::producer:
    case Step::producerId:
    case Step::producerTail:
      return producerRecord(in, handler);
    case Step::done:
      return true;
    default:
      return elementRecord(in, handler);
  }
}

template <class Handler>
bool ValueGrammar::elementRecord(ByteReader& in, Handler& handler) {
  switch (step_) {
    case Step::item: {
      const RawString item = readRawString(in);
      if (!in.ok()) return false;
      elementDone();
      handler.item(item);
      return true;
    }
    case Step::textScore: {
      const RawString member = readRawString(in);
      const std::uint8_t size = in.u8();
      constexpr std::uint8_t kNan = 253, kInfinite = 254, kMinusInfinite = 255;
      const std::string_view text = size < kNan ? in.slice(size) : std::string_view{};
      if (!in.ok()) return false;
      if (size == kNan) throwCorrupt("a score is not a number");
      elementDone();
      if (size < kNan) {
        handler.textScore(member, text);
      } else {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        static_assert(kMinusInfinite == kInfinite + 1);
        handler.textScore(member, size == kInfinite ? kInfinity : -kInfinity);
      }
      return true;
    }
    case Step::binaryScore: {
      const RawString member = readRawString(in);
      const std::uint64_t bits = in.u64();
      if (!in.ok()) return false;
      elementDone();
      double score = 0;
      std::memcpy(&score, &bits, sizeof score);
      handler.binaryScore(member, score);
      return true;
    }
    case Step::pair: {
      const RawString field = readRawString(in);
      const RawString value = readRawString(in);
      if (!in.ok()) return false;
      elementDone();
      handler.pair(field, value, std::nullopt);
      return true;
    }
    case Step::deadlinePair: {
      const std::uint64_t ttl = readLength(in);
      const RawString field = readRawString(in);
      const RawString value = readRawString(in);
      if (!in.ok()) return false;
      elementDone();
      // 0: none. Type 24 counts from the lowest one, which is 1; type 22 has it in full.
      const std::uint64_t from = type_ == kHashMetadata ? static_cast<std::uint64_t>(lowestDeadline_) - 1 : 0;
      handler.pair(field, value, ttl == 0 ? std::nullopt : std::optional(static_cast<std::int64_t>(ttl + from)));
      return true;
    }
    case Step::pairDeadline: {
      const RawString field = readRawString(in);
      const RawString value = readRawString(in);
      const auto deadline = static_cast<std::int64_t>(in.u64());
      if (!in.ok()) return false;
      elementDone();
      handler.pair(field, value, deadline == -1 ? std::nullopt : std::optional(deadline));
      return true;
    }
    default: {  // node
      constexpr std::uint64_t kPlain = 1, kPacked = 2;
      const std::uint64_t container = type_ == kListQuicklist2 ? readLength(in) : kPacked;
      const RawString node = readRawString(in);
      if (!in.ok()) return false;
      if (container != kPlain && container != kPacked) throwCorrupt("a node of a list is of an unknown kind");
      elementDone();
      handler.node(container == kPlain, node);
      return true;
    }
  }
}

template <class Handler>
bool ValueGrammar::streamRecord(ByteReader& in, Handler& handler) {
  if (step_ == Step::streamNode) {
    const RawString id = readRawString(in);
    const RawString listpack = readRawString(in);
    if (!in.ok()) return false;
    elementDone();
    handler.streamNode(id, listpack);
    return true;
  }
  StreamInfo info;
  info.length = readLength(in);
  info.lastId = readId(in);
  info.added = info.length;
  if (type_ >= kStreamListpacks2) {
    info.firstId = readId(in);
    info.maxDeletedId = readId(in);
    info.added = readLength(in);
  }
  const std::uint64_t groups = readLength(in);
  if (!in.ok()) return false;
  groups_ = groups;
  nextGroup();
  handler.stream(info);
  return true;
}

template <class Handler>
bool ValueGrammar::groupRecord(ByteReader& in, Handler& handler) {
  const auto endGroup = [&] {
    --groups_;
    nextGroup();
    handler.groupEnd();
  };
  const auto endConsumer = [&] {
    --consumers_;
    nextConsumer();
    if (step_ == Step::group) endGroup();
  };
  switch (step_) {
    case Step::group: {
      const RawString name = readRawString(in);
      const StreamId last = readId(in);
      std::optional<std::int64_t> read;
      if (type_ >= kStreamListpacks2) read = static_cast<std::int64_t>(readLength(in));
      const std::uint64_t pending = readLength(in);
      if (!in.ok()) return false;
      left_ = pending;
      step_ = left_ > 0 ? Step::pending : Step::consumerCount;
      handler.group(name, last, read);
      return true;
    }
    case Step::pending: {
      StreamPending pending;
      pending.id = readRawId(in);
      pending.deliveredAtMs = static_cast<std::int64_t>(in.u64());
      pending.deliveries = readLength(in);
      if (!in.ok()) return false;
      if (--left_ == 0) step_ = Step::consumerCount;
      handler.pending(pending);
      return true;
    }
    case Step::consumerCount: {
      const std::uint64_t count = readLength(in);
      if (!in.ok()) return false;
      consumers_ = count;
      nextConsumer();
      if (step_ == Step::group) endGroup();
      return true;
    }
    case Step::consumer: {
      const RawString name = readRawString(in);
      const auto seen = static_cast<std::int64_t>(in.u64());
      const std::int64_t active = type_ >= kStreamListpacks3 ? static_cast<std::int64_t>(in.u64()) : seen;
      const std::uint64_t pending = readLength(in);
      if (!in.ok()) return false;
      left_ = pending;
      step_ = Step::ownPending;
      handler.consumer(name, seen, active);
      if (left_ == 0) endConsumer();
      return true;
    }
    case Step::ownPending: {
      const StreamId id = readRawId(in);
      if (!in.ok()) return false;
      handler.ownPending(id);
      if (--left_ == 0) endConsumer();
      return true;
    }
    case Step::returnedCount: {
      const std::uint64_t count = readLength(in);
      if (!in.ok()) return false;
      left_ = count;
      step_ = Step::returned;
      if (left_ == 0) endGroup();
      return true;
    }
    default: {  // returned
      const StreamId id = readRawId(in);
      if (!in.ok()) return false;
      handler.returned(id);
      if (--left_ == 0) endGroup();
      return true;
    }
  }
}

template <class Handler>
bool ValueGrammar::producerRecord(ByteReader& in, Handler& handler) {
  switch (step_) {
    case Step::producerHead: {
      (void)readId(in);  // how long ids are remembered, and how many
      const std::uint64_t count = readLength(in);
      if (!in.ok()) return false;
      producers_ = count;
      nextProducer();
      handler.producers(count);
      return true;
    }
    case Step::producer: {
      (void)readRawString(in);
      const std::uint64_t ids = readLength(in);
      if (!in.ok()) return false;
      --producers_;
      left_ = ids;
      step_ = Step::producerId;
      if (left_ == 0) nextProducer();
      return true;
    }
    case Step::producerId: {
      (void)readRawString(in);
      (void)readId(in);
      if (!in.ok()) return false;
      if (--left_ == 0) nextProducer();
      return true;
    }
    default: {           // tail
      (void)readId(in);  // ids added, duplicates met
      if (!in.ok()) return false;
      step_ = Step::done;
      return true;
    }
  }
}

}  // namespace drs::rdb
