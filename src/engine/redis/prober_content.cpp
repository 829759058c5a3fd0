#include "engine/redis/prober_checks.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

// Checks of what is selected, and whether the target can hold it.

namespace drs::redis {
namespace {

/// Keys by database, of all shards.
std::map<std::uint32_t, Info::Keyspace> keyspaceOf(ProbeState& state) {
  std::map<std::uint32_t, Info::Keyspace> sum;
  for (const SourceServer& each : state.sources())
    for (const Info::Keyspace& database : each.info.keyspace()) {
      Info::Keyspace& total = sum[database.database];
      total.database = database.database;
      total.keys += database.keys;
      total.expires += database.expires;
      total.fieldExpires += database.fieldExpires;
    }
  return sum;
}

/// The databases of the target that the task writes to, as far as they are known before it runs.
std::set<std::uint32_t> targetDatabases(ProbeState& state) {
  std::set<std::uint32_t> out;
  if (state.selection().all())
    for (const auto& [number, keys] : keyspaceOf(state)) out.insert(number);
  for (const Selection::Database& each : state.selection().databases()) out.insert(each.target);
  return out;
}

Verdict checkSelection(ProbeState& state) {
  Findings found;
  for (const Refusal& refusal : refusedRules(state.job().spec)) found.fail(refusal.path + ": " + refusal.reason);
  const Selection& selection = state.selection();
  const auto present = keyspaceOf(state);
  for (const Selection::Database& each : selection.databases())
    if (!present.contains(each.source))
      found.warn(fmt::format("the source's database {} is selected, and is empty now", each.source));
  return found.verdict();
}

Verdict checkDatabases(ProbeState& state) {
  const Capabilities& target = state.capabilities();
  Findings found;
  for (const std::uint32_t number : targetDatabases(state))
    if (number >= target.databases && !target.databasesAtLeast)
      found.fail(fmt::format("keys are to go to database {}, and the target has {} (0 to {})", number, target.databases,
                             target.databases - 1));
  if (found.verdict().result == CheckResult::passed && state.selection().all() && !target.databasesAtLeast) {
    // Databases that are empty now may be used later.
    for (SourceServer& each : state.sources()) {
      const Setting setting = settingOf(*each.connection, "databases");
      const auto has = setting.number();
      if (has && *has > target.databases)
        found.warn(fmt::format("{} has {} databases and the target {}; the task stops if others than 0 to {} are used",
                               each.name(), *has, target.databases, target.databases - 1));
    }
  }
  return found.verdict("Give the target more databases, or map them to others (db_object.object_info.….name)");
}

// --- what stands at the target -------------------------------------------------------------------------------------

/// Once the task has begun, what is at the target is its own work.
bool hasBegun(ProbeState& state, std::uint32_t database) {
  Connection& target = state.target();
  if (state.capabilities().cluster) {
    // Each node that has slots has some of the control keys.
    for (auto& node : state.targets()) {
      std::string cursor = "0";
      do {
        const resp::Reply page = node->call(
            {"SCAN", cursor, "MATCH", std::string(kControlPrefix) + "{*}:" + state.job().id + ":*", "COUNT", "1000"});
        if (!page.at(1).elements().empty()) return true;
        cursor = page.at(0).text();
      } while (cursor != "0" && !cursor.empty());
    }
    return false;
  }
  const std::string number = std::to_string(database);
  if (!target.ask({"SELECT", number}).is("OK")) return false;
  for (std::size_t lane = 0; lane < state.sources().size(); ++lane)
    for (const char* what : {"owner", "mark"}) {
      const std::string key = fmt::format("{}{}:{}:{}", kControlPrefix, state.job().id, lane, what);
      if (target.ask({"EXISTS", key}).integer() == 1) return true;
    }
  return false;
}

/// A key of the database that the task could overwrite; nothing: there is none. Reads until the first one.
std::optional<std::string> keyInTheWay(ProbeState& state, std::uint32_t database) {
  const std::string number = std::to_string(database);
  const auto source = state.selection().sourceDb(database);
  for (auto& server : state.targets()) {
    // GeminiDB Redis and others refuse SELECT 0 where there is only that one.
    if (const resp::Reply reply = server->ask({"SELECT", number}); reply.isError() && database != 0)
      throw errorOf(reply, server->options(), "SELECT");
    std::string cursor = "0";
    do {
      const resp::Reply page = server->call({"SCAN", cursor, "COUNT", "1000"});
      for (const resp::Reply& key : page.at(1).elements())
        if (!key.text().starts_with(kControlPrefix) && (!source || state.selection().covers(*source, key.text())))
          return key.text();
      cursor = page.at(0).text();
    } while (cursor != "0" && !cursor.empty() && !state.stop().stop_requested());
  }
  return std::nullopt;
}

std::string printable(const std::string& key) {
  constexpr std::size_t kMost = 64;
  std::string out;
  for (const char c : key.substr(0, kMost))
    out += static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~' ? '.' : c;
  return key.size() > kMost ? out + "…" : out;
}

Verdict checkEmpty(ProbeState& state) {
  const std::set<std::uint32_t> databases = targetDatabases(state);
  for (const std::uint32_t each : databases)
    if (hasBegun(state, each)) return passed();
  Findings found;
  for (const std::uint32_t each : databases)
    if (const auto key = keyInTheWay(state, each))
      found.failSkippable(
          fmt::format("database {} of the target holds keys of the selection already ({})", each, printable(*key)));
  return found.verdict(
      "Empty it, or map the selection to another one. If this item is skipped, keys of the same name are overwritten, "
      "and keys of the selection that the source does not have stay");
}

// --- kinds of values -----------------------------------------------------------------------------------------------

std::set<std::string> modulesOf(Connection& connection, std::string& why) {
  const resp::Reply reply = connection.ask({"MODULE", "LIST"});
  std::set<std::string> names;
  if (reply.isError()) why = reply.text();
  for (const resp::Reply& each : reply.elements()) names.insert(each.find("name").text());
  return names;
}

bool lacks(std::optional<std::uint32_t> version, std::uint32_t since) {
  return version && *version < since;
}

Verdict checkModules(ProbeState& state) {
  Findings found;
  for (SourceServer& each : state.sources()) {
    if (lacks(each.info.version(), 40000)) continue;
    std::string why, names;
    for (const std::string& name : modulesOf(*each.connection, why)) names += (names.empty() ? "" : ", ") + name;
    if (!why.empty()) found.unknown(each.name(), "which modules it has", "it refuses MODULE LIST: " + why);
    if (!names.empty()) found.warn(each.name() + " has modules: " + names);
  }
  return found.verdict(
      "Values of types that modules bring are not copied by this version: the task stops at the first key that has "
      "one. Leave such keys out of the selection");
}

Verdict checkFunctions(ProbeState& state) {
  Findings found;
  for (SourceServer& each : state.sources()) {
    if (lacks(each.info.version(), 70000)) continue;
    const resp::Reply reply = each.connection->ask({"FUNCTION", "LIST"});
    if (reply.isError()) {
      found.unknown(each.name(), "whether it has libraries of functions", "it refuses FUNCTION LIST: " + reply.text());
    } else if (!reply.elements().empty() && !state.capabilities().functions) {
      std::string names;
      for (const resp::Reply& each2 : reply.elements())
        names += (names.empty() ? "" : ", ") + each2.find("library_name").text();
      found.failSkippable(each.name() + " has libraries of functions, which the target does not take: " + names);
    }
  }
  return found.verdict(
      "If this item is skipped, they are left out; what they did to keys is carried over all the same");
}

Verdict checkFieldExpiry(ProbeState& state) {
  Findings found;
  for (const auto& [number, keys] : keyspaceOf(state))
    if (keys.fieldExpires > 0 && state.selection().targetDb(number) && !state.capabilities().fieldExpiry)
      found.failSkippable(
          fmt::format("database {} has {} hashes whose fields have times to live, and the target does not "
                      "know those (HPEXPIREAT)",
                      number, keys.fieldExpires));
  return found.verdict(
      "Take Redis 7.4, Valkey 9 or newer as target. If this item is skipped, such fields stay for ever");
}

/// What the target takes by no means, or only in a slower way.
Verdict checkValues(ProbeState& state) {
  const Capabilities& target = state.capabilities();
  const auto words = [&](const char* what) {
    const auto found = target.refusals.find(what);
    return found == target.refusals.end() ? std::string() : " (" + found->second + ")";
  };
  Findings found;
  if (!target.restore || !target.restoreReplace || !target.restoreAbsttl) {
    std::string reason = words("RESTORE … ABSTTL");
    if (!target.restoreReplace) reason = words("RESTORE … REPLACE");
    if (!target.restore) reason = words(rdb::typeName(rdb::kString, rdb::Dialect::redis).c_str());
    found.warn("the target does not take RESTORE with REPLACE and ABSTTL" + reason +
               ": all values go there by commands, which takes longer");
  }
  if (!target.unlink) found.fail("the target does not take UNLINK" + words("UNLINK"));
  if (!target.createConsumer && !target.restoreStamp(rdb::kStreamListpacks, rdb::Dialect::redis))
    found.warn("the target does not take XGROUP CREATECONSUMER" + words("XGROUP CREATECONSUMER") +
               ": consumers of streams that have nothing pending are left out");
  if (!target.streamCounters && !target.restoreStamp(rdb::kStreamListpacks2, rdb::Dialect::redis))
    found.warn("the target does not take XSETID … ENTRIESADDED" + words("XSETID … ENTRIESADDED") +
               ": how many entries streams ever had, and groups have read, is left out");
  return found.verdict();
}

}  // namespace

const std::vector<Check>& contentChecks() {
  static const std::vector<Check> kChecks = {
      {"userSelectObjectsCheck", kObjects, checkSelection},
      {"dstDatabaseNumberCheck", kObjects, checkDatabases},
      {"checkEmptyDstDb", kObjects, checkEmpty},
      {"srcModuleCheck", kObjects, checkModules},
      {"srcFunctionCheck", kObjects, checkFunctions},
      {"srcFieldExpiryCheck", kObjects, checkFieldExpiry},
      {"dstValueTypeCheck", kObjects, checkValues},
  };
  return kChecks;
}

}  // namespace drs::redis
