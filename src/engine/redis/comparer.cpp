#include "engine/redis/comparer.h"

#include "engine/redis/cluster_map.h"
#include "engine/redis/compare_value.h"
#include "engine/redis/deadlines.h"
#include "engine/redis/selection.h"
#include "engine/redis/servers.h"
#include "wire/resp/slot.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

namespace drs::redis {
namespace {

using Kind = RowDifference::Kind;

constexpr std::string_view kPage = "256";
constexpr std::size_t kMaxSuspects = 4096;  ///< keys that are looked at again, at a time
/// Of one comparison, so that a target full of differences does not cost a pause for each page of them.
constexpr int kMaxPauses = 30;

/// Distinct keys, by their hashes, up to a limit.
class KeyCount {
 public:
  explicit KeyCount(std::size_t limit) : limit_(limit) {}
  void add(std::string_view key) {
    if (hashes_.size() >= limit_) reduce(), counted_ += hashes_.size(), hashes_.clear();
    hashes_.push_back(XXH3_64bits(key.data(), key.size()));
  }
  [[nodiscard]] std::uint64_t total() {
    reduce();
    return counted_ + hashes_.size();
  }

 private:
  void reduce() {
    std::sort(hashes_.begin(), hashes_.end());
    hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  }
  std::size_t limit_;
  std::uint64_t counted_ = 0;
  std::vector<std::uint64_t> hashes_;
};

/// One server of one side.
struct Server {
  std::unique_ptr<Connection> connection;
  bool hasPexpiretime = false;
  bool hasHpexpiretime = false;
  std::vector<SlotRange> slots;  ///< empty: all
};

/// What a side says of a key.
struct Look {
  std::string type = "none";
  std::int64_t deadline = -2;  ///< Unix milliseconds; −1: none, −2: no key
};

/// What differs; nothing: the key is the same, or at neither side.
struct Finding {
  Kind kind = Kind::different;
  std::vector<std::string> what;
};

std::int64_t nowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string printable(std::string_view key) {
  std::string out;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7E || c == '\\')
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

class Comparison {
 public:
  Comparison(const EngineJob& job, std::uint64_t sourceDb, bool contents, std::size_t maxListed,
             const std::stop_token& stop, const CompareOptions& options)
      : job_(job),
        selection_(job.spec),
        sourceDb_(sourceDb),
        contents_(contents),
        maxListed_(maxListed),
        stop_(stop),
        options_(options),
        sourceKeys_(job.limits.queueBytes / 4 / sizeof(std::uint64_t)),
        targetKeys_(job.limits.queueBytes / 4 / sizeof(std::uint64_t)) {}

  TableComparison run(const std::function<void(std::uint64_t)>& progress) {
    const auto targetDb = selection_.targetDb(sourceDb_);
    if (!targetDb) {
      out_.error = "database " + std::to_string(sourceDb_) + " is not selected";
      return std::move(out_);
    }
    open(*targetDb);
    std::uint64_t done = 0;
    for (Server& server : sources_)
      scan(server, [&](const std::vector<std::string>& keys) {
        for (const std::string& each : keys) sourceKeys_.add(each);
        suspect(look(keys), keys);
        progress(done += keys.size());
      });
    for (Server& server : targets_)
      scan(server, [&](const std::vector<std::string>& keys) {
        for (const std::string& each : keys) targetKeys_.add(each);
        suspectUnknown(keys);
      });
    settle();
    out_.sourceRows = sourceKeys_.total();
    out_.targetRows = targetKeys_.total();
    if (!unknownTypes_.empty()) {
      std::string text;
      for (const auto& [type, count] : unknownTypes_)
        text += fmt::format("{}{} of {}", text.empty() ? "" : ", ", count, type);
      out_.error = "values of types of modules cannot be compared: " + text;
    }
    return std::move(out_);
  }

 private:
  // --- servers -----------------------------------------------------------------------------------------------------

  static bool has(Connection& connection, std::initializer_list<std::string_view> command) {
    const resp::Reply reply = connection.ask(command);
    return !reply.isError();
  }

  Server open(const ConnectOptions& options, std::uint64_t database, bool replicaOfCluster) {
    Server server;
    server.connection = Connection::open(options);
    if (replicaOfCluster) (void)server.connection->call({"READONLY"});
    const std::string number = std::to_string(database);
    if (database != 0) (void)server.connection->call({"SELECT", number});
    server.hasPexpiretime = has(*server.connection, {"PEXPIRETIME", "__drs:probe:none"});
    server.hasHpexpiretime = has(*server.connection, {"HPEXPIRETIME", "__drs:probe:none", "FIELDS", "1", "f"});
    return server;
  }

