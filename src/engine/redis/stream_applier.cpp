#include "engine/redis/stream_applier.h"

#include "engine/redis/deadlines.h"
#include "wire/resp/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace drs::redis {
namespace {

constexpr std::chrono::seconds kAppliedMarkInterval{1};  ///< over what is not ours
constexpr std::size_t kMost = std::size_t{1} << 30U;     ///< bytes of one command

std::uint64_t databaseOf(resp::Arguments arguments) {
  std::uint64_t db = 0;
  if (arguments.size() == 2) (void)std::from_chars(arguments[1].data(), arguments[1].data() + arguments[1].size(), db);
  return db;
}

}  // namespace

StreamApplier::StreamApplier(TargetWriter& writer, Spool& stream, const Scope& scope, const LaneMark& mark,
                             Options options, std::optional<Shard> shard)
    : writer_(writer),
      stream_(stream),
      scope_(scope),
      options_(options),
      shard_(std::move(shard)),
      mark_(mark),
      committed_(mark.offset),
      committedAt_(std::chrono::steady_clock::now()) {
  mark_.state = LaneMark::State::following;
  at_.offset = mark.offset;
  at_.db = mark.db;
  at_.border = {at_.offset, at_.db};
  at_.parser.countFrom(at_.offset);
}

bool StreamApplier::step(std::chrono::milliseconds most, const std::stop_token& stop) {
  const std::uint64_t enough = at_.offset + options_.windowBytes;
  const auto until = std::chrono::steady_clock::now() + most;
  for (;;) {
    if (at_.offset >= enough || stop.stop_requested()) return false;
    if (takeNext(stop) == Taken::more) {
      // More is there: the batch grows. Nothing is: it goes as it is.
      const bool isBehind = stream_.end() > at_.offset + 1 + (at_.window.size() - at_.begin);
      if (!isBehind || writer_.isEmpty()) commit(stop);
      if (fill(options_.windowBytes, isBehind ? std::chrono::milliseconds(0) : most, stop) == 0) return !isBehind;
      // Of a source that writes without a pause, and little, a window takes minutes.
      if (std::chrono::steady_clock::now() >= until) return false;
      continue;
    }
    if (at_.inTransaction) continue;
    mark_.offset = at_.offset;
    mark_.db = at_.db;
    if (writer_.isFull()) commit(stop);
  }
}

/// Takes the next command of the window, if it is there as a whole.
StreamApplier::Taken StreamApplier::takeNext(const std::stop_token& stop) {
  const auto result = at_.parser.parse(std::string_view(at_.window).substr(at_.begin));
  if (result.status == resp::CommandParser::Status::incomplete) {
    if (result.size > kMost)
      throw Error(Msg::limitExceeded, {"a command of the source", std::to_string(result.size), std::to_string(kMost)},
                  Origin::source);
    return Taken::more;
  }
  const std::string_view raw = std::string_view(at_.window).substr(at_.begin, result.size);
  begun_ = at_.offset;
  at_.begin += result.size;
  at_.offset += result.size;
  if (result.status == resp::CommandParser::Status::command) take(raw, stop);
  if (!at_.inTransaction) at_.border = {at_.offset, at_.db};
  return Taken::command;
}

/// Reads more of the stream into the window. 0: nothing came.
std::size_t StreamApplier::fill(std::size_t most, std::chrono::milliseconds patience, const std::stop_token& stop) {
  at_.window.erase(0, at_.begin);
  at_.begin = 0;
  const std::size_t size = at_.window.size();
  at_.window.resize(size + most);
  const std::size_t got = stream_.read(at_.offset + 1 + size, at_.window.data() + size, most, patience, stop);
  at_.window.resize(size + got);
  return got;
}

void StreamApplier::commit(const std::stop_token& stop) {
  if (at_.inTransaction) return;
  const auto now = std::chrono::steady_clock::now();
  const bool moved = mark_.offset != committed_;
  if (writer_.isEmpty() && (!moved || now - committedAt_ < kAppliedMarkInterval)) return;
  commitNow(stop);
}

