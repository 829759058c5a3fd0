#include "engine/redis/capabilities.h"

#include "base/ids.h"
#include "engine/redis/cluster_nodes.h"
#include "engine/redis/info.h"
#include "engine/redis/restore_samples.h"
#include "engine/redis/selection.h"
#include "wire/rdb/dump_payload.h"
#include "wire/resp/slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace drs::redis {
namespace {

constexpr std::string_view kTtl = "60000";                // milliseconds; what a crash leaves behind is gone then
constexpr std::string_view kFarMillis = "4102444800000";  // 2100-01-01
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(10);
/// More databases than any product offers.
constexpr std::uint32_t kMostDatabases = 65536;
/// What servers stamp: Redis 2.6 to 8.8, Valkey. 0 and 4 are what forks that compare for equality like.
constexpr std::array<std::uint16_t, 13> kStamps = {6, 7, 8, 9, 10, 11, 12, 13, 14, 80, 81, 4, 0};

std::string firstWords(const std::string& text) {
  constexpr std::size_t kMost = 160;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "…";
}

class Probe {
 public:
  Probe(const ConnectOptions& target, const std::stop_token& stop)
      : options_(patient(target)), stop_(stop), connection_(Connection::open(options_)) {}
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe() {
    try {
      removeKeys();
    } catch (const Error&) {
      // They have a time to live.
    }
  }

  Capabilities run() {
    for (const auto step :
         {&Probe::tryInfo, &Probe::tryValues, &Probe::tryRestore, &Probe::tryHashes, &Probe::tryStreams,
          &Probe::tryTransactions, &Probe::tryWatch, &Probe::tryScripts, &Probe::tryClients, &Probe::tryDatabases}) {
      if (stop_.stop_requested()) throw Error(Msg::internal, {"stopped"});
      (this->*step)();
    }
    return std::move(found_);
  }

 private:
  using Words = std::vector<std::string_view>;

  /// Some proxies do not answer what they do not know.
  static ConnectOptions patient(ConnectOptions options) {
    options.answerTimeout = std::min(options.answerTimeout, kPatience);
    return options;
  }

  /// A scratch key; all of them lie in one slot, so that a cluster's node takes them together.
  [[nodiscard]] std::string key(std::string_view name) const {
    return fmt::format("{}probe:{{{}}}:{}:{}", kControlPrefix, tag_, random_, name);
  }

  /// The reply. Nothing if the server closes the connection on the command, or does not answer, each time: once may be
  /// the network, and what a target does not know is left out. The next command goes over a new connection. Throws
  /// Error(redisNotReady) for what passes by itself.
  std::optional<resp::Reply> ask(const Words& command, const std::string& what) {
    constexpr int kTries = 3;
    for (int i = 1; i < kTries; ++i)
      if (auto reply = askOnce(command, what, false)) return reply;
    return askOnce(command, what, true);
  }

  std::optional<resp::Reply> askOnce(const Words& command, const std::string& what, bool isLast) {
    try {
      resp::Reply reply = connection_->ask(command, connection_->answerDeadline());
      if (!reply.isError()) return reply;
      const Error error = errorOf(reply, options_, what);
      if (error.msg() == Msg::redisNotReady) throw Error(error);
      found_.refusals.emplace(what, firstWords(reply.text()));
      return reply;
    } catch (const Error& error) {
      if (error.msg() != Msg::connectionLost || stop_.stop_requested()) throw;
      if (isLast) found_.refusals.emplace(what, "it closed the connection, or did not answer");
    }
    connection_ = Connection::open(options_);
    return std::nullopt;
  }

  /// Does the server take the command?
  bool takes(const Words& command, const std::string& what) {
    const auto reply = ask(command, what);
    return reply && !reply->isError();
  }
  bool takes(const Words& command, std::string_view expected, const std::string& what) {
    const auto reply = ask(command, what);
    return reply && reply->is(expected);
  }

  void removeKeys() {
    for (const char* name : {"string", "other", "restore", "options", "hash", "stream", "watched", "script", "guard"}) {
      const std::string each = key(name);
      (void)connection_->ask({"DEL", each});
    }
    for (const std::string& each : taggedKeys_) (void)connection_->ask({"DEL", each});
  }