  void open(std::uint32_t targetDb) {
    for (const Shard& shard : shardsOf(job_, stop_)) {
      sources_.push_back(
          open(optionsOf(job_, Side::source, shard.address), sourceDb_, shard.cluster && !shard.readsPrimary));
      sources_.back().slots = shard.slots;
    }
    const ConnectOptions target = primaryOf(job_, Side::target, stop_);
    targets_.push_back(open(target, targetDb, false));
    const resp::Reply info = targets_.front().connection->ask({"INFO", "cluster"});
    if (info.isError() || !Info(info.text()).is("cluster_enabled", "1")) return;
    targets_.clear();
    const ClusterMap map = readTargetMap(job_, nullptr, stop_);
    for (std::size_t node = 0; node < map.masters.size(); ++node) {
      targets_.push_back(open(optionsOf(job_, Side::target, map.masters[node].address), targetDb, false));
      targets_.back().slots = map.slotsOf(node);
    }
  }

  [[nodiscard]] static std::size_t ownerOf(const std::vector<Server>& servers, const std::string& key) {
    if (servers.size() == 1) return 0;
    const std::uint16_t slot = resp::slotOf(key);
    for (std::size_t i = 0; i < servers.size(); ++i)
      for (const auto& [first, last] : servers[i].slots)
        if (slot >= first && slot <= last) return i;
    return 0;
  }

  void requireRunning() const {
    if (stop_.stop_requested()) throw Error(Msg::internal, {"the comparison was stopped"});
  }

  /// Calls `page` with the keys of each page that the selection covers.
  void scan(Server& server, const std::function<void(const std::vector<std::string>&)>& page) {
    std::string cursor = "0";
    do {
      requireRunning();
      const resp::Reply reply = server.connection->call({"SCAN", cursor, "COUNT", kPage});
      std::vector<std::string> keys;
      for (const resp::Reply& each : reply.at(1).elements())
        if (selection_.covers(sourceDb_, each.text())) keys.push_back(each.text());
      if (!keys.empty()) page(keys);
      cursor = reply.at(0).text();
    } while (cursor != "0" && !cursor.empty());
  }

  // --- a look at keys ----------------------------------------------------------------------------------------------

  /// Replies of one command for each key of `which`, from the server that has it.
  using Append = std::function<void(resp::Encoder&, std::size_t)>;
  static std::vector<resp::Reply> askAll(Server& server, const std::vector<std::size_t>& which, std::size_t each,
                                         const Append& append) {
    resp::Encoder out;
    for (const std::size_t i : which) append(out, i);
    return server.connection->pipeline(out.bytes(), which.size() * each, server.connection->answerDeadline());
  }

  static void fail(const resp::Reply& reply, Server& server, const char* command) {
    if (reply.isError() && reply.errorCode() != "WRONGTYPE")
      throw errorOf(reply, server.connection->options(), command);
  }

  static void lookAt(Server& server, const std::vector<std::string>& keys, const std::vector<std::size_t>& which,
                     std::vector<Look>& looks) {
    const auto replies = askAll(server, which, 2, [&](resp::Encoder& out, std::size_t i) {
      out.command({"TYPE", keys[i]});
      out.command({server.hasPexpiretime ? "PEXPIRETIME" : "PTTL", keys[i]});
    });
    const std::int64_t now = nowMs();
    for (std::size_t n = 0; n < which.size(); ++n) {
      const resp::Reply& type = replies[2 * n];
      const resp::Reply& left = replies[2 * n + 1];
      fail(type, server, "TYPE");
      fail(left, server, server.hasPexpiretime ? "PEXPIRETIME" : "PTTL");
      Look& look = looks[which[n]];
      look.type = type.text();
      look.deadline = left.integer().value_or(-2);
      if (look.deadline >= 0 && !server.hasPexpiretime) look.deadline += now;
    }
  }

  [[nodiscard]] bool sameDeadline(const Look& source, const Look& target) const {
    if (source.deadline < 0 && target.deadline < 0) return true;
    if (source.deadline < 0 || target.deadline < 0) return false;
    if (isHeld(target.deadline)) return true;
    return std::abs(source.deadline - target.deadline) <= options_.ttlTolerance.count();
  }

