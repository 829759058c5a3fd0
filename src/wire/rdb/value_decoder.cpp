#include "wire/rdb/value_decoder.h"

#include "wire/rdb/packed.h"
#include "wire/rdb/rdb_error.h"
#include "wire/rdb/reader.h"
#include "wire/rdb/stream_node.h"
#include "wire/rdb/value_grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace drs::rdb {
namespace {

/// Turns records into calls of the visitor.
class Elements {
 public:
  explicit Elements(std::uint8_t type, Dialect dialect) : type_(type), kind_(*kindOf(type, dialect)) {}

  ValueVisitor* visitor = nullptr;

  void text(const RawString& text) { visitor->onString(textOf(text, first_)); }
  void item(const RawString& item) { element(textOf(item, first_)); }
  void textScore(const RawString& member, std::string_view score) { textScore(member, scoreOf(score)); }
  void textScore(const RawString& member, double score) { visitor->onScore(textOf(member, first_), score); }
  void binaryScore(const RawString& member, double score) {
    if (std::isnan(score)) throwCorrupt("a score is not a number");
    visitor->onScore(textOf(member, first_), score);
  }
  void pair(const RawString& field, const RawString& value, std::optional<std::int64_t> deadline) {
    visitor->onField(textOf(field, first_), textOf(value, second_), deadline);
  }
  void packed(const RawString& packed);
  void node(bool plain, const RawString& node);
  void streamNode(const RawString& id, const RawString& listpack);
  void stream(const StreamInfo& info);
  void group(const RawString& name, StreamId last, std::optional<std::int64_t> read);
  void pending(const StreamPending& pending);
  void consumer(const RawString& name, std::int64_t seen, std::int64_t active) {
    visitor->onConsumer({textOf(name, first_), seen, active});
  }
  void ownPending(StreamId id) { visitor->onPending(take(id), true); }
  void returned(StreamId id) { visitor->onPending(take(id), false); }
  void groupEnd();
  void producers(std::uint64_t count) const { visitor->onProducers(count); }

 private:
  struct Pending {
    StreamPending entry;
    bool taken = false;
  };

  void element(std::string_view text) {
    if (kind_ == ValueKind::list) {
      visitor->onItem(text);
    } else {
      visitor->onMember(text);
    }
  }
  template <class Reader>
  void elements(Reader reader);
  template <class Reader>
  void scores(Reader reader);
  template <class Reader>
  void fields(Reader reader, bool deadlines = false);
  const StreamPending& take(StreamId id);

