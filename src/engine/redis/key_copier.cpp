#include "engine/redis/key_copier.h"

#include "engine/redis/compare_value.h"
#include "engine/redis/large_value.h"
#include "wire/rdb/dump_payload.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::redis {
namespace {

constexpr CommandPlace kPlace{0, "a command of the copy"};
constexpr std::int64_t kNone = -1, kGone = -2;  // as PEXPIRETIME and PTTL tell it
constexpr std::uint64_t kPipelineBytes = std::uint64_t{8} << 20U;
constexpr int kTriesOfList = 4;
/// Where only the number of elements is known.
constexpr std::uint64_t kBytesOfElement = 2048;

/// Commands of a value in pieces.
class PieceSink final : public rdb::CommandSink {
 public:
  PieceSink(TargetWriter& writer, const std::function<void()>& commit) : writer_(writer), commit_(commit) {}
  void command(std::span<const std::string_view> arguments) override {
    writer_.encoder().command(arguments);
    writer_.added(kPlace);
    if (writer_.isFull()) commit_();
  }

 private:
  TargetWriter& writer_;
  const std::function<void()>& commit_;
};

/// The server does not know the command, or does not let us use it.
bool isRefused(const resp::Reply& reply) {
  return reply.isError() && (reply.errorCode() == "NOPERM" || reply.text().starts_with("ERR unknown"));
}

std::optional<std::int64_t> told(std::int64_t deadline) {
  return deadline >= 0 ? std::optional(deadline) : std::nullopt;
}

}  // namespace

KeyCopier::KeyCopier(Connection& source, TargetWriter& writer, const Capabilities& target, Options options)
    : source_(source),
      writer_(writer),
      target_(target),
      options_(std::move(options)),
      values_(writer, target, false, options_.commit) {
  (void)source_.ask({"READONLY"});  // replicas of a cluster answer nothing without; others refuse the word
}

std::uint64_t KeyCopier::copy(const Scope::Database& db, std::span<const std::string> keys,
                              const std::stop_token& stop) {
  read_ = 0;
  if (keys.empty()) return 0;
  select(db);
  std::vector<Key> whole;
  std::vector<Key> large;
  for (Key& key : sizesOf(keys)) {
    if (key.gone)
      remove(key.name);
    else
      (dumps_ && key.bytes <= options_.wholeBytes ? whole : large).push_back(key);
  }
  // A pipeline is held whole.
  for (std::size_t from = 0; from < whole.size() && !stop.stop_requested();) {
    std::size_t to = from;
    for (std::uint64_t bytes = 0; to < whole.size() && bytes < kPipelineBytes; ++to) bytes += whole[to].bytes;
    copyWhole(std::span(whole).subspan(from, to - from), stop);
    from = to;
  }
  for (const Key& key : large)
    if (!stop.stop_requested()) copyLarge(key, stop);
  return read_;
}

void KeyCopier::select(const Scope::Database& db) {
  if (selected_ != db.source) (void)source_.call({"SELECT", std::to_string(db.source)});
  selected_ = db.source;
  db_ = db;
  if (writer_.db() == db.target) return;
  if (!writer_.isEmpty()) options_.commit();
  writer_.select(db.target);
}

std::vector<resp::Reply> KeyCopier::ask(const resp::Encoder& commands, std::size_t count) {
  return source_.pipeline(commands.bytes(), count, source_.answerDeadline());
}

void KeyCopier::check(const resp::Reply& reply, std::string_view command) const {
  if (!reply.isError()) return;
  if (reply.errorCode() == "MOVED" || reply.errorCode() == "ASK")
    throw Error(Msg::redisCommand, {"CLUSTER SETSLOT", "slots of the source's cluster are moving"}, Origin::source);
  throw errorOf(reply, source_.options(), command);
}

std::vector<KeyCopier::Key> KeyCopier::sizesOf(std::span<const std::string> keys) {
  std::vector<Key> out;
  for (const std::string& key : keys) out.push_back({key, 0, false});
  if (tellsMemory_) {
    resp::Encoder commands;
    for (const Key& key : out) commands.command({"MEMORY", "USAGE", key.name, "SAMPLES", "5"});
    const auto replies = ask(commands, out.size());
    tellsMemory_ = !isRefused(replies.front());
    for (std::size_t i = 0; tellsMemory_ && i < out.size(); ++i) {
      check(replies[i], "MEMORY USAGE");
      out[i].gone = replies[i].isNull();
      out[i].bytes = static_cast<std::uint64_t>(replies[i].integer().value_or(0));
    }
  }
  if (!tellsMemory_) sizesByCommands(out);
  return out;
}

/// Type by type; a type of a module has no size, and is taken for small.
void KeyCopier::sizesByCommands(std::vector<Key>& keys) {
  resp::Encoder commands;
  for (const Key& key : keys) commands.command({"TYPE", key.name});
  const auto types = ask(commands, keys.size());
  commands.clear();
  std::vector<std::pair<std::size_t, ComparedType>> asked;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    check(types[i], "TYPE");
    const auto type = comparedType(types[i].text());
    keys[i].gone = type == ComparedType::none;
    if (!type || keys[i].gone) continue;
    appendSize(commands, *type, keys[i].name);
    asked.emplace_back(i, *type);
  }
  if (asked.empty()) return;
  const auto sizes = ask(commands, asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (sizes[i].errorCode() == "WRONGTYPE") continue;  // it is another one by now
    check(sizes[i], "STRLEN, LLEN, SCARD, ZCARD, HLEN or XLEN");
    const auto [key, type] = asked[i];
    const auto size = static_cast<std::uint64_t>(sizes[i].integer().value_or(0));
    keys[key].bytes = type == ComparedType::string ? size : size * kBytesOfElement;
  }
}