void StreamApplier::commitNow(const std::stop_token& stop) {
  // After a fail-over the same bytes go on under another name, and what is said of the old one is forgotten there.
  mark_.replId = stream_.history();
  if (replaying_ != nullptr) shard_->gate.replayed(*replaying_, at_.border);
  if (shard_ && (shard_->gate.takeChanged() || mark_.shard.empty())) mark_.shard = toText(shard_->gate.slots());
  writer_.commit(mark_, stop);
  committed_ = mark_.offset;
  committedAt_ = std::chrono::steady_clock::now();
  // What is held of slots stands further back.
  const std::uint64_t needed = std::min(applied(), writer_.needed()) + 1;
  stream_.release(needed - std::min(needed, options_.keepBytes));
}

void StreamApplier::settle(const std::stop_token& stop) {
  if (at_.inTransaction || !writer_.isEmpty()) return;
  writer_.verify(stop);
}

void StreamApplier::take(std::string_view raw, const std::stop_token& stop) {
  const auto& arguments = at_.parser.arguments();
  const resp::CommandInfo& command = resp::findCommand(arguments);
  // What belongs to no slot has not been held.
  if (replaying_ != nullptr &&
      (command.kind == resp::CommandKind::function || command.kind == resp::CommandKind::publish))
    return;
  switch (command.kind) {
    case resp::CommandKind::data:
      return change(command, raw, stop);
    case resp::CommandKind::select:
      if (databaseOf(arguments) != at_.db) mark_.dbSince = at_.offset;
      at_.db = databaseOf(arguments);
      return;
    case resp::CommandKind::multi:
      at_.inTransaction = true;
      writer_.transaction(true);
      at_.changedInTransaction = false;
      return;
    case resp::CommandKind::exec:
      at_.inTransaction = false;
      writer_.transaction(false);
      return;
    case resp::CommandKind::control:
      return;
    case resp::CommandKind::publish:
      ++leftOut_["messages (" + std::string(command.name) + ")"];
      return;
    case resp::CommandKind::function:
      return function(command, raw, stop);
    case resp::CommandKind::script:
      if (shard_ || !scope_.coversAll()) refuse(command, "a script may touch keys that the task does not copy");
      enter(*scope_.targetDb(at_.db), stop);
      return add(command, raw);
    case resp::CommandKind::flush:
      return flush(command, stop);
    case resp::CommandKind::otherDb:
      if (shard_ || !scope_.coversAll())
        refuse(command, "it touches another database, and the task does not copy all of them as they are");
      enter(*scope_.targetDb(at_.db), stop);
      return add(command, raw);
    case resp::CommandKind::migration:
      return migration(command, stop);
    case resp::CommandKind::wrapper:
    case resp::CommandKind::unknown:
      refuse(command, "this version does not know what it does");
  }
}

/// Libraries of functions and scripts belong to all databases; every shard of a cluster is told of them.
void StreamApplier::function(const resp::CommandInfo& command, std::string_view raw, const std::stop_token& stop) {
  const auto& arguments = at_.parser.arguments();
  const bool isScript = command.name.starts_with("script");
  if (!options_.takesFunctions && !isScript) {
    ++leftOut_["functions, which the target does not know"];
    return;
  }
  if (!options_.isFirst) return;
  enter(scope_.databases().front().target, stop);
  const bool loads = !isScript && arguments.size() == 3 && resp::isWord(arguments[1], "LOAD");
  if (!loads) return add(command, raw);
  writer_.encoder().command({"FUNCTION", "LOAD", "REPLACE", arguments[2]});
  writer_.added({at_.offset, command.name});
  at_.changedInTransaction = true;
}