  void expire(const std::string& name) { (void)ask({"PEXPIRE", name, kTtl}, "PEXPIRE"); }

  void tryInfo() {
    found_.server = "a server of unknown version";
    const auto reply = ask({"INFO"}, "INFO");
    if (!reply || reply->isError()) return;
    const Info info(reply->text());
    found_.server = info.versionText();
    if (!info.has("cluster_enabled")) return;
    found_.clusterKnown = found_.cluster = info.is("cluster_enabled", "1");
    if (found_.cluster) findOwnSlot();
  }

  /// A node of a cluster takes only keys of its own slots.
  void findOwnSlot() {
    const auto reply = ask({"CLUSTER", "NODES"}, "CLUSTER NODES");
    if (!reply || reply->isError()) return;
    for (const ClusterNode& node : parseClusterNodes(reply->text(), options_.address.text()))
      if (node.myself && !node.slots.empty()) tag_ = resp::tagOf(node.slots.front().first);
  }

  void tryValues() {
    const std::string name = key("string");
    found_.setPxat = takes({"SET", name, "v", "PXAT", kFarMillis}, "OK", "SET … PXAT");
    if (!found_.setPxat) (void)ask({"SET", name, "v"}, "SET");
    expire(name);
    const auto deadline = ask({"PEXPIRETIME", name}, "PEXPIRETIME");
    found_.pexpiretime = deadline && deadline->kind() == resp::Reply::Kind::integer;
    found_.unlink = takes({"UNLINK", name}, "UNLINK");
  }

  // --- RESTORE -----------------------------------------------------------------------------------------------------

  struct Try {
    const RestoreSample* sample;
    std::uint16_t stamp;
  };

  /// Four commands for each: the value, its type, a part of it, away with it. Returns what was taken, in order.
  std::vector<bool> restoreAll(const std::vector<Try>& tries) {
    const std::string name = key("restore");
    resp::Encoder out;
    std::string payload;
    for (const Try& each : tries) {
      payload.clear();
      rdb::appendDumpPayload(payload, each.sample->type, each.sample->raw, each.stamp);
      out.command({"RESTORE", name, kTtl, payload});
      out.command({"TYPE", name});
      const RestoreSample& sample = *each.sample;
      if (sample.command.empty())
        out.command({"EXISTS", name});
      else if (sample.argument.empty())
        out.command({sample.command, name});
      else
        out.command({sample.command, name, sample.argument});
      out.command({"DEL", name});
    }
    const auto replies = connection_->pipeline(out.bytes(), tries.size() * 4, connection_->answerDeadline());
    std::vector<bool> taken;
    for (std::size_t i = 0; i < tries.size(); ++i) {
      const RestoreSample& sample = *tries[i].sample;
      const resp::Reply& restored = replies.at(4 * i);
      const resp::Reply& part = replies[4 * i + 2];
      const bool right = sample.command.empty() || part.is(sample.answer) ||
                         (part.integer() && std::to_string(*part.integer()) == sample.answer);
      taken.push_back(restored.is("OK") && replies[4 * i + 1].is(sample.kind) && right);
      if (restored.isError())
        found_.refusals[rdb::typeName(tries[i].sample->type, tries[i].sample->dialect)] = firstWords(restored.text());
    }
    return taken;
  }

  void note(const Try& each) {
    found_.stamps.at(static_cast<std::size_t>(each.sample->dialect)).at(each.sample->type) =
        static_cast<std::uint16_t>(each.stamp + 1);
    found_.refusals.erase(rdb::typeName(each.sample->type, each.sample->dialect));
  }

