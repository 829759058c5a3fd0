#include "engine/redis/loader.h"

#include "base/failpoint.h"
#include "engine/redis/slot_state.h"

#include <fmt/format.h>

#include <charconv>

namespace drs::redis {
namespace {

constexpr std::chrono::milliseconds kSnapshotPatience{200};
constexpr std::string_view kScanCount = "1000";
constexpr CommandPlace kSnapshotPlace{0, "a command of the snapshot"};

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

bool scanServer(TargetWriter& writer, std::size_t server, std::uint32_t db, const std::stop_token& stop,
                const std::function<bool(const std::string& key)>& take) {
  std::string cursor = "0";
  do {
    if (stop.stop_requested()) return false;
    resp::Encoder scan;
    scan.command({"SCAN", cursor, "COUNT", kScanCount});
    const resp::Reply reply = writer.ask(server, db, scan.bytes(), 1, stop).front();
    if (reply.isError()) throw Error(Msg::redisRefused, {"the target", "SCAN", reply.text()}, Origin::target);
    cursor = reply.at(0).text();
    for (const resp::Reply& key : reply.at(1).elements())
      if (!take(key.text())) return false;
  } while (cursor != "0" && !cursor.empty());
  return true;
}

}  // namespace

bool scanTarget(TargetWriter& writer, std::uint32_t db, const std::stop_token& stop,
                const std::function<bool(const std::string& key)>& take) {
  for (;;) {
    const std::uint64_t layout = writer.layout(stop);
    for (std::size_t server = 0; server < writer.servers(); ++server)
      if (!scanServer(writer, server, db, stop, take)) return false;
    if (writer.layout(stop) == layout) return true;
  }
}

Loader::Loader(TargetWriter& writer, const Scope& scope, ValueWriter& values, LaneMark mark, KeySet* keys,
               LoadCallbacks callbacks)
    : writer_(writer),
      scope_(scope),
      values_(values),
      mark_(std::move(mark)),
      keys_(keys),
      callbacks_(std::move(callbacks)) {}

std::optional<std::uint64_t> Loader::run(Spool& snapshot, const std::stop_token& stop) {
  for (std::uint64_t at = 0;;) {
    const rdb::SnapshotItem& item = parser_.next();
    if (std::holds_alternative<rdb::SnapshotEnd>(item)) break;
    if (!std::holds_alternative<rdb::NeedMore>(item)) {
      take(item, stop);
      continue;
    }
    const std::span<char> room = parser_.room();
    const std::size_t got = snapshot.read(at, room.data(), room.size(), kSnapshotPatience, stop);
    if (stop.stop_requested()) return std::nullopt;
    if (got == 0 && snapshot.isClosed() && snapshot.end() == at)
      throw Error(Msg::logCorrupt, {fmt::format("byte {} of the snapshot", at), "it ends there"}, Origin::source);
    parser_.filled(got);
    at += got;
    snapshot.release(at);
    if (!callbacks_.pass(got, stop)) return std::nullopt;
  }
  commit(stop);
  writer_.drain(stop);
  report();
  return streamDb_;
}

void Loader::take(const rdb::SnapshotItem& item, const std::stop_token& stop) {
  std::visit(Overloaded{
                 [&](const rdb::SnapshotHeader& header) { values_.setDialect(header.dialect); },
                 [&](const rdb::AuxField& aux) { takeAux(aux); },
                 [&](const rdb::Entry& entry) {
                   if (!enter(entry.info)) return;
                   values_.write(entry.info, entry.raw);
                   leave(entry.info);
                   commitIfFull(stop);
                 },
                 [&](const rdb::BigBegin& big) {
                   inBig_ = enter(big.info);
                   if (inBig_) values_.begin(big);
                 },
                 [&](const rdb::BigPart& part) {
                   if (inBig_) values_.part(part.bytes);
                   commitIfFull(stop);
                 },
                 [&](const rdb::BigEnd&) {
                   if (!inBig_) return;
                   values_.end();
                   leave({});
                   commitIfFull(stop);
                 },
                 [&](const rdb::FunctionLibrary& library) {
                   if (values_.takesFunctions()) {
                     writer_.encoder().command({"FUNCTION", "LOAD", "REPLACE", library.code});
                     writer_.added(kSnapshotPlace);
                   } else {
                     ++leftOut_["libraries of functions, which the target does not know"];
                   }
                 },
                 [&](const rdb::ModuleAux& aux) {
                   ++leftOut_["data that the module " + aux.module + " keeps beside its keys"];
                 },
                 [](const auto&) {},
             },
             item);
}

void Loader::takeAux(const rdb::AuxField& aux) {
  if (aux.name == "repl-stream-db")
    (void)std::from_chars(aux.value.data(), aux.value.data() + aux.value.size(), streamDb_);
  if (aux.name != "lua") return;
  writer_.encoder().command({"SCRIPT", "LOAD", aux.value});
  writer_.added(kSnapshotPlace);
}

bool Loader::enter(const rdb::KeyInfo& info) {
  const auto db = scope_.targetDb(info.db);
  if (!db || !scope_.covers(info.db, info.key)) return false;
  if (keys_ != nullptr) keys_->add(info.db, info.key);
  if (writer_.db() != *db) {
    if (!writer_.isEmpty()) writer_.commit(mark_, {});
    writer_.select(*db);
  }
  if (info.moduleMetadata) ++leftOut_["what modules have attached to keys"];
  return true;
}

void Loader::leave(const rdb::KeyInfo& /*info*/) {
  ++written_;
  for (const rdb::UnsaidCount& unsaid : values_.unsaid()) leftOut_[std::string(toText(unsaid.what))] += unsaid.count;
}

void Loader::commitIfFull(const std::stop_token& stop) {
  if (writer_.isFull()) commit(stop);
}

void Loader::commit(const std::stop_token& stop) {
  if (!writer_.isEmpty()) writer_.commit(mark_, stop);
  callbacks_.progress(written_, parser_.position());
}

void Loader::report() const {
  for (const auto& [what, count] : leftOut_)
    callbacks_.note(true, fmt::format("Not copied: {} ({} times)", what, count));
}

bool sweep(TargetWriter& writer, const Scope& scope, const KeySet& keys, const LaneMark& mark,
           const std::stop_token& stop) {
  for (const Scope::Database& db : scope.databases()) {
    writer.select(db.target);
    const bool all = scanTarget(writer, db.target, stop, [&](const std::string& key) {
      if (!scope.covers(db.source, key) || keys.contains(db.source, key)) return true;
      writer.encoder().command({"DEL", key});
      writer.added({0, "del"});
      if (writer.isFull()) writer.commit(mark, stop);
      failpoint("redis.sweeping");
      return true;
    });
    if (!all) return false;
    if (!writer.isEmpty()) writer.commit(mark, stop);
    writer.drain(stop);
  }
  return true;
}

bool othersKeys(TargetWriter& writer, const Scope& scope, const std::string& jobId, const std::stop_token& stop) {
  const std::string ours = std::string(kControlPrefix) + jobId + ":";
  const std::string probes = std::string(kControlPrefix) + "probe:";
  for (const Scope::Database& db : scope.databases()) {
    const bool none = scanTarget(writer, db.target, stop, [&](const std::string& key) {
      return !key.starts_with(kControlPrefix) || key.starts_with(ours) || key.starts_with(probes) ||
             laneOfKey(jobId, key);
    });
    if (!none) return true;
  }
  return false;
}

bool hasCoveredKeys(TargetWriter& writer, const Scope& scope, const std::stop_token& stop) {
  for (const Scope::Database& db : scope.databases()) {
    const bool none =
        scanTarget(writer, db.target, stop, [&](const std::string& key) { return !scope.covers(db.source, key); });
    if (!none) return true;
  }
  return false;
}

}  // namespace drs::redis