  std::uint8_t type_;
  ValueKind kind_;
  std::string first_, second_;  ///< where strings are unpacked
  StreamNode node_;
  std::uint64_t entries_ = 0;
  StreamId lastEntry_;
  std::vector<Pending> pending_;  ///< of the group that is read, in order of their ids
};

template <class Reader>
void Elements::elements(Reader reader) {
  char digits[kIntegerBytes];
  for (Packed packed; reader.next(packed);) element(packed.text(digits));
}

template <class Reader>
void Elements::scores(Reader reader) {
  char digits[kIntegerBytes];
  for (Packed member, score; reader.next(member);) {
    if (!reader.next(score)) throwCorrupt("a packed sorted set ends with a member without score");
    visitor->onScore(member.text(digits), score.score());
  }
}

template <class Reader>
void Elements::fields(Reader reader, bool deadlines) {
  char digits[kIntegerBytes], valueDigits[kIntegerBytes];
  for (Packed field, value, deadline; reader.next(field);) {
    if (!reader.next(value) || (deadlines && !reader.next(deadline)))
      throwCorrupt("a packed hash ends with a field without value");
    if (deadlines && !deadline.isNumber) throwCorrupt("the deadline of a field is not a number");
    const bool stays = !deadlines || deadline.number == 0;
    visitor->onField(field.text(digits), value.text(valueDigits),
                     stays ? std::nullopt : std::optional(deadline.number));
  }
}

void Elements::packed(const RawString& packed) {
  const std::string_view bytes = textOf(packed, first_);
  switch (type_) {
    case kHashZipmap:
      return fields(Zipmap(bytes));
    case kListZiplist:
      return elements(Ziplist(bytes));
    case kSetIntset:
      return elements(Intset(bytes));
    case kZsetZiplist:
      return scores(Ziplist(bytes));
    case kHashZiplist:
      return fields(Ziplist(bytes));
    case kHashListpack:
      return fields(Listpack(bytes));
    case kZsetListpack:
      return scores(Listpack(bytes));
    case kSetListpack:
      return elements(Listpack(bytes));
    default:
      return fields(Listpack(bytes), true);
  }
}

void Elements::node(bool plain, const RawString& node) {
  const std::string_view bytes = textOf(node, first_);
  if (plain) return visitor->onItem(bytes);
  if (type_ == kListQuicklist2) return elements(Listpack(bytes));
  elements(Ziplist(bytes));
}

void Elements::streamNode(const RawString& id, const RawString& listpack) {
  ByteReader in(textOf(id, first_));
  const std::uint64_t ms = in.big(8);
  const StreamId begin{ms, in.big(8)};
  if (!in.ok() || in.left() != 0) throwCorrupt("a node of a stream has no valid id");
  node_.read(begin, textOf(listpack, first_), [this](StreamId entry, std::span<const std::string_view> fields) {
    if (entry <= lastEntry_) throwCorrupt("the entries of a stream are not in order");
    lastEntry_ = entry;
    ++entries_;
    visitor->onStreamEntry(entry, fields);
  });
}

void Elements::stream(const StreamInfo& info) {
  if (info.length != entries_) throwCorrupt(fmt::format("a stream has {} entries and says {}", entries_, info.length));
  if (info.lastId < lastEntry_) throwCorrupt("a stream has an entry behind its last id");
  visitor->onStream(info);
}

void Elements::group(const RawString& name, StreamId last, std::optional<std::int64_t> read) {
  pending_.clear();
  visitor->onGroup({textOf(name, first_), last, read});
}

void Elements::pending(const StreamPending& pending) {
  if (!pending_.empty() && pending.id <= pending_.back().entry.id)
    throwCorrupt("the pending entries of a group are not in order");
  pending_.push_back({pending});
}

/// The pending entry of the group, which belongs to one consumer only.
const StreamPending& Elements::take(StreamId id) {
  const auto found =
      std::lower_bound(pending_.begin(), pending_.end(), id,
                       [](const Pending& pending, StreamId wanted) { return pending.entry.id < wanted; });
  if (found == pending_.end() || found->entry.id != id || found->taken)
    throwCorrupt("a consumer has a pending entry that its group does not have");
  found->taken = true;
  return found->entry;
}

void Elements::groupEnd() {
  for (const Pending& pending : pending_) {
    if (!pending.taken) visitor->onPending(pending.entry, false);
  }
  pending_.clear();
}

}  // namespace

struct ValueDecoder::State {
  State(std::uint8_t type, Dialect dialect) : grammar(type, dialect), elements(type, dialect) {}
  ValueGrammar grammar;
  Elements elements;
};

ValueDecoder::ValueDecoder(std::uint8_t type, Dialect dialect) {
  const std::optional<ValueKind> kind = kindOf(type, dialect);
  if (!kind || *kind == ValueKind::module) {
    throwUnsupported(fmt::format("a value of {}", typeName(type, dialect)),
                     "A target that knows the type can take it by RESTORE only; else remove the key from the source.");
  }
  state_ = std::make_unique<State>(type, dialect);
}

ValueDecoder::~ValueDecoder() = default;

void ValueDecoder::decode(std::string_view records, ValueVisitor& visitor) {
  state_->elements.visitor = &visitor;
  ByteReader in(records);
  while (in.left() > 0) {
    if (state_->grammar.done()) throwCorrupt("bytes follow the end of a value");
    if (!state_->grammar.record(in, state_->elements)) throwCorrupt("a value is cut off");
  }
}

void ValueDecoder::finish() const {
  if (!state_->grammar.done()) throwCorrupt("a value is cut off");
}

void decodeValue(std::uint8_t type, Dialect dialect, std::string_view raw, ValueVisitor& visitor) {
  ValueDecoder decoder(type, dialect);
  decoder.decode(raw, visitor);
  decoder.finish();
}

}  // namespace drs::rdb