  void tryTypes() {
    std::vector<Try> first;
    for (const RestoreSample& sample : restoreSamples())
      if (const auto lowest = rdb::lowestVersion(sample.type, sample.dialect)) first.push_back({&sample, *lowest});
    std::vector<bool> taken = restoreAll(first);
    std::vector<Try> others;
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (taken[i]) {
        note(first[i]);
        continue;
      }
      for (const std::uint16_t stamp : kStamps)
        if (stamp != first[i].stamp) others.push_back({first[i].sample, stamp});
    }
    taken = restoreAll(others);
    for (std::size_t i = others.size(); i-- > 0;)  // backwards: of several the first one stays
      if (taken[i]) note(others[i]);
  }

  void tryRestore() {
    const std::string name = key("options");
    try {
      tryTypes();
    } catch (const Error& error) {
      if (error.msg() != Msg::connectionLost) throw;
      found_.refusals.emplace("RESTORE", "it closed the connection, or did not answer");
      connection_ = Connection::open(options_);
      return;
    }
    const std::uint16_t stamp = found_.stamps.at(0).at(rdb::kString);
    found_.restore = stamp != 0;
    if (!found_.restore) return;
    std::string payload;
    rdb::appendDumpPayload(payload, rdb::kString, "\x01v", static_cast<std::uint16_t>(stamp - 1));
    (void)ask({"RESTORE", name, kTtl, payload}, "RESTORE");
    found_.restoreReplace = takes({"RESTORE", name, kTtl, payload, "REPLACE"}, "OK", "RESTORE … REPLACE");
    (void)ask({"DEL", name}, "DEL");
    found_.restoreAbsttl = takes({"RESTORE", name, kFarMillis, payload, "ABSTTL"}, "OK", "RESTORE … ABSTTL");
    (void)ask({"DEL", name}, "DEL");
    found_.restoreIdletime = takes({"RESTORE", name, kTtl, payload, "IDLETIME", "1"}, "OK", "RESTORE … IDLETIME");
    (void)ask({"DEL", name}, "DEL");
    found_.restoreFreq = takes({"RESTORE", name, kTtl, payload, "FREQ", "1"}, "OK", "RESTORE … FREQ");
  }

  // --- other values ------------------------------------------------------------------------------------------------

  void tryHashes() {
    const std::string name = key("hash");
    (void)ask({"HSET", name, "f", "v"}, "HSET");
    expire(name);
    const auto reply = ask({"HPEXPIREAT", name, kFarMillis, "FIELDS", "1", "f"}, "HPEXPIREAT");
    found_.fieldExpiry = reply && reply->at(0).integer() == 1;
  }

  void tryStreams() {
    const std::string name = key("stream");
    (void)ask({"XADD", name, "1-1", "f", "v"}, "XADD");
    expire(name);
    if (!takes({"XGROUP", "CREATE", name, "g", "0"}, "OK", "XGROUP CREATE")) return;
    found_.createConsumer = takes({"XGROUP", "CREATECONSUMER", name, "g", "c"}, "XGROUP CREATECONSUMER");
    found_.streamCounters =
        takes({"XSETID", name, "2-1", "ENTRIESADDED", "5", "MAXDELETEDID", "1-0"}, "OK", "XSETID … ENTRIESADDED") &&
        takes({"XGROUP", "CREATE", name, "h", "0", "ENTRIESREAD", "1"}, "OK", "XGROUP CREATE … ENTRIESREAD");
  }

  // --- transactions ------------------------------------------------------------------------------------------------

  /// The replies of EXEC; nothing if the transaction was refused at any point. What was queued is gone then.
  std::optional<std::vector<resp::Reply>> transaction(const std::vector<Words>& commands, const std::string& what) {
    if (!takes({"MULTI"}, "OK", "MULTI")) return std::nullopt;
    for (const Words& command : commands) {
      if (takes(command, "QUEUED", what)) continue;
      (void)ask({"DISCARD"}, "DISCARD");
      return std::nullopt;
    }
    const auto reply = ask({"EXEC"}, what);
    if (!reply || reply->elements().size() != commands.size()) return std::nullopt;
    return reply->elements();
  }

  bool executes(const std::vector<Words>& commands, const std::string& what) {
    const auto replies = transaction(commands, what);
    if (!replies) return false;
    const auto failed =
        std::find_if(replies->begin(), replies->end(), [](const resp::Reply& each) { return each.isError(); });
    if (failed != replies->end()) found_.refusals.emplace(what, firstWords(failed->text()));
    return failed == replies->end();
  }

