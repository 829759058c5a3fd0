#include "model/cross_rules.h"
#include "model/spec_tables.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

// Batch updates: blocks of `params` laid over a stored job.

namespace drs {
namespace {

/// A block that is sent replaces the stored one as a whole.
template <class T>
void replaceBlock(T& block, const Json& params, std::string_view name, const Rule& rule, const std::string& path,
                  Decoding& run) {
  const Json* value = impl::findMember(params, name);
  if (value == nullptr) return;
  block = T{};
  decodeValue(block, *value, rule, memberPath(path, name), run);
}

/// Updates send the tuning parameters as maps name → value.
void decodeTuningMap(std::optional<std::vector<TuningParam>>& out, const Json& map, const std::string& path,
                     Decoding& run) {
  static const Rule kSize = elements(0, 256);
  if (!impl::expectMap(map, kSize, path, run)) return;
  out.emplace();
  impl::forEachMember(map, [&](const std::string& name, const Json& value) {
    const std::string here = keyPath(path, name);
    if (run.full() || !impl::keyFits(name, here, run)) return;
    TuningParam param{name, std::nullopt, true};
    decodeValue(param.paramValue, value, text(0, kLongText), here, run);
    out->push_back(std::move(param));
  });
}

void updateTuning(std::optional<TuningParams>& tuning, const Json& params, const std::string& path, Decoding& run) {
  const Json* value = impl::findMember(params, "tuning_params");
  if (value == nullptr) return;
  const std::string at = memberPath(path, "tuning_params");
  tuning.reset();
  if (!impl::expectObject(*value, at, run)) return;
  const std::array<std::string_view, 4> kNames{"full_sync", "incre_capture", "incre_apply", "incre_relay"};
  const bool listForm = std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) {
    const Json* member = impl::findMember(*value, name);
    return member != nullptr && member->is_array();
  });
  if (listForm) return decodeValue(tuning, *value, object(), at, run);
  TuningParams& out = tuning.emplace();
  const std::array members{&out.fullSync, &out.increCapture, &out.increApply, &out.increRelay};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const Json* member = impl::findMember(*value, kNames.at(i));
    const bool mandatory = kNames.at(i) == "incre_capture" || kNames.at(i) == "incre_apply";
    if (member != nullptr) {
      decodeTuningMap(*members.at(i), *member, memberPath(at, kNames.at(i)), run);
    } else if (mandatory) {
      run.missing(memberPath(at, kNames.at(i)));
    } else {
      members.at(i)->emplace();
    }
  }
  if (const Json* recovery = impl::findMember(*value, "recovery")) {
    decodeValue(out.recovery, *recovery, flag(), memberPath(at, "recovery"), run);
  }
}

// --- secrets that an update leaves out -----------------------------------------------------------------------------

void forget(Decoding& run, const std::string& path) {
  std::erase_if(run.problems(), [&](const Problem& p) { return p.path == path && p.msg == Msg::missingMember; });
}

/// A stored password goes only to the server and the account that it was given for: otherwise an update could send it
/// to an address of the sender's choice.
bool sameLogin(const Endpoint& was, const Endpoint& now) {
  return was.ip == now.ip && was.dbPort == now.dbPort && was.instanceId == now.instanceId && was.dbUser == now.dbUser;
}

void keepPassword(const Endpoint& was, Endpoint& now, const std::string& path, Decoding& run) {
  if (!now.id) now.id = was.id;
  if (!now.dbPassword && was.dbPassword && sameLogin(was, now) && !run.hasProblemAt(path + ".db_user")) {
    const std::string at = path + ".db_password";
    const auto wrong = std::any_of(run.problems().begin(), run.problems().end(),
                                   [&](const Problem& p) { return p.path == at && p.msg != Msg::missingMember; });
    if (!wrong) {
      now.dbPassword = was.dbPassword;
      forget(run, at);
    }
  }
  if (!was.sourceSharding || !now.sourceSharding) return;
  const std::size_t count = std::min(was.sourceSharding->size(), now.sourceSharding->size());
  for (std::size_t i = 0; i < count; ++i) {
    keepPassword((*was.sourceSharding)[i], (*now.sourceSharding)[i], elementPath(path + ".source_sharding", i), run);
  }
}

