#include "wire/rdb/command_form.h"

#include "wire/rdb/reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <numeric>

namespace drs::rdb {
namespace {

constexpr std::size_t kUnsaidKinds = 6;

/// A number or an id as an argument.
class Digits {
 public:
  explicit Digits(std::int64_t number) : size_(integerText(number, text_.data()).size()) {}
  explicit Digits(std::uint64_t number) { append(number); }
  explicit Digits(StreamId id) {
    append(id.ms);
    text_[size_++] = '-';
    append(id.seq);
  }
  operator std::string_view() const { return {text_.data(), size_}; }  // NOLINT(google-explicit-constructor)

 private:
  void append(std::uint64_t number) {
    size_ = static_cast<std::size_t>(std::to_chars(text_.data() + size_, text_.data() + text_.size(), number).ptr -
                                     text_.data());
  }
  std::array<char, 48> text_{};
  std::size_t size_ = 0;
};

}  // namespace

struct CommandForm::State {
  State(CommandSink& to, CommandOptions target) : sink(to), options(target) {}

  CommandSink& sink;
  CommandOptions options;
  std::string key;
  std::optional<std::int64_t> expireAtMs;
  bool begun = false;  ///< the first command of the key was sent
  bool textBegun = false;
  std::array<std::uint64_t, kUnsaidKinds> unsaid{};
  std::vector<UnsaidCount> result;

  // The command that is being filled: its name, and its elements one behind the other.
  std::string_view name;
  std::string bytes;
  std::vector<std::size_t> ends;
  std::size_t elements = 0;
  std::vector<std::optional<std::int64_t>> deadlines;  ///< of the elements of an HSET
  std::vector<std::string_view> arguments;

  std::string group, consumer;
  bool consumerSaid = true;
  std::vector<StreamId> claimed;  ///< ids of one XCLAIM: delivered at the same time, as often
  StreamPending claim;

  void say(Unsaid what, std::uint64_t count = 1) { unsaid[static_cast<std::size_t>(what)] += count; }
  void send(std::initializer_list<std::string_view> words) { sink.command({words.begin(), words.size()}); }
  void start() {
    if (!begun) send({"UNLINK", key});
    begun = true;
  }
  void element(std::string_view command, std::string_view first, std::optional<std::string_view> second = {},
               std::optional<std::int64_t> deadline = {});
  void flush();
  void flushDeadlines();
  void flushClaims();
  void endConsumer();
};

/// Adds an element of one or two arguments; sends what is there when it is full.
void CommandForm::State::element(std::string_view command, std::string_view first,
                                 std::optional<std::string_view> second, std::optional<std::int64_t> deadline) {
  start();
  name = command;
  const std::size_t more = first.size() + (second ? second->size() : 0);
  if (elements > 0 && (elements == kCommandElements || bytes.size() + more > kCommandBytes)) flush();
  bytes += first;
  ends.push_back(bytes.size());
  if (second) {
    bytes += *second;
    ends.push_back(bytes.size());
  }
  deadlines.push_back(deadline);
  ++elements;
}

void CommandForm::State::flush() {
  if (elements > 0) {
    arguments.assign({name, key});
    std::size_t from = 0;
    for (const std::size_t to : ends) {
      arguments.emplace_back(bytes.data() + from, to - from);
      from = to;
    }
    sink.command(arguments);
    flushDeadlines();
  }
  bytes.clear();
  if (bytes.capacity() > 4 * kCommandBytes) bytes.shrink_to_fit();
  ends.clear();
  deadlines.clear();
  elements = 0;
}

/// HPEXPIREAT takes one deadline for many fields. `arguments` still are the HSET's: name, key, field, value, field …
void CommandForm::State::flushDeadlines() {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < deadlines.size(); ++i) {
    if (deadlines[i]) order.push_back(i);
  }
  if (!options.fieldExpiry) return say(Unsaid::fieldExpiry, order.size());
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return *deadlines[a] < *deadlines[b]; });
  std::vector<std::string_view> words;
  for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
    while (to < order.size() && deadlines[order[to]] == deadlines[order[from]]) ++to;
    const Digits deadline(*deadlines[order[from]]), count(static_cast<std::uint64_t>(to - from));
    words.assign({"HPEXPIREAT", key, deadline, "FIELDS", count});
    for (std::size_t i = from; i < to; ++i) words.push_back(arguments[2 + 2 * order[i]]);
    sink.command(words);
  }
}

void CommandForm::State::flushClaims() {
  if (claimed.empty()) return;
  const Digits time(claim.deliveredAtMs), times(claim.deliveries);
  std::vector<Digits> ids;
  ids.reserve(claimed.size());
  for (const StreamId id : claimed) ids.emplace_back(id);
  arguments.assign({"XCLAIM", key, group, consumer, "0"});
  arguments.insert(arguments.end(), ids.begin(), ids.end());
  for (const std::string_view word : {std::string_view("TIME"), std::string_view(time), std::string_view("RETRYCOUNT"),
                                      std::string_view(times), std::string_view("FORCE"), std::string_view("JUSTID")})
    arguments.push_back(word);
  sink.command(arguments);
  claimed.clear();
}

void CommandForm::State::endConsumer() {
  flushClaims();
  if (!consumerSaid) say(Unsaid::emptyConsumer);
  consumerSaid = true;
}