  void tryTransactions() {
    const std::string one = key("string"), two = key("other"), hash = key("hash");
    found_.multi =
        executes({{"SET", one, "1", "PX", kTtl}, {"SET", two, "1", "PX", kTtl}}, "a transaction over one slot");
    if (!found_.multi) return;
    found_.selectInMulti = executes({{"SELECT", "0"}}, "SELECT in a transaction");
    const std::uint16_t slot = resp::slotOf(one);
    const std::string tagged = fmt::format("{}probe:{{{}}}:{}", kControlPrefix, resp::tagOf(slot), random_);
    const std::string elsewhere =
        fmt::format("{}probe:{{{}}}:{}", kControlPrefix,
                    resp::tagOf(static_cast<std::uint16_t>((slot + 8192) % resp::kSlots)), random_);
    taggedKeys_ = {tagged};
    found_.multiAcrossTags =
        executes({{"SET", one, "1", "PX", kTtl}, {"SET", tagged, "1", "PX", kTtl}}, "a transaction over two tags");
    found_.multiAcrossSlots =
        executes({{"SET", one, "1", "PX", kTtl}, {"SET", elsewhere, "1", "PX", kTtl}}, "a transaction over two slots");
    if (found_.multiAcrossSlots) taggedKeys_.push_back(elsewhere);

    tryGuard();
    (void)ask({"SET", one, "before", "PX", kTtl}, "SET");
    if (const auto replies = transaction({{"SET", one, "after", "PX", kTtl}, {"INCR", hash}}, "a failing transaction"))
      if (replies->at(1).isError()) {
        const auto value = ask({"GET", one}, "GET");
        found_.failureRollsBack = value && value->is("before");
      }
  }

  /// ZADD … GT with a lower score must change nothing, also not for WATCH; without the member it does, and EXEC fails.
  void tryGuard() {
    const std::string name = key("guard");
    (void)ask({"ZADD", name, "5", "m"}, "ZADD");
    expire(name);
    const auto runs = [&](std::string_view score, std::string_view member) -> std::optional<bool> {
      if (!takes({"WATCH", name}, "OK", "WATCH") || !takes({"ZADD", name, "GT", score, member}, "ZADD … GT"))
        return std::nullopt;
      if (!takes({"MULTI"}, "OK", "MULTI") || !takes({"ZCARD", name}, "QUEUED", "ZCARD")) return std::nullopt;
      const auto reply = ask({"EXEC"}, "EXEC");
      if (!reply || reply->isError()) return std::nullopt;
      return !reply->isNull();
    };
    found_.guard = runs("4.5", "m") == true && runs("4.5", "other") == false && runs("5.5", "m") == false;
  }

  void tryWatch() {
    if (!found_.multi) return;
    const std::string name = key("watched");
    (void)ask({"SET", name, "1", "PX", kTtl}, "SET");
    const auto other = Connection::open(options_);
    const auto exec = [&](bool changed, const std::string& beside = {}) -> std::optional<resp::Reply> {
      if (!takes({"WATCH", name}, "OK", "WATCH")) return std::nullopt;
      if (changed && other->ask({"SET", name, "2", "PX", kTtl}).isError()) return std::nullopt;
      if (!takes({"MULTI"}, "OK", "MULTI") || !takes({"GET", name}, "QUEUED", "GET") ||
          (!beside.empty() && !takes({"SET", beside, "1", "PX", kTtl}, "QUEUED", "SET"))) {
        (void)ask({"DISCARD"}, "DISCARD");
        return std::nullopt;
      }
      return ask({"EXEC"}, "EXEC");
    };
    const auto unchanged = exec(false);
    const auto changed = exec(true);
    found_.watch = unchanged && unchanged->elements().size() == 1 && changed && changed->isNull();
    if (!found_.watch) {
      found_.refusals.emplace("WATCH", "a change of a watched key does not keep EXEC from running");
      return;
    }
    // A proxy may split, without a word, what is over several slots: then it runs whatever was watched.
    const auto isWhole = [&](const std::string& beside, const char* what) {
      const auto reply = exec(true, beside);
      if (reply && reply->isNull()) return true;
      found_.refusals.emplace(what, "a change of a watched key does not keep it from running: it is split");
      return false;
    };
    if (found_.multiAcrossTags) found_.multiAcrossTags = isWhole(taggedKeys_.front(), "a transaction over two tags");
    if (found_.multiAcrossSlots) found_.multiAcrossSlots = isWhole(taggedKeys_.back(), "a transaction over two slots");
  }