void keepSecrets(const EndpointInfo& was, EndpointInfo& now, const std::string& path, Decoding& run) {
  if (was.customizedDns == now.customizedDns) keepPassword(was.endpoint, now.endpoint, path + ".endpoint", run);
  if (!now.endpoint.id) now.endpoint.id = was.endpoint.id;
  if (!was.ssl || !now.ssl) return;
  if (!now.ssl->sslCertKey) now.ssl->sslCertKey = was.ssl->sslCertKey;
  if (!now.ssl->sslCertPassword) now.ssl->sslCertPassword = was.ssl->sslCertPassword;
}

void updateEndpoints(std::vector<EndpointInfo>& endpoints, const Json& params, std::string_view name,
                     const std::string& path, Decoding& run) {
  const std::vector<EndpointInfo> stored = endpoints;
  replaceBlock(endpoints, params, name, elements(1, 1).required(), path, run);
  if (impl::findMember(params, name) == nullptr) return;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const auto& id = endpoints[i].endpoint.id;
    const auto byId =
        std::find_if(stored.begin(), stored.end(), [&](const EndpointInfo& e) { return id && e.endpoint.id == id; });
    const EndpointInfo* was = byId != stored.end() ? &*byId : !id && i < stored.size() ? &stored[i] : nullptr;
    if (was != nullptr) keepSecrets(*was, endpoints[i], elementPath(memberPath(path, name), i), run);
  }
}

void updateUsers(std::optional<UserMigration>& users, const Json& params, const std::string& path, Decoding& run) {
  const std::optional<UserMigration> stored = users;
  replaceBlock(users, params, "user_migration", object(), path, run);
  if (!stored || !users || impl::findMember(params, "user_migration") == nullptr) return;
  if (!users->password) users->password = stored->password;
  if (!users->userList || !stored->userList) return;
  // By position, because a secret is sealed for its place in the job.
  const std::size_t count = std::min(users->userList->size(), stored->userList->size());
  for (std::size_t i = 0; i < count; ++i) {
    const MigratedUser& was = (*stored->userList)[i];
    MigratedUser& now = (*users->userList)[i];
    if (!now.password && now.id == was.id && now.account == was.account) now.password = was.password;
  }
}

}  // namespace

std::vector<Problem> updateJob(JobSpec& spec, const Json& params, const std::string& path) {
  Decoding run(Decoding::From::request);
  if (!impl::expectObject(params, path, run)) return std::move(run.problems());
  if (const Json* base = impl::findMember(params, "base_info")) {
    // The one block that is laid over member by member: a renamed job keeps its type.
    decodeObject(spec.baseInfo, *base, memberPath(path, "base_info"), run);
  }
  updateEndpoints(spec.sourceEndpoint, params, "source_endpoint", path, run);
  updateEndpoints(spec.targetEndpoint, params, "target_endpoint", path, run);
  replaceBlock(spec.alarmNotify, params, "alarm_notify", object(), path, run);
  replaceBlock(spec.speedLimit, params, "speed_limit", elements(0, kMaxSpeedWindows), path, run);
  updateUsers(spec.userMigration, params, path, run);
  replaceBlock(spec.policyConfig, params, "policy_config", object(), path, run);
  replaceBlock(spec.dbObject, params, "db_object", object(), path, run);
  replaceBlock(spec.dbParam, params, "db_param", object(), path, run);
  updateTuning(spec.tuningParams, params, path, run);
  replaceBlock(spec.periodOrder, params, "period_order", object(), path, run);
  replaceBlock(spec.nodeInfo, params, "node_info", object(), path, run);
  checkCrossFieldRules(spec, path, run);
  return std::move(run.problems());
}

}  // namespace drs
