#include "engine/redis/prober.h"

#include "engine/redis/cluster_map.h"
#include "engine/redis/prober_checks.h"

#include <fmt/format.h>

#include <charconv>

namespace drs::redis {
namespace {

std::string explained(const Error& error) {
  const std::string remedy = error.remedy();
  return remedy.empty() ? error.text() : error.text() + ". " + remedy;
}

class RedisProber final : public Prober {
 public:
  explicit RedisProber(EngineJob job) : job_(std::move(job)) {}

  std::vector<NetworkResult> network(const std::stop_token& stop) override {
    std::vector<NetworkResult> results;
    for (const Side side : {Side::source, Side::target}) {
      AddressList list;
      try {
        list = addressesOf(job_, side);
      } catch (const Error& error) {
        results.push_back({askedAddress(side), false, std::string(error.code()), explained(error)});
        continue;
      }
      for (const Address& address : list.addresses) {
        if (stop.stop_requested()) return results;
        results.push_back(tryOne(side, {address.host, address.port}, !list.sentinelName.empty()));
      }
    }
    return results;
  }

  std::vector<PrecheckItem> precheck(const std::stop_token& stop) override {
    ProbeState state(job_, stop);
    std::vector<PrecheckItem> items;
    for (const auto* checks : {&serverChecks(), &replicationChecks(), &contentChecks(), &targetChecks()}) {
      for (const Check& check : *checks) {
        if (stop.stop_requested()) return items;
        items.push_back(runCheck(check, state));
      }
    }
    return items;
  }

  std::vector<TableSchemaPtr> sourceTables(const std::stop_token& /*stop*/) override { return {}; }

 private:
  NetworkResult tryOne(Side side, const net::Address& address, bool sentinel) {
    NetworkResult result;
    result.ip = address.host;
    try {
      ConnectOptions options = optionsOf(job_, side, address);
      // A Sentinel has a login of its own, or none; what it knows is asked by the items.
      if (sentinel)
        (void)openStream(options);
      else
        (void)Connection::open(options);
      result.success = true;
    } catch (const Error& error) {
      result.errorCode = error.code();
      result.errorMessage = explained(error);
    }
    return result;
  }

  static PrecheckItem runCheck(const Check& check, ProbeState& state) {
    PrecheckItem item;
    item.item = check.item;
    item.group = check.group;
    try {
      Verdict verdict = check.run(state);
      item.result = verdict.result;
      item.reason = std::move(verdict.reason);
      item.skippable = verdict.skippable;
    } catch (const Error& error) {
      item.result = CheckResult::failed;
      item.reason = explained(error);
      item.rawError = error.text();
    }
    return item;
  }

  [[nodiscard]] std::string askedAddress(Side side) const {
    const auto& list = side == Side::source ? job_.spec.sourceEndpoint : job_.spec.targetEndpoint;
    if (list.empty()) return {};
    return list.front().endpoint.ip.value_or(list.front().endpoint.instanceId.value_or(""));
  }