void KeyCopier::copyWhole(std::span<const Key> keys, const std::stop_token& stop) {
  resp::Encoder commands;
  for (const Key& key : keys) {
    commands.command({"DUMP", key.name});
    commands.command({tellsDeadlines_ ? "PEXPIRETIME" : "PTTL", key.name});
  }
  commands.command({"TIME"});  // behind them, so that no deadline is too early
  const auto replies = ask(commands, 2 * keys.size() + 1);
  if (isRefused(replies[0])) {
    dumps_ = false;
    for (const Key& key : keys) copyLarge(key, stop);
    return;
  }
  if (tellsDeadlines_ && isRefused(replies[1])) {
    tellsDeadlines_ = false;
    return copyWhole(keys, stop);
  }
  constexpr std::int64_t kThousand = 1000;
  const resp::Reply& time = replies.back();
  if (!tellsDeadlines_) check(time, "TIME");
  const std::int64_t now = time.at(0).integer().value_or(0) * kThousand + time.at(1).integer().value_or(0) / kThousand;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const resp::Reply& dump = replies[2 * i];
    const resp::Reply& deadline = replies[2 * i + 1];
    check(dump, "DUMP");
    check(deadline, "PEXPIRETIME or PTTL");
    const std::int64_t left = deadline.integer().value_or(kNone);
    if (dump.isNull() || left == kGone)
      remove(keys[i].name);
    else
      takeDump(keys[i].name, dump.text(), tellsDeadlines_ || left < 0 ? left : now + left);
    commitIfFull();
  }
}

void KeyCopier::takeDump(std::string_view key, const std::string& payload, std::int64_t deadline) {
  const rdb::DumpPayload dump = rdb::parseDumpPayload(payload);
  rdb::KeyInfo info;
  info.db = db_.source;
  info.key = key;
  info.type = dump.type;
  info.expireAtMs = told(deadline);
  values_.setDialect(dump.dialect);
  values_.write(info, dump.raw);
  if (dump.moduleMetadata) ++leftOut_["what modules have attached to keys"];
  for (const rdb::UnsaidCount& unsaid : values_.unsaid()) leftOut_[std::string(toText(unsaid.what))] += unsaid.count;
  read_ += payload.size();
  ++copied_;
}

void KeyCopier::copyLarge(const Key& key, const std::stop_token& stop) {
  const auto began = std::chrono::steady_clock::now();
  const std::string name(key.name);
  const resp::Reply type = source_.ask({"TYPE", name});
  check(type, "TYPE");
  const bool inPieces = comparedType(type.text()) && (!type.is("list") || key.bytes > options_.wholeListBytes);
  bool good = true;
  if (dumps_ && !inPieces) {
    copyWhole(std::span(&key, 1), stop);  // alone, above the limit of a pipeline
  } else {
    good = copyPieces(name, type.text());
  }
  const int tries = options_.follows ? 1 : kTriesOfList;  // it comes again, and others wait meanwhile
  for (int i = 1; !good && i < tries && !stop.stop_requested(); ++i) good = copyPieces(name, type.text());
  if (!good && !options_.follows && !stop.stop_requested())
    throw Error(Msg::redisCommand,
                {"RPUSH", fmt::format("a list of about {} MiB in database {} changes all the time, so that it cannot "
                                      "be read in pieces; a FULL_TRANS needs it to rest",
                                      key.bytes >> 20U, db_.source)},
                Origin::source);
  if (good && key.bytes <= options_.wholeBytes) return;
  const auto took = std::chrono::steady_clock::now() - began;
  large_.push_back({db_.source, name, std::chrono::ceil<std::chrono::milliseconds>(took), !good});
}

/// False: it must be read again.
bool KeyCopier::copyPieces(const std::string& key, const std::string& type) {
  PieceSink sink(writer_, options_.commit);
  rdb::CommandForm form(sink, target_.commandOptions());
  const std::int64_t deadline = deadlineOf(key);
  if (deadline == kGone || type == "none") {
    remove(key);
    return true;
  }
  form.begin(key, told(deadline));
  const LargeRead read = readInPieces(source_, key, type, form);
  if (read == LargeRead::gone) {
    remove(key);
    return true;
  }
  for (const rdb::UnsaidCount& unsaid : form.end()) leftOut_[std::string(toText(unsaid.what))] += unsaid.count;
  if (read == LargeRead::shifted) return false;
  ++copied_;
  return true;
}

std::int64_t KeyCopier::deadlineOf(const std::string& key) {
  if (tellsDeadlines_) {
    const resp::Reply exact = source_.ask({"PEXPIRETIME", key});
    if (!isRefused(exact)) {
      check(exact, "PEXPIRETIME");
      return exact.integer().value_or(kNone);
    }
    tellsDeadlines_ = false;
  }
  resp::Encoder commands;
  commands.command({"PTTL", key});
  commands.command({"TIME"});
  const auto replies = ask(commands, 2);
  for (const resp::Reply& reply : replies) check(reply, "PTTL or TIME");
  const std::int64_t left = replies[0].integer().value_or(kNone);
  constexpr std::int64_t kThousand = 1000;
  const resp::Reply& time = replies[1];
  if (left < 0) return left;
  return time.at(0).integer().value_or(0) * kThousand + time.at(1).integer().value_or(0) / kThousand + left;
}

void KeyCopier::remove(std::string_view key) {
  writer_.encoder().command({"DEL", key});
  writer_.added({0, "del"});
  ++copied_;
  commitIfFull();
}

void KeyCopier::commitIfFull() {
  if (writer_.isFull()) options_.commit();
}

}  // namespace drs::redis
