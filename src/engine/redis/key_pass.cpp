#include "engine/redis/key_pass.h"

namespace drs::redis {
namespace {

/// With less, round trips and the command itself count; with more, the source is held up for too long at a time.
constexpr std::string_view kPortion = "1000";

}  // namespace

KeyPass::KeyPass(Connection& source, TargetWriter& writer, const Scope& scope, KeyCopier& copier, bool sweeps)
    : source_(source), writer_(writer), scope_(scope), copier_(copier), sweeps_(sweeps) {}

bool KeyPass::step(const std::stop_token& stop) {
  if (database_ >= scope_.databases().size()) return true;
  const Scope::Database& db = scope_.databases()[database_];
  if (sweeping_)
    sweep(db, stop);
  else
    bring(db, stop);
  if (cursor_ == "0" && !stop.stop_requested()) turn();
  return database_ >= scope_.databases().size();
}

void KeyPass::turn() {
  if (++database_ < scope_.databases().size() || sweeping_ || !sweeps_) return;
  sweeping_ = true;
  database_ = 0;
}

void KeyPass::bring(const Scope::Database& db, const std::stop_token& stop) {
  copier_.select(db);
  const resp::Reply reply = source_.call({"SCAN", cursor_, "COUNT", kPortion});
  std::vector<std::string> keys;
  for (const resp::Reply& key : reply.at(1).elements())
    if (scope_.covers(db.source, key.text())) keys.push_back(key.text());
  bytes_ += copier_.copy(db, keys, stop);
  keys_ += keys.size();
  cursor_ = reply.at(0).text();
}

void KeyPass::sweep(const Scope::Database& db, const std::stop_token& stop) {
  copier_.select(db);
  resp::Encoder scan;
  scan.command({"SCAN", cursor_, "COUNT", kPortion});
  const resp::Reply reply = writer_.ask(0, db.target, scan.bytes(), 1, stop).front();
  if (reply.isError()) throw Error(Msg::redisRefused, {"the target", "SCAN", reply.text()}, Origin::target);
  std::vector<std::string> keys;
  resp::Encoder exists;
  for (const resp::Reply& key : reply.at(1).elements()) {
    if (!scope_.covers(db.source, key.text())) continue;
    keys.push_back(key.text());
    exists.command({"EXISTS", key.text()});
  }
  if (!keys.empty()) {
    const auto there = source_.pipeline(exists.bytes(), keys.size(), source_.answerDeadline());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      copier_.check(there[i], "EXISTS");
      if (there[i].integer() != 0) continue;
      copier_.remove(keys[i]);
      ++swept_;
    }
  }
  cursor_ = reply.at(0).text();
}

}  // namespace drs::redis