void StreamApplier::change(const resp::CommandInfo& command, std::string_view raw, const std::stop_token& stop) {
  const auto target = scope_.targetDb(at_.db);
  if (!target) return;
  const auto& arguments = at_.parser.arguments();
  // What another task of ours has written to the source is not data.
  const bool mayBeOurs = arguments.size() > 1 && arguments[1].starts_with(kControlPrefix);
  if (shard_ && !mayApply(command)) return;
  if (mayBeOurs || !scope_.coversWhole(at_.db)) {
    const auto found = shard_ ? resp::KeysFound::all : resp::keysOf(command, arguments, keys_);
    if (found != resp::KeysFound::all) refuse(command, "its keys cannot be told");
    const auto covered =
        std::ranges::count_if(keys_, [&](std::uint32_t index) { return scope_.covers(at_.db, arguments[index]); });
    if (covered == 0) return;
    enter(*target, stop);
    if (static_cast<std::size_t>(covered) < keys_.size()) return addCovered(command);
    return add(command, raw);
  }
  enter(*target, stop);
  add(command, raw);
}

void StreamApplier::add(const resp::CommandInfo& command, std::string_view raw) {
  const CommandPlace place{at_.offset, command.name};
  ++changes_;
  at_.changedInTransaction = true;
  if (at_.inTransaction && writer_.encoder().size() > options_.transactionBytes)
    throw Error(Msg::limitExceeded,
                {fmt::format("A transaction of the source, at offset {} of its stream,", at_.offset), "more memory",
                 fmt::format("{} MiB", options_.transactionBytes >> 20U)},
                Origin::source);
  const auto deadline = deadlineOf(command, at_.parser.arguments());
  if (!deadline || (!deadline->isRelative && deadline->millis >= kHeldDeadline)) return writer_.add(raw, place);
  mark_.holds = true;
  appendWithDeadline(writer_.encoder(), command, at_.parser.arguments(), *deadline, kHeldDeadline,
                     options_.takesMoments);
  writer_.added(place);
}

/// A command over keys of which the task copies only some: those that stand for themselves can do without the others.
void StreamApplier::addCovered(const resp::CommandInfo& command) {
  const auto& arguments = at_.parser.arguments();
  const bool isMset = command.name == "mset";
  if (!isMset && command.name != "del" && command.name != "unlink")
    refuse(command, "some of its keys are copied and others are not");
  std::vector<std::string_view> kept{arguments.front()};
  for (const std::uint32_t index : keys_) {
    if (!scope_.covers(at_.db, arguments[index])) continue;
    kept.push_back(arguments[index]);
    if (isMset) kept.push_back(arguments[index + 1]);
  }
  ++changes_;
  at_.changedInTransaction = true;
  writer_.encoder().command(kept);
  writer_.added({at_.offset, command.name});
}

/// The source's databases are emptied: the target's are, if all that stands there came from them.
void StreamApplier::flush(const resp::CommandInfo& command, const std::stop_token& stop) {
  if (command.name == "swapdb") refuse(command, "databases of a target cannot be exchanged together with our marks");
  if (!mark_.wasEmpty) refuse(command, "there were other keys at the target when the task began");
  const bool all = command.name == "flushall";
  if (!options_.isAlone || at_.inTransaction)
    refuse(command, "only a part of what the target holds would have to be removed");
  for (const Scope::Database& db : scope_.databases()) {
    if (!all && db.source != at_.db) continue;
    if (!scope_.coversWhole(db.source)) refuse(command, "the task copies only some keys of the database");
    enter(db.target, stop);
    writer_.removeAll(
        db.target, [&](std::string_view key) { return scope_.covers(db.source, key); }, mark_,
        {at_.offset, command.name}, stop);
    ++changes_;
  }
}

void StreamApplier::enter(std::uint32_t target, const std::stop_token& stop) {
  if (writer_.db() == target) return;
  if (!writer_.isEmpty()) {
    if (at_.inTransaction && at_.changedInTransaction)
      throw Error(
          Msg::redisCommand,
          {"SELECT", fmt::format("at offset {} of the stream: a transaction over several databases", at_.offset)},
          Origin::source);
    commitNow(stop);  // what stands before the transaction, whose own commands are still to come
  }
  writer_.select(target);
}

void StreamApplier::refuse(const resp::CommandInfo& command, const std::string& why) const {
  const std::string name(command.name.empty() ? at_.parser.arguments().front().substr(0, 64) : command.name);
  throw Error(Msg::redisCommand, {name, fmt::format("at offset {} of the stream: {}", at_.offset, why)},
              Origin::source);
}

}  // namespace drs::redis
