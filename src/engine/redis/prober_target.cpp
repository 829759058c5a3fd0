#include "engine/redis/prober_checks.h"
#include "wire/resp/slot.h"

#include <fmt/format.h>

#include <filesystem>

// Checks of the target's rights, memory and settings, and of the room for what is spooled here.

namespace drs::redis {
namespace {

constexpr std::size_t kMostTried = 20;  ///< keys that the rights are asked for

/// A key that the task could write, for each database that is not selected as a whole; else any key.
std::vector<std::string> keysToTry(ProbeState& state) {
  std::vector<std::string> keys = {std::string(kControlPrefix) + state.job().id + ":0:mark"};
  bool whole = state.selection().all();
  for (const Selection::Database& each : state.selection().databases()) {
    whole = whole || each.whole;
    if (!each.prefixes.empty()) keys.push_back(each.prefixes.front() + "drs");
  }
  if (whole) keys.emplace_back("drs-any-key");
  if (keys.size() > kMostTried) keys.resize(kMostTried);
  return keys;
}

void checkKeyRights(ProbeState& state, Findings& found) {
  for (const std::string& key : keysToTry(state)) {
    std::string why;
    const std::vector<std::vector<std::string_view>> commands = {
        {"SET", key, "v"},
        {"GET", key},
        {"UNLINK", key},
        {"RESTORE", key, "0", "v"},
        {"RPUSH", key, "v"},
        {"SADD", key, "v"},
        {"ZADD", key, "1", "v"},
        {"HSET", key, "f", "v"},
        {"XADD", key, "*", "f", "v"},
        {"PEXPIREAT", key, "1"},
        {"PERSIST", key},
    };
    for (const auto& command : commands) {
      const Permission may = mayRun(state.target(), command, why);
      if (may == Permission::refused) found.fail(why);
      if (may != Permission::unknown) continue;
      found.unknown(state.target().address(), "which commands and keys the target's user may use", why);
      return;
    }
  }
}

Verdict checkWriteRights(ProbeState& state) {
  Findings found;
  // What was tried is known for sure.
  for (const auto& [what, words] : state.capabilities().refusals)
    if (words.starts_with("NOPERM")) found.fail(fmt::format("{}: {}", what, words));
  if (found.verdict().result == CheckResult::passed) checkKeyRights(state, found);
  return found.verdict(
      "The user needs all keys of the selection and __drs:*, and all write commands that the source's "
      "applications use: ACL SETUSER … ~* +@all -@dangerous +restore +info +client|id +client|kill +select");
}

Verdict checkTransactions(ProbeState& state) {
  const Capabilities& target = state.capabilities();
  const auto words = [&](const char* what) {
    const auto found = target.refusals.find(what);
    return found == target.refusals.end() ? std::string() : ": " + found->second;
  };
  Findings found;
  if (!target.multi)
    found.fail("the target does not run transactions over keys of one slot (MULTI, EXEC)" +
               words("a transaction over one slot"));
  else if (!target.watch)
    found.fail("the target does not keep a transaction from running when a watched key was changed (WATCH)" +
               words("WATCH"));
  else if (!target.multiAcrossSlots && !target.cluster)
    found.fail("the target does not run a transaction over keys of several slots as one" +
               words("a transaction over two slots"));
  return found.verdict(
      "With each batch the task notes in the same transaction how far it is, so that nothing is done twice or left "
      "out, "
      "and a worker that was replaced cannot write; that needs both");
}

/// A key of ours that the server takes: of a cluster's node one of its own slots.
std::string scratchKey(ProbeState& state, Connection& server) {
  if (!state.capabilities().cluster) return std::string(kControlPrefix) + "probe:status";
  std::string_view tag;
  for (const ClusterNode& node : parseClusterNodes(server.call({"CLUSTER", "NODES"}).text(), server.address()))
    if (node.myself && !node.slots.empty()) tag = resp::tagOf(node.slots.front().first);
  return fmt::format("{}probe:{{{}}}status", kControlPrefix, tag);
}

void checkServer(ProbeState& state, Connection& server, const Info* info, Findings& found) {
  const std::string name = server.address();
  if (info == nullptr)
    found.unknown(name, "whether the target is a replica", "it refuses INFO: " + state.targetInfoRefusal());
  else if (info->is("role", "slave"))
    found.fail(name + " is a replica of " + info->find("master_host").value_or("?") + ":" +
               info->find("master_port").value_or("?") + ", which takes no writes");
  if (info != nullptr && info->is("loading", "1")) found.fail(name + " still loads its data");
  // A master that misses its replicas, or whose disk is full, refuses writes.
  const std::string key = scratchKey(state, server);
  const resp::Reply wrote = server.ask({"SET", key, "1", "PX", "1000"});
  if (wrote.isError()) found.fail(name + " does not take a write: " + wrote.text());
}

/// Calls `check` for each server that has a part of the target's data, with what INFO tells; null: it refuses INFO.
void forEachServer(ProbeState& state, const std::function<void(Connection& server, const Info* info)>& check) {
  if (!state.capabilities().cluster) {
    const auto& info = state.targetInfo();
    return check(state.target(), info ? &*info : nullptr);
  }
  for (auto& server : state.targets()) {
    const Info info = infoOf(*server);
    check(*server, &info);
  }
}

Verdict checkStatus(ProbeState& state) {
  Findings found;
  forEachServer(state, [&](Connection& server, const Info* info) { checkServer(state, server, info, found); });
  return found.verdict("Give the address of the master, and mend what it names");
}

/// Is everything that the source holds now selected?
bool coversAll(ProbeState& state) {
  for (const SourceServer& each : state.sources())
    for (const Info::Keyspace& database : each.info.keyspace())
      if (!state.selection().coversWhole(database.database)) return false;
  return true;
}

Verdict checkMemory(ProbeState& state) {
  const auto& info = state.targetInfo();
  if (!info) return alarm("the target's memory is unknown, because it refuses INFO: " + state.targetInfoRefusal());
  const std::uint64_t need = state.sourceMemory();
  std::optional<std::uint64_t> used = 0;
  std::optional<std::uint64_t> most = 0;
  bool isLimited = true;
  forEachServer(state, [&](Connection& server, const Info* each) {
    const auto hasUsed = each->number("used_memory");
    auto hasMost = each->number("maxmemory");
    if (!hasMost) hasMost = settingOf(server, "maxmemory").number();
    used = used && hasUsed ? std::optional(*used + *hasUsed) : std::nullopt;
    most = most && hasMost ? std::optional(*most + *hasMost) : std::nullopt;
    isLimited = isLimited && hasMost && *hasMost > 0;
  });
  if (!isLimited && most) most = 0;  // one of the nodes has no limit
  if (need == 0) return alarm("how much memory the data needs is unknown, because the source's INFO does not tell it");
  if (!used || !most)
    return alarm("the target's memory is unknown, because INFO does not tell used_memory or maxmemory");
  const bool whole = coversAll(state);
  if (*most == 0) {
    const auto system = info->number("total_system_memory");
    if (!system || *used + need < *system) return passed();
    return alarm(
        fmt::format("the source's data takes {}, and the target's machine has {} of memory, {} of it used by it; "
                    "it has no maxmemory and may be ended by its system",
                    bytesText(need), bytesText(*system), bytesText(*used)));
  }
  const std::uint64_t room = *most - std::min(*most, *used);
  if (need <= room) return passed();
  const std::string text =
      fmt::format("the source's data takes {}, and the target has room for {} (maxmemory {}, used {})", bytesText(need),
                  bytesText(room), bytesText(*most), bytesText(*used));
  if (!whole) return alarm(text + "; the selection is only a part of it. See to it that it fits");
  return skippable(text + ". Raise maxmemory, or choose a larger target");
}

/// What a target drops to make room is lost without an error.
void checkPolicy(Connection& server, const Info* info, Findings& found) {
  std::optional<std::string> policy = info != nullptr ? info->find("maxmemory_policy") : std::nullopt;
  Setting setting;
  if (!policy) {
    setting = settingOf(server, "maxmemory-policy");
    policy = setting.value;
  }
  if (!policy)
    return found.warn("whether the target drops keys when its memory is full (maxmemory-policy) is unknown, because " +
                      setting.why + ". It must be noeviction");
  if (*policy == "noeviction") return;
  const std::string text =
      "maxmemory-policy is " + *policy +
      " at the target: when its memory is full it drops keys, without an error that the task could "
      "see";
  const bool unlimited = info != nullptr && info->number("maxmemory") == 0;
  if (unlimited) return found.warn(text + " (now maxmemory is 0: no limit). CONFIG SET maxmemory-policy noeviction");
  found.failSkippable(text + ". CONFIG SET maxmemory-policy noeviction, at least until the task has ended");
}

Verdict checkEviction(ProbeState& state) {
  Findings found;
  forEachServer(state, [&](Connection& server, const Info* info) { checkPolicy(server, info, found); });
  return found.verdict();
}

Verdict checkPersistence(ProbeState& state) {
  Findings found;
  forEachServer(state, [&](Connection& server, const Info* info) {
    if (info == nullptr || !info->has("aof_enabled"))
      found.warn(server.address() + ": whether the target keeps its data on disk is unknown, because " +
                 (info != nullptr ? "INFO does not tell it" : "it refuses INFO: " + state.targetInfoRefusal()));
    else if (!info->is("aof_enabled", "1"))
      found.warn(server.address() +
                 ": the target writes no log of its changes (appendonly no): after a crash of it what it had "
                 "acknowledged is gone, and the task finds out by its mark and copies again what it can. CONFIG SET "
                 "appendonly yes");
  });
  return found.verdict();
}

Verdict checkSpool(ProbeState& state) {
  const std::string& folder = state.job().limits.spillFolder;
  if (folder.empty()) return alarm("the folder for the spool is unknown, because none is configured");
  std::error_code failure;
  std::filesystem::path path = folder;
  while (!path.empty() && path != path.parent_path() && !std::filesystem::exists(path, failure))
    path = path.parent_path();
  const auto space = std::filesystem::space(path, failure);
  if (failure) return alarm("the room in " + folder + " is unknown, because " + failure.message());
  const std::uint64_t need = state.sourceMemory();
  if (need == 0)
    return alarm("the room that the spool needs is unknown, because the source's INFO does not tell used_memory");
  if (space.available >= need) return passed();
  return skippable(fmt::format(
      "what the source sends is kept in {} until the target has it: its data takes {} of memory there, and {} are free "
      "here. Make room. If this item is skipped and the room runs out, the task waits, and the source may cut it off",
      folder, bytesText(need), bytesText(space.available)));
}

}  // namespace

const std::vector<Check>& targetChecks() {
  static const std::vector<Check> kChecks = {
      {"dstStatusCheck", kPrivileges, checkStatus},
      {"dstDbPrivilegesIsEnough", kPrivileges, checkWriteRights},
      {"dstTransactionCheck", kPrivileges, checkTransactions},
      {"dstMaxMemoryCheck", kConsistency, checkMemory},
      {"dstMaxMemoryPolicyCheck", kConsistency, checkEviction},
      {"dstPersistenceCheck", kConsistency, checkPersistence},
      {"spoolDiskCheck", kConsistency, checkSpool},
  };
  return kChecks;
}

}  // namespace drs::redis