  // --- the rest ----------------------------------------------------------------------------------------------------

  void tryScripts() {
    const std::string name = key("script");
    const auto reply =
        ask({"EVAL", "redis.call('SET', KEYS[1], ARGV[1], 'PX', 60000) return ARGV[1]", "1", name, "v"}, "EVAL");
    found_.eval = reply && reply->is("v");
    found_.functions = takes({"FUNCTION", "LIST", "LIBRARYNAME", "__drs_probe"}, "FUNCTION LIST");
  }

  void tryClients() {
    found_.importSource = takes({"CLIENT", "IMPORT-SOURCE", "ON"}, "OK", "CLIENT IMPORT-SOURCE");
    if (found_.importSource) (void)ask({"CLIENT", "IMPORT-SOURCE", "OFF"}, "CLIENT IMPORT-SOURCE");
    const auto other = Connection::open(options_);
    const auto id = other->ask({"CLIENT", "ID"}).integer();
    found_.clientId = id.has_value();
    if (!id) {
      found_.refusals.emplace("CLIENT ID", "it gives no number");
      return;
    }
    const std::string text = std::to_string(*id);
    const auto killed = ask({"CLIENT", "KILL", "ID", text}, "CLIENT KILL");
    if (!killed || killed->integer() != 1) return;
    try {
      (void)other->ask({"PING"});
      found_.refusals.emplace("CLIENT KILL", "it says that the connection was ended, and it was not");
    } catch (const Error&) {
      found_.clientKill = true;
    }
  }

  bool selects(std::uint32_t database) {
    const std::string text = std::to_string(database);
    return takes({"SELECT", text}, "OK", "SELECT");
  }

  void tryDatabases() {
    // A server may refuse SELECT 0 and have that database all the same.
    const bool first = selects(0);
    std::uint32_t good = 1;  // databases 0 … good − 1 are there
    std::uint32_t bad = kMostDatabases + 1;
    for (std::uint32_t each = 2; each <= kMostDatabases; each *= 2) {
      if (!selects(each - 1)) {
        bad = each;
        break;
      }
      good = each;
    }
    while (good + 1 < bad && bad <= kMostDatabases) {
      const std::uint32_t middle = good + (bad - good) / 2;
      (selects(middle - 1) ? good : bad) = middle;
    }
    found_.databases = found_.cluster ? 1 : good;  // more of them (Valkey 9) are not written to
    found_.databasesAtLeast = !found_.cluster && bad > kMostDatabases;
    found_.refusals.erase("SELECT");
    if (!first) found_.refusals.emplace("SELECT", "SELECT 0 is refused");
    if (good > 1) (void)selects(0);
  }

  ConnectOptions options_;
  const std::stop_token& stop_;
  std::unique_ptr<Connection> connection_;
  std::string random_ = randomHex(8);
  std::string tag_ = random_;  ///< all keys have it
  std::vector<std::string> taggedKeys_;
  Capabilities found_;
};

}  // namespace

std::optional<std::uint16_t> Capabilities::restoreStamp(std::uint8_t type, rdb::Dialect dialect) const noexcept {
  // What both dialects know is tried once, in Redis's.
  const bool own = dialect == rdb::Dialect::valkey && type >= rdb::kValkeyHash2;
  const std::uint16_t stamp = type < kTypes ? stamps[own ? 1 : 0][type] : 0;
  if (stamp == 0 || !restoreReplace || !restoreAbsttl) return std::nullopt;
  return static_cast<std::uint16_t>(stamp - 1);
}