CommandForm::CommandForm(CommandSink& sink, CommandOptions options) : state_(std::make_unique<State>(sink, options)) {}
CommandForm::~CommandForm() = default;

void CommandForm::begin(std::string_view key, std::optional<std::int64_t> expireAtMs) {
  State& s = *state_;
  s.key = key;
  s.expireAtMs = expireAtMs;
  s.begun = s.textBegun = false;
  s.unsaid = {};
  s.bytes.clear();
  s.ends.clear();
  s.deadlines.clear();
  s.elements = 0;
  s.claimed.clear();
  s.consumerSaid = true;
}

void CommandForm::appendText(std::string_view piece) {
  State& s = *state_;
  s.send({s.textBegun ? "APPEND" : "SET", s.key, piece});
  s.begun = s.textBegun = true;
}

std::span<const UnsaidCount> CommandForm::end() {
  State& s = *state_;
  s.flush();
  s.endConsumer();
  if (!s.begun) {
    s.start();
  } else if (s.expireAtMs) {
    s.send({"PEXPIREAT", s.key, Digits(*s.expireAtMs)});
  }
  s.result.clear();
  for (std::size_t i = 0; i < kUnsaidKinds; ++i) {
    if (s.unsaid[i] > 0) s.result.push_back({static_cast<Unsaid>(i), s.unsaid[i]});
  }
  return s.result;
}

void CommandForm::onString(std::string_view text) {
  State& s = *state_;
  // SET refuses a deadline of 0 or less, which PEXPIREAT takes as passed.
  if (s.expireAtMs && *s.expireAtMs > 0 && s.options.setPxat) {
    s.send({"SET", s.key, text, "PXAT", Digits(*s.expireAtMs)});
    s.expireAtMs.reset();
  } else {
    s.send({"SET", s.key, text});
  }
  s.begun = true;
}

void CommandForm::onItem(std::string_view item) {
  state_->element("RPUSH", item);
}
void CommandForm::onMember(std::string_view member) {
  state_->element("SADD", member);
}
void CommandForm::onScore(std::string_view member, double score) {
  std::array<char, kScoreBytes> text{};
  state_->element("ZADD", scoreText(score, text), member);
}
void CommandForm::onField(std::string_view field, std::string_view value, std::optional<std::int64_t> expireAtMs) {
  state_->element("HSET", field, value, expireAtMs);
}

void CommandForm::onStreamEntry(StreamId id, std::span<const std::string_view> fields) {
  State& s = *state_;
  s.start();
  const Digits text(id);
  s.arguments.assign({"XADD", s.key, text});
  s.arguments.insert(s.arguments.end(), fields.begin(), fields.end());
  s.sink.command(s.arguments);
}

void CommandForm::onStream(const StreamInfo& stream) {
  State& s = *state_;
  s.start();
  if (stream.length == 0) {  // a group makes a stream without leaving a trace in its counters
    s.send({"XGROUP", "CREATE", s.key, "drs", "0-0", "MKSTREAM"});
    s.send({"XGROUP", "DESTROY", s.key, "drs"});
  }
  const Digits last(stream.lastId), added(stream.added), deleted(stream.maxDeletedId);
  if (s.options.streamCounters) {
    s.send({"XSETID", s.key, last, "ENTRIESADDED", added, "MAXDELETEDID", deleted});
  } else {
    s.send({"XSETID", s.key, last});
    if (stream.added != stream.length || stream.maxDeletedId != StreamId{}) s.say(Unsaid::streamCounters);
  }
}

void CommandForm::onGroup(const StreamGroup& group) {
  State& s = *state_;
  s.endConsumer();
  s.group = group.name;
  const Digits last(group.lastId);
  const bool known = group.entriesRead && *group.entriesRead >= 0;
  if (known && s.options.streamCounters) {
    s.send({"XGROUP", "CREATE", s.key, group.name, last, "ENTRIESREAD", Digits(*group.entriesRead)});
  } else {
    s.send({"XGROUP", "CREATE", s.key, group.name, last});
    if (known) s.say(Unsaid::streamCounters);
  }
}

void CommandForm::onConsumer(const StreamConsumer& consumer) {
  State& s = *state_;
  s.endConsumer();
  s.consumer = consumer.name;
  s.consumerSaid = s.options.createConsumer;
  if (s.options.createConsumer) s.send({"XGROUP", "CREATECONSUMER", s.key, s.group, s.consumer});
  s.say(Unsaid::consumerTimes);
}

void CommandForm::onPending(const StreamPending& pending, bool owned) {
  State& s = *state_;
  if (!owned) return s.say(Unsaid::returnedPending);
  const bool same = pending.deliveredAtMs == s.claim.deliveredAtMs && pending.deliveries == s.claim.deliveries;
  if (!same || s.claimed.size() == kCommandElements) s.flushClaims();
  s.claim = pending;
  s.claimed.push_back(pending.id);
  s.consumerSaid = true;
}

void CommandForm::onProducers(std::uint64_t producers) {
  state_->say(Unsaid::producers, producers);
}

std::string_view toText(Unsaid what) noexcept {
  constexpr std::array<std::string_view, kUnsaidKinds> kTexts = {
      "deadlines of hash fields",       "consumers without pending entries",    "times when consumers were seen last",
      "counters of streams and groups", "pending entries that were given back", "ids of idempotent producers",
  };
  return kTexts[static_cast<std::size_t>(what)];
}

}  // namespace drs::rdb
