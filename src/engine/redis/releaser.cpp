#include "engine/redis/releaser.h"

#include "engine/redis/deadlines.h"

#include <cstdlib>

namespace drs::redis {
namespace {

constexpr std::string_view kReleasePortion = "500";
constexpr std::int64_t kNoDeadline = -1;
constexpr std::string_view kDay = "86400000";
constexpr CommandPlace kReleasePlace{0, "pexpireat"};

using Ask = std::function<std::vector<resp::Reply>(std::string_view commands, std::size_t count)>;

std::int64_t integerOf(const resp::Reply& reply) {
  const auto value = reply.integer();
  if (reply.isError() || !value) throw Error(Msg::redisRefused, {"a server", "PEXPIRETIME or PTTL", reply.describe()});
  return *value;
}

/// The deadline of each key by the server's own clock, in Unix milliseconds; -1: it has none, -2: there is no such key.
/// Servers before 7.0 tell only how long a key still lives; their clock is asked behind that, so that no deadline is
/// too early. Throws Error(redisRefused): what is not told is not guessed.
std::vector<std::int64_t> deadlinesOf(const std::vector<std::string>& keys, const Ask& ask) {
  constexpr std::int64_t kThousand = 1000;
  std::vector<std::int64_t> out;
  resp::Encoder exact;
  for (const std::string& key : keys) exact.command({"PEXPIRETIME", key});
  std::vector<resp::Reply> replies = ask(exact.bytes(), keys.size());
  if (!replies.front().isError() || !replies.front().text().starts_with("ERR unknown command")) {
    for (const resp::Reply& reply : replies) out.push_back(integerOf(reply));
    return out;
  }
  resp::Encoder relative;
  for (const std::string& key : keys) relative.command({"PTTL", key});
  relative.command({"TIME"});
  replies = ask(relative.bytes(), keys.size() + 1);
  const resp::Reply& time = replies.at(keys.size());
  const std::int64_t now = integerOf(time.at(0)) * kThousand + integerOf(time.at(1)) / kThousand;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::int64_t left = integerOf(replies.at(i));
    out.push_back(left < 0 ? left : now + left);
  }
  return out;
}

}  // namespace

Releaser::Releaser(TargetWriter& writer, const Scope& scope, std::function<ConnectOptions()> source)
    : writer_(writer), scope_(scope), options_(std::move(source)) {}

Connection& Releaser::source() {
  if (!source_) {
    source_ = Connection::open(options_());
    (void)source_->ask({"READONLY"});  // replicas of a cluster answer nothing without; others refuse the word
  }
  return *source_;
}

bool Releaser::step(const std::stop_token& stop) {
  if (database_ >= scope_.databases().size()) return true;
  if (server_ == 0 && cursor_ == "0") layout_ = writer_.layout(stop);
  const Scope::Database& db = scope_.databases()[database_];
  const std::vector<std::string> keys = heldKeys(db, stop);
  if (!keys.empty()) release(db, keys);
  if (cursor_ == "0" && ++server_ >= writer_.servers()) {
    server_ = 0;
    // Where keys moved from server to server meanwhile, the scan may have missed some.
    if (writer_.layout(stop) == layout_) ++database_;
  }
  return database_ >= scope_.databases().size();
}

std::vector<std::string> Releaser::heldKeys(const Scope::Database& db, const std::stop_token& stop) {
  resp::Encoder scan;
  scan.command({"SCAN", cursor_, "COUNT", kReleasePortion});
  const resp::Reply reply = writer_.ask(server_, db.target, scan.bytes(), 1, stop).front();
  if (reply.isError()) throw Error(Msg::redisRefused, {"the target", "SCAN", reply.text()}, Origin::target);
  cursor_ = reply.at(0).text();
  std::vector<std::string> keys;
  for (const resp::Reply& key : reply.at(1).elements())
    if (scope_.covers(db.source, key.text())) keys.push_back(key.text());
  if (keys.empty()) return keys;
  const auto deadlines = deadlinesOf(keys, [&](std::string_view commands, std::size_t count) {
    return writer_.ask(server_, db.target, commands, count, stop);
  });
  std::vector<std::string> held;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (isHeld(deadlines[i])) held.push_back(std::move(keys[i]));
  return held;
}

void Releaser::release(const Scope::Database& db, const std::vector<std::string>& keys) {
  std::vector<std::int64_t> deadlines;
  try {
    Connection& from = source();
    if (db.source != 0) (void)from.call({"SELECT", std::to_string(db.source)});
    deadlines = deadlinesOf(keys, [&](std::string_view commands, std::size_t count) {
      return from.pipeline(commands, count, from.answerDeadline());
    });
    if (db.source != 0) (void)from.call({"SELECT", "0"});
  } catch (const Error&) {
    source_.reset();
    throw;
  }
  writer_.select(db.target);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (deadlines[i] == kNoDeadline) {
      writer_.encoder().command({"PERSIST", keys[i]});
    } else if (deadlines[i] >= 0) {
      writer_.encoder().command({"PEXPIREAT", keys[i], std::to_string(deadlines[i])});
    } else {
      ++vanished_;
      writer_.encoder().command({"PEXPIRE", keys[i], kDay});
    }
    writer_.added(kReleasePlace);
  }
}

}  // namespace drs::redis