rdb::CommandOptions Capabilities::commandOptions() const {
  return {setPxat, createConsumer, streamCounters, fieldExpiry};
}

std::string Capabilities::describe() const {
  const auto list = [](std::initializer_list<std::pair<const char*, bool>> flags, bool wanted) {
    std::string text;
    for (const auto& [name, has] : flags)
      if (has == wanted) text += (text.empty() ? "" : ", ") + std::string(name);
    return text.empty() ? "nothing" : text;
  };
  const auto both = [&](std::initializer_list<std::pair<const char*, bool>> flags) {
    const std::string without = list(flags, false);
    return "takes " + list(flags, true) + (without == "nothing" ? "" : "; not " + without);
  };
  std::string types;
  for (const RestoreSample& sample : restoreSamples()) {
    const std::uint16_t stamp = stamps.at(static_cast<std::size_t>(sample.dialect)).at(sample.type);
    types += fmt::format(" {}{}:{}", sample.type, sample.dialect == rdb::Dialect::valkey ? "v" : "",
                         stamp == 0 ? "-" : std::to_string(stamp - 1));
  }
  return server + (cluster ? ", a node of a cluster" : "") + "\nvalues: " +
         both({{"RESTORE", restore},
               {"REPLACE", restoreReplace},
               {"ABSTTL", restoreAbsttl},
               {"IDLETIME", restoreIdletime},
               {"FREQ", restoreFreq},
               {"SET PXAT", setPxat},
               {"PEXPIRETIME", pexpiretime},
               {"UNLINK", unlink},
               {"HPEXPIREAT", fieldExpiry},
               {"XGROUP CREATECONSUMER", createConsumer},
               {"counters of streams", streamCounters}}) +
         "\nRESTORE by type, with the stamp:" + types + "\ntransactions: " +
         both({{"MULTI", multi},
               {"WATCH", watch},
               {"ZADD GT as a guard", guard},
               {"several tags", multiAcrossTags},
               {"several slots", multiAcrossSlots},
               {"SELECT inside", selectInMulti},
               {"roll-back of failures", failureRollsBack}}) +
         fmt::format("\ndatabases: {}{}", databases, databasesAtLeast ? " or more" : "") + "\nother: " +
         both({{"EVAL", eval},
               {"FUNCTION", functions},
               {"CLIENT ID", clientId},
               {"CLIENT KILL", clientKill},
               {"CLIENT IMPORT-SOURCE", importSource}});
}

Capabilities weakest(Capabilities a, const Capabilities& b) {
  for (const auto flag : {&Capabilities::restore,         &Capabilities::restoreReplace,
                          &Capabilities::restoreAbsttl,   &Capabilities::restoreIdletime,
                          &Capabilities::restoreFreq,     &Capabilities::setPxat,
                          &Capabilities::pexpiretime,     &Capabilities::unlink,
                          &Capabilities::fieldExpiry,     &Capabilities::createConsumer,
                          &Capabilities::streamCounters,  &Capabilities::multi,
                          &Capabilities::watch,           &Capabilities::guard,
                          &Capabilities::multiAcrossTags, &Capabilities::multiAcrossSlots,
                          &Capabilities::selectInMulti,   &Capabilities::eval,
                          &Capabilities::functions,       &Capabilities::clientId,
                          &Capabilities::clientKill,      &Capabilities::importSource})
    a.*flag = a.*flag && b.*flag;
  a.databases = std::min(a.databases, b.databases);
  for (std::size_t dialect = 0; dialect < a.stamps.size(); ++dialect)
    for (std::size_t type = 0; type < Capabilities::kTypes; ++type)
      if (a.stamps.at(dialect).at(type) != b.stamps.at(dialect).at(type)) a.stamps.at(dialect).at(type) = 0;
  a.refusals.insert(b.refusals.begin(), b.refusals.end());
  return a;
}

Capabilities probeCapabilities(const ConnectOptions& target, const std::stop_token& stop) {
  return Probe(target, stop).run();
}

}  // namespace drs::redis