  EngineJob job_;
};

}  // namespace

std::unique_ptr<Prober> makeProber(const EngineJob& job) {
  return std::make_unique<RedisProber>(job);
}

ProbeState::ProbeState(const EngineJob& job, std::stop_token stop) : job_(job), stop_(std::move(stop)) {}

template <typename T>
T& ProbeState::once(std::optional<T>& value, std::optional<Error>& error, const std::function<T()>& make) {
  if (error) throw Error(*error);
  if (stop_.stop_requested()) throw Error(Msg::internal, {"the pre-check was stopped"});
  if (value) return *value;
  try {
    value.emplace(make());
  } catch (const Error& failure) {
    error = failure;
    throw;
  }
  return *value;
}

const Selection& ProbeState::selection() {
  return once<Selection>(selection_, selectionError_, [&] { return Selection(job_.spec); });
}

std::vector<SourceServer>& ProbeState::sources() {
  return once<std::vector<SourceServer>>(sources_, sourcesError_, [&] {
    std::vector<SourceServer> servers;
    for (Shard& shard : shardsOf(job_, stop_)) {
      SourceServer server;
      server.connection = Connection::open(optionsOf(job_, Side::source, shard.address));
      server.info = infoOf(*server.connection);
      server.shard = std::move(shard);
      servers.push_back(std::move(server));
    }
    return servers;
  });
}

Connection& ProbeState::target() {
  auto& connection = once<std::unique_ptr<Connection>>(
      target_, targetError_, [&] { return Connection::open(primaryOf(job_, Side::target, stop_)); });
  // A server that closes the connection on a command must not fail the checks behind.
  try {
    (void)connection->ask({"PING"});
  } catch (const Error&) {
    connection = Connection::open(connection->options());
  }
  return *connection;
}

const std::optional<Info>& ProbeState::targetInfo() {
  return once<std::optional<Info>>(targetInfo_, infoError_, [&]() -> std::optional<Info> {
    try {
      return infoOf(target());
    } catch (const Error& error) {
      if (error.msg() != Msg::redisRefused) throw;
      infoRefusal_ = error.text();
      return std::nullopt;
    }
  });
}

const Capabilities& ProbeState::capabilities() {
  return once<Capabilities>(capabilities_, capabilitiesError_, [&] { return targetCapabilities(job_, stop_); });
}

std::vector<std::unique_ptr<Connection>>& ProbeState::targets() {
  return once<std::vector<std::unique_ptr<Connection>>>(targets_, targetsError_, [&] {
    std::vector<std::unique_ptr<Connection>> out;
    if (!capabilities().cluster) {
      out.push_back(Connection::open(target().options()));
      return out;
    }
    for (const ClusterMap::Node& node : readTargetMap(job_, nullptr, stop_).masters)
      out.push_back(Connection::open(optionsOf(job_, Side::target, node.address)));
    return out;
  });
}

std::uint64_t ProbeState::sourceMemory() {
  std::uint64_t sum = 0;
  for (const SourceServer& each : sources()) {
    const std::uint64_t used = each.info.number("used_memory").value_or(0);
    sum += used - std::min(used, each.info.number("used_memory_startup").value_or(0));
  }
  return sum;
}

std::optional<std::uint64_t> Setting::number() const {
  if (!value) return std::nullopt;
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), out);
  if (error != std::errc() || end != value->data() + value->size()) return std::nullopt;
  return out;
}

Setting settingOf(Connection& connection, const std::string& name) {
  const resp::Reply reply = connection.ask({"CONFIG", "GET", name});
  if (reply.isError()) return {std::nullopt, "the server refuses CONFIG GET: " + reply.text()};
  const resp::Reply& value = reply.find(name);
  if (value.isNull()) return {std::nullopt, "the server has no setting of this name"};
  return {value.text(), ""};
}

Permission mayRun(Connection& connection, std::span<const std::string_view> command, std::string& why) {
  const resp::Reply user = connection.ask({"ACL", "WHOAMI"});
  if (user.isError()) {
    why = user.text();
    // Before 6.0, which brought HELLO too, there are no users: who is logged in may do everything.
    return connection.ask({"HELLO"}).isError() && user.errorCode() == "ERR" ? Permission::allowed : Permission::unknown;
  }
  std::vector<std::string_view> question = {"ACL", "DRYRUN", user.text()};
  question.insert(question.end(), command.begin(), command.end());
  const resp::Reply answer = connection.ask(question, connection.answerDeadline());
  if (answer.is("OK")) return Permission::allowed;
  why = answer.text();
  return answer.isError() ? Permission::unknown : Permission::refused;
}

std::string bytesText(std::uint64_t bytes) {
  constexpr double kUnitStep = 1024;
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  auto number = static_cast<double>(bytes);
  while (number >= kUnitStep && unit + 1 < std::size(kUnits)) number /= kUnitStep, ++unit;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", number, kUnits[unit]);
}

void Findings::add(const std::string& text, CheckResult result, bool skippable) {
  if (++count_ <= kShown) text_ += (text_.empty() ? "" : "; ") + text;
  if (result == CheckResult::failed || result_ == CheckResult::passed) result_ = result;
  if (result == CheckResult::failed && !skippable) skippable_ = false;
}

Verdict Findings::verdict(const std::string& remedy) const {
  if (count_ == 0) return passed();
  std::string text = text_;
  if (count_ > kShown) text += fmt::format("; and {} more", count_ - kShown);
  if (!remedy.empty()) text += ". " + remedy;
  return {result_, std::move(text), skippable_};
}

}  // namespace drs::redis