  /// One finding for each key.
  std::vector<std::optional<Finding>> look(const std::vector<std::string>& keys) {
    std::vector<Look> mine(keys.size()), theirs(keys.size());
    std::vector<std::size_t> all(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) all[i] = i;
    for (const auto& [owner, which] : byOwner(sources_, keys, all)) lookAt(sources_[owner], keys, which, mine);
    for (const auto& [owner, which] : byOwner(targets_, keys, all)) lookAt(targets_[owner], keys, which, theirs);

    std::vector<std::optional<Finding>> found(keys.size());
    std::vector<std::size_t> equal;
    for (const std::size_t i : all) {
      const bool here = mine[i].type != "none", there = theirs[i].type != "none";
      if (here != there)
        found[i] = Finding{here ? Kind::missingInTarget : Kind::missingInSource, {}};
      else if (mine[i].type != theirs[i].type)
        found[i] = Finding{Kind::different, {"type"}};
      else if (here)
        equal.push_back(i);
    }
    if (!contents_) return found;
    for (const auto& [owner, part] : byOwner(sources_, keys, equal))
      for (const auto& [other, which] : byOwner(targets_, keys, part))
        compareValues(sources_[owner], targets_[other], keys, which, mine, found);
    for (const std::size_t i : equal)
      if (!sameDeadline(mine[i], theirs[i])) note(found[i], "ttl");
    return found;
  }

  static void note(std::optional<Finding>& finding, const char* what) {
    if (!finding) finding.emplace();
    finding->what.emplace_back(what);
  }

  [[nodiscard]] static std::map<std::size_t, std::vector<std::size_t>> byOwner(const std::vector<Server>& servers,
                                                                               const std::vector<std::string>& keys,
                                                                               const std::vector<std::size_t>& which) {
    std::map<std::size_t, std::vector<std::size_t>> out;
    for (const std::size_t i : which) out[ownerOf(servers, keys[i])].push_back(i);
    return out;
  }

  void compareValues(Server& source, Server& target, const std::vector<std::string>& keys,
                     const std::vector<std::size_t>& which, const std::vector<Look>& looks,
                     std::vector<std::optional<Finding>>& found) {
    std::vector<std::size_t> known;
    std::vector<ComparedType> types(keys.size(), ComparedType::none);
    for (const std::size_t i : which) {
      const auto type = comparedType(looks[i].type);
      if (!type) {
        if (!settling_) ++unknownTypes_[looks[i].type];
        continue;
      }
      types[i] = *type;
      known.push_back(i);
    }
    const auto size = [&](resp::Encoder& out, std::size_t i) { appendSize(out, types[i], keys[i]); };
    const auto mine = askAll(source, known, 1, size), theirs = askAll(target, known, 1, size);
    std::vector<std::size_t> small;
    for (std::size_t n = 0; n < known.size(); ++n) {
      const std::size_t i = known[n];
      fail(mine[n], source, "the size of a value");
      fail(theirs[n], target, "the size of a value");
      const auto elements = mine[n].integer();
      const bool sameSize = elements && elements == theirs[n].integer();
      const bool isSmall = sameSize && *elements <= (types[i] == ComparedType::string ? kSmallBytes : kSmallElements);
      if (isSmall)
        small.push_back(i);
      else if (!sameSize || !isSame(source, target, types[i], keys[i]))
        note(found[i], "value");
    }
    compareSmall(source, target, keys, small, types, found);
  }

  void compareSmall(Server& source, Server& target, const std::vector<std::string>& keys,
                    const std::vector<std::size_t>& which, const std::vector<ComparedType>& types,
                    std::vector<std::optional<Finding>>& found) {
    const auto whole = [&](resp::Encoder& out, std::size_t i) { appendWhole(out, types[i], keys[i]); };
    const auto mine = askAll(source, which, 1, whole), theirs = askAll(target, which, 1, whole);
    for (std::size_t n = 0; n < which.size(); ++n) {
      const std::size_t i = which[n];
      fail(mine[n], source, "reading a value");
      fail(theirs[n], target, "reading a value");
      bool equal = sameWhole(types[i], mine[n], theirs[n]);
      if (equal && types[i] == ComparedType::stream) equal = isSame(source, target, types[i], keys[i]);
      if (!equal) note(found[i], "value");
      if (equal && types[i] == ComparedType::hash && !sameFields(source, target, keys[i]))
        note(found[i], "ttl of fields");
    }
  }

