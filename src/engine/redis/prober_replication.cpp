#include "engine/redis/prober_checks.h"
#include "engine/redis/scan_mode.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

// Checks of what the source lets a replica have: the right to it, buffers, its own state.

namespace drs::redis {
namespace {

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr std::uint64_t kSmallestOutputBuffer = 64 * kMiB;
constexpr std::uint64_t kSmallestBacklog = 16 * kMiB;
constexpr std::uint64_t kShortestBacklogTtl = 3600;  // seconds: Redis's default
constexpr std::uint64_t kShortestTimeout = 60;       // seconds: Redis's default

/// Without arguments a server complains of their number if it has the command.
bool hasCommand(Connection& connection, const char* name, std::string& words) {
  const resp::Reply reply = connection.ask({name});
  words = reply.text();
  return !reply.isError() || reply.errorCode() != "ERR" || words.find("unknown command") == std::string::npos;
}

/// Without replication a source can still be read like any client, if its user says so by skipping the item.
void failReplication(ProbeState& state, SourceServer& server, Findings& found, const std::string& text) {
  if (state.capabilities().cluster)
    return found.fail(text + ". It cannot be read by SCAN instead: the target is a cluster");
  if (const std::string why = whyNotByScan(*server.connection, state.follows()); !why.empty())
    return found.fail(text + ". It cannot be read by SCAN instead: " + why);
  found.failSkippable(text);
}

constexpr const char* kByScan =
    ". If the item is skipped, the source is read by SCAN instead (docs/reference/redis-scan.md): the target becomes "
    "equal to a source that rests, but commands are not applied one by one";

/// What is skipped here is replication itself: that is for a failure alone.
Verdict onReplication(const Findings& found, const std::string& remedy) {
  Verdict verdict = found.verdict(remedy + kByScan);
  verdict.skippable = verdict.skippable && verdict.result == CheckResult::failed;
  return verdict;
}

Verdict checkCommands(ProbeState& state) {
  Findings found;
  std::string words;
  for (SourceServer& each : state.sources())
    for (const char* name : {"PSYNC", "REPLCONF"})
      if (!hasCommand(*each.connection, name, words))
        failReplication(state, each, found, each.name() + " has no " + name + ": " + words);
  return onReplication(found,
                       "The command is renamed (rename-command) or the service does not offer it: allow it, or choose "
                       "a server that gives its data to replicas");
}

/// 6.x has rights, but nobody can ask for them: a transaction is refused at once what the user may not do.
Permission mayReplicate(Connection& connection, std::string& why) {
  constexpr std::array<std::string_view, 3> kQuestion = {"PSYNC", "?", "-1"};
  const Permission asked = mayRun(connection, kQuestion, why);
  if (asked != Permission::unknown) return asked;
  if (!connection.ask({"MULTI"}).is("OK")) return Permission::unknown;
  const resp::Reply queued = connection.ask({"PSYNC", "?", "-1"});
  (void)connection.ask({"DISCARD"});
  if (queued.is("QUEUED")) return Permission::allowed;
  if (queued.errorCode() != "NOPERM") return Permission::unknown;
  why = queued.text();
  return Permission::refused;
}

/// When the task ends, keys at the target get their deadlines back, for which the source is asked.
void checkDeadlineRights(SourceServer& each, Findings& found) {
  const auto note = [&](const resp::Reply& reply) {
    if (reply.errorCode() == "NOPERM") found.failSkippable(each.name() + ", for the end of the task: " + reply.text());
  };
  const resp::Reply moment = each.connection->ask({"PEXPIRETIME", "__drs:probe"});
  note(moment);
  if (moment.errorCode() != "ERR") return;  // else it does not know the word (before 7.0)
  note(each.connection->ask({"PTTL", "__drs:probe"}));
  note(each.connection->ask({"TIME"}));
}

/// Of a cluster's server it is asked again and again which slots it has, and what is in them, at one moment.
void checkSlotRights(SourceServer& each, Findings& found) {
  if (!each.shard.cluster) return;
  for (const char* const name : {"MULTI", "EXEC"})
    if (const resp::Reply reply = each.connection->ask({name}); reply.errorCode() == "NOPERM")
      found.fail(each.name() + ", for slots that move: " + reply.text());
}

Verdict checkRights(ProbeState& state) {
  Findings found;
  for (SourceServer& each : state.sources()) {
    std::string why;
    const Permission replicates = mayReplicate(*each.connection, why);
    if (replicates == Permission::refused) failReplication(state, each, found, each.name() + ": " + why);
    if (replicates == Permission::unknown) found.unknown(each.name(), "the right to PSYNC", why);
    if (const resp::Reply reply = each.connection->ask({"REPLCONF"}); reply.errorCode() == "NOPERM")
      failReplication(state, each, found, each.name() + ": " + reply.text());
    if (state.follows()) checkDeadlineRights(each, found);
    checkSlotRights(each, found);
  }
  return onReplication(
      found,
      "ACL SETUSER … ~* +psync +replconf +ping +info +cluster +multi +exec +select +pexpiretime +pttl +time, "
      "and +scan +dump +type +ttl for comparisons");
}

// --- buffers -------------------------------------------------------------------------------------------------------

/// Of "normal 0 0 0 slave 268435456 67108864 60 pubsub …": the numbers behind slave, or replica.
std::optional<std::array<std::uint64_t, 3>> replicaLimits(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    if (end != 0) words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  for (std::size_t i = 0; i + 3 < words.size(); ++i) {
    if (words[i] != "slave" && words[i] != "replica") continue;
    std::array<std::uint64_t, 3> out{};
    for (std::size_t k = 0; k < 3; ++k) {
      const std::string_view word = words[i + 1 + k];
      if (std::from_chars(word.data(), word.data() + word.size(), out.at(k)).ec != std::errc()) return std::nullopt;
    }
    return out;
  }
  return std::nullopt;
}

Verdict checkOutputBuffer(ProbeState& state) {
  Findings found;
  for (SourceServer& each : state.sources()) {
    const Setting setting = settingOf(*each.connection, "client-output-buffer-limit");
    const auto limits = setting.value ? replicaLimits(*setting.value) : std::nullopt;
    if (!limits) {
      found.unknown(each.name(), "client-output-buffer-limit of replicas",
                    setting.value ? "the setting reads " + *setting.value : setting.why);
      continue;
    }
    const auto [hard, soft, seconds] = *limits;
    const bool hardLow = hard != 0 && hard < kSmallestOutputBuffer;
    const bool softLow = soft != 0 && seconds != 0 && soft < kSmallestOutputBuffer / 2;
    if (hardLow || softLow)
      found.warn(fmt::format("{} ends a replica for which it holds {} (or {} for {} s)", each.name(), bytesText(hard),
                             bytesText(soft), seconds));
  }
  return found.verdict(
      "The task reads as fast as the network allows, yet what is written at the source while it makes its snapshot is "
      "held there: if that is more, the copy begins anew. CONFIG SET client-output-buffer-limit \"replica 268435456 "
      "67108864 60\" or more");
}

void checkBacklogOf(SourceServer& server, Findings& found) {
  const Setting size = settingOf(*server.connection, "repl-backlog-size");
  const auto bytes = size.number() ? size.number() : server.info.number("repl_backlog_size");
  if (!bytes)
    found.unknown(server.name(), "repl-backlog-size", size.why);
  else if (*bytes < kSmallestBacklog)
    found.warn(fmt::format("{} keeps {} of its stream (repl-backlog-size)", server.name(), bytesText(*bytes)));
  const Setting ttl = settingOf(*server.connection, "repl-backlog-ttl");
  if (!ttl.value)
    found.unknown(server.name(), "repl-backlog-ttl", ttl.why);
  else if (const auto seconds = ttl.number(); seconds && *seconds != 0 && *seconds < kShortestBacklogTtl)
    found.warn(fmt::format("{} forgets its stream {} s after its last replica has left (repl-backlog-ttl)",
                           server.name(), *seconds));
}

Verdict checkBacklog(ProbeState& state) {
  if (!state.follows()) return passed();
  Findings found;
  for (SourceServer& each : state.sources()) checkBacklogOf(each, found);
  return found.verdict(
      "After an interruption for longer than that holds the copy begins anew. CONFIG SET repl-backlog-size to what is "
      "written in the longest one, 256mb for example, and repl-backlog-ttl to 3600 or more");
}

Verdict checkTimeout(ProbeState& state) {
  Findings found;
  for (SourceServer& each : state.sources()) {
    const Setting timeout = settingOf(*each.connection, "repl-timeout");
    if (!timeout.value)
      found.unknown(each.name(), "repl-timeout", timeout.why);
    else if (const auto seconds = timeout.number(); seconds && *seconds < kShortestTimeout)
      found.warn(fmt::format("{} gives a replica up after {} s of silence (repl-timeout)", each.name(), *seconds));
  }
  return found.verdict("CONFIG SET repl-timeout 60 or more");
}

// --- the source's own state ----------------------------------------------------------------------------------------

Verdict checkReplicaLink(ProbeState& state) {
  Findings found;
  for (const SourceServer& each : state.sources()) {
    if (!each.info.is("role", "slave")) continue;
    const std::string master =
        each.info.find("master_host").value_or("?") + ":" + each.info.find("master_port").value_or("?");
    if (!each.info.is("master_link_status", "up"))
      found.fail(each.name() + " is a replica, and has no link to its master " + master);
    else if (each.info.is("master_sync_in_progress", "1"))
      found.fail(each.name() + " is a replica, and still copies from its master " + master);
  }
  return found.verdict(
      "Such a server gives its data to nobody, and has old data. Mend the link, or give another server");
}

/// The snapshot is made by a fork, in memory or through a file.
Verdict checkSnapshot(ProbeState& state) {
  Findings found;
  for (const SourceServer& each : state.sources()) {
    if (each.info.is("loading", "1")) found.fail(each.name() + " still loads its data");
    if (each.info.is("rdb_last_bgsave_status", "err"))
      found.warn(each.name() + ": the last snapshot that it made failed (rdb_last_bgsave_status), see its log");
    const auto total = each.info.number("total_system_memory"), used = each.info.number("used_memory_rss");
    if (total && used && *total > 0 && *used > *total / 4 * 3)
      found.warn(
          fmt::format("{} uses {} of {} of memory; while it makes a snapshot each page that is written to counts "
                      "twice",
                      each.name(), bytesText(*used), bytesText(*total)));
  }
  return found.verdict(
      "Make room for the snapshot (disk, memory, vm.overcommit_memory = 1), or give a replica as source");
}

Verdict checkClusterState(ProbeState& state) {
  if (!isClusterRoute(state.job().spec)) return passed();
  Findings found;
  for (SourceServer& each : state.sources()) {
    const resp::Reply reply = each.connection->ask({"CLUSTER", "INFO"});
    if (reply.isError()) {
      found.unknown(each.name(), "the state of the cluster", reply.text());
      continue;
    }
    const Info cluster(reply.text());
    const std::string words = cluster.find("cluster_state").value_or("not told");
    if (words != "ok") found.fail("cluster_state is " + words + " at " + each.name());
    for (const char* name : {"cluster_slots_pfail", "cluster_slots_fail"})
      if (const auto slots = cluster.number(name).value_or(0); slots > 0)
        found.warn(fmt::format("{} counts {} slots whose server does not answer ({})", each.name(), slots, name));
  }
  return found.verdict("redis-cli --cluster check shows what to mend");
}

Verdict checkOpenSlots(ProbeState& state) {
  if (!isClusterRoute(state.job().spec)) return passed();
  Findings found;
  for (SourceServer& each : state.sources()) {
    // A replica does not know of the slots that its primary moves.
    const auto at =
        each.shard.readsPrimary ? nullptr : Connection::open(optionsOf(state.job(), Side::source, each.shard.primary));
    Connection& primary = at ? *at : *each.connection;
    const resp::Reply reply = primary.ask({"CLUSTER", "NODES"});
    if (reply.isError()) {
      found.unknown(primary.address(), "whether slots are on the move", reply.text());
      continue;
    }
    std::string slots;
    for (const ClusterNode& node : parseClusterNodes(reply.text(), primary.address()))
      if (node.myself)
        for (const std::uint16_t slot : node.openSlots) slots += (slots.empty() ? "" : ", ") + std::to_string(slot);
    if (!slots.empty()) found.fail(primary.address() + " has slots on the move: " + slots);
  }
  return found.verdict("Wait until they have arrived, or redis-cli --cluster fix");
}

}  // namespace

const std::vector<Check>& replicationChecks() {
  // NOLINTBEGIN(bugprone-suspicious-stringview-data-usage): both are literals
  static const std::vector<Check> kChecks = {
      {kCommandItem.data(), kLog, checkCommands},
      {kReplicationRightItem.data(), kPrivileges, checkRights},
      // NOLINTEND(bugprone-suspicious-stringview-data-usage)
      {"srcReplicaOutputBufferCheck", kLog, checkOutputBuffer},
      {"srcReplBacklogCheck", kLog, checkBacklog},
      {"srcReplTimeoutCheck", kLog, checkTimeout},
      {"srcReplicaLinkCheck", kLog, checkReplicaLink},
      {"srcSnapshotCheck", kLog, checkSnapshot},
      {"srcClusterStateCheck", kLog, checkClusterState},
      {"srcClusterSlotsCheck", kLog, checkOpenSlots},
  };
  return kChecks;
}

}  // namespace drs::redis