  /// A value that changes while it is read may become one of another type.
  bool isSame(Server& source, Server& target, ComparedType type, const std::string& key) {
    try {
      if (!sameValue(*source.connection, *target.connection, type, key)) return false;
      return type != ComparedType::hash || sameFields(source, target, key);
    } catch (const Error& error) {
      if (error.msg() != Msg::redisRefused || error.text().find("WRONGTYPE") == std::string::npos) throw;
      return false;
    }
  }

  [[nodiscard]] bool sameFields(Server& source, Server& target, const std::string& key) const {
    if (!source.hasHpexpiretime || !target.hasHpexpiretime) return true;
    return sameFieldDeadlines(*source.connection, *target.connection, key, options_.ttlTolerance.count());
  }

  // --- suspects ----------------------------------------------------------------------------------------------------

  void suspect(const std::vector<std::optional<Finding>>& found, const std::vector<std::string>& keys) {
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (found[i]) suspects_[keys[i]] = *found[i];
    if (suspects_.size() >= kMaxSuspects) settle();
  }

  /// Keys of the target: those that the source has were compared before.
  void suspectUnknown(const std::vector<std::string>& keys) {
    std::vector<std::size_t> all(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) all[i] = i;
    for (const auto& [owner, which] : byOwner(sources_, keys, all)) {
      const auto replies = askAll(sources_[owner], which, 1,
                                  [&](resp::Encoder& out, std::size_t i) { out.command({"EXISTS", keys[i]}); });
      for (std::size_t n = 0; n < which.size(); ++n) {
        fail(replies[n], sources_[owner], "EXISTS");
        if (replies[n].integer() == 0) suspects_[keys[which[n]]] = Finding{Kind::missingInSource, {}};
      }
    }
    if (suspects_.size() >= kMaxSuspects) settle();
  }

  void pause(int round) {
    if (pauses_ >= kMaxPauses) return;
    ++pauses_;
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop_, options_.pause * (1 << round), [] { return false; });
  }

  /// Looks at the suspects again until they are equal or the rounds are over; what differs still is counted.
  void settle() {
    settling_ = true;
    for (int round = 0; round < options_.rounds && !suspects_.empty(); ++round) {
      pause(round);
      lookAgain();
    }
    for (auto& [key, finding] : suspects_) {
      if (!counted_.insert(XXH3_64bits(key.data(), key.size())).second) continue;
      ++out_.differences;
      if (out_.listed.size() < maxListed_)
        out_.listed.push_back({finding.kind, {printable(key)}, std::move(finding.what)});
      if (counted_.size() >= kMaxCounted) counted_.clear();
    }
    suspects_.clear();
    settling_ = false;
  }

  void lookAgain() {
    constexpr std::size_t kAtATime = 256;
    std::vector<std::string> keys;
    for (const auto& [key, finding] : suspects_) keys.push_back(key);
    for (std::size_t at = 0; at < keys.size(); at += kAtATime) {
      requireRunning();
      const std::size_t end = std::min(keys.size(), at + kAtATime);
      const std::vector<std::string> part(keys.begin() + static_cast<std::ptrdiff_t>(at),
                                          keys.begin() + static_cast<std::ptrdiff_t>(end));
      const auto found = look(part);
      for (std::size_t i = 0; i < part.size(); ++i) {
        if (found[i])
          suspects_[part[i]] = *found[i];
        else
          suspects_.erase(part[i]);
      }
    }
  }

  static constexpr std::size_t kMaxCounted = 1 << 16;

  const EngineJob& job_;
  Selection selection_;
  std::uint64_t sourceDb_;
  bool contents_;
  std::size_t maxListed_;
  const std::stop_token& stop_;
  CompareOptions options_;
  std::vector<Server> sources_;
  std::vector<Server> targets_;
  KeyCount sourceKeys_, targetKeys_;
  std::map<std::string, Finding> suspects_;
  std::set<std::uint64_t> counted_;  ///< differences that a scan may give again
  std::map<std::string, std::uint64_t> unknownTypes_;
  bool settling_ = false;
  int pauses_ = 0;
  TableComparison out_;
};

}  // namespace

TableComparison compareDatabase(const EngineJob& job, std::uint64_t sourceDb, bool contents, std::size_t maxListed,
                                const std::function<void(std::uint64_t)>& progress, const std::stop_token& stop,
                                const CompareOptions& options) {
  return Comparison(job, sourceDb, contents, maxListed, stop, options).run(progress);
}

}  // namespace drs::redis
