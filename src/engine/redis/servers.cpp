#include "engine/redis/servers.h"

#include "engine/certificate.h"

#include <algorithm>
#include <charconv>

// How to reach the servers of a job, as far as the request alone tells it, and which of a side takes writes.

namespace drs::redis {
namespace {

constexpr std::uint16_t kDefaultPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;

[[noreturn]] void refuse(const std::string& path, const std::string& value, const char* allowed) {
  throw Error(Msg::valueNotAllowed, {path, value, allowed}, Origin::request);
}

std::string pathOf(Side side) {
  return side == Side::source ? "source_endpoint[0]" : "target_endpoint[0]";
}

const EndpointInfo& endpointOf(const EngineJob& job, Side side) {
  const auto& list = side == Side::source ? job.spec.sourceEndpoint : job.spec.targetEndpoint;
  if (list.empty()) throw Error(Msg::missingMember, {pathOf(side)}, Origin::request);
  return list.front();
}

std::string plain(const EngineJob& job, const std::optional<Secret>& secret, const std::string& path) {
  if (!secret) return {};
  return job.open ? job.open(*secret, path) : secret->text;
}

std::uint16_t parsePort(const std::string& text, const std::string& path) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) refuse(path, text, "1 to 65535");
  return port;
}

AddressList parse(const std::string& text, std::uint16_t port, const std::string& path) {
  auto list = parseAddressList(text);
  if (!list) refuse(path, text, "host[:port],host[:port],… (IPv6 in brackets), or sentinel://name@host[:port],…");
  if (port == 0) port = list->sentinelName.empty() ? kDefaultPort : kSentinelPort;
  for (Address& address : list->addresses)
    if (address.port == 0) address.port = port;
  return *list;
}

}  // namespace

AddressList addressesOf(const EngineJob& job, Side side) {
  const Endpoint& endpoint = endpointOf(job, side).endpoint;
  const std::string path = pathOf(side) + ".endpoint";
  const std::string portText = endpoint.dbPort.value_or("");
  std::uint16_t port = portText.empty() ? std::uint16_t{0} : parsePort(portText, path + ".db_port");
  if (endpoint.ip && !endpoint.ip->empty()) return parse(*endpoint.ip, port, path + ".ip");
  const std::string id = endpoint.instanceId.value_or("");
  if (!job.instances || !job.instances->contains(id)) throw Error(Msg::unknownInstance, {id}, Origin::request);
  const Instance& instance = job.instances->at(id);
  if (portText.empty() && instance.port > 0 && instance.port <= UINT16_MAX)
    port = static_cast<std::uint16_t>(instance.port);
  return parse(instance.hosts, port, "instances[" + id + "].hosts");
}

ConnectOptions optionsOf(const EngineJob& job, Side side, const net::Address& address) {
  const EndpointInfo& info = endpointOf(job, side);
  const std::string path = pathOf(side);
  ConnectOptions options;
  options.origin = side == Side::source ? Origin::source : Origin::target;
  options.address = address;
  options.user = info.endpoint.dbUser.value_or("");
  options.password = plain(job, info.endpoint.dbPassword, path + ".endpoint.db_password");
  const std::chrono::milliseconds patience = std::chrono::seconds(std::max(1, job.limits.networkTimeoutSeconds));
  options.connectTimeout = std::min(options.connectTimeout, patience);
  options.answerTimeout = std::min(options.answerTimeout, patience);
  if (!info.ssl || !info.ssl->sslLink.value_or(false)) return options;
  options.tls = true;
  CertificateText given;
  given.base64 = plain(job, info.ssl->sslCertKey, path + ".ssl.ssl_cert_key");
  given.password = plain(job, info.ssl->sslCertPassword, path + ".ssl.ssl_cert_password");
  given.checkSum = info.ssl->sslCertCheckSum.value_or("");
  given.name = info.ssl->sslCertName.value_or("");
  if (!given.base64.empty()) options.caPem = decodeCertificate(given, path + ".ssl");
  return options;
}

ConnectOptions primaryOf(const EngineJob& job, Side side, const std::stop_token& stop) {
  const AddressList list = addressesOf(job, side);
  if (!list.sentinelName.empty()) return optionsOf(job, side, askSentinels(job, side, list, stop).master);
  const auto optionsAt = [&](std::size_t i) {
    return optionsOf(job, side, {list.addresses[i].host, list.addresses[i].port});
  };
  if (list.addresses.size() == 1) return optionsAt(0);
  std::optional<Error> last;
  for (std::size_t i = 0; i < list.addresses.size() && !stop.stop_requested(); ++i) {
    ConnectOptions options = optionsAt(i);
    try {
      const auto connection = Connection::open(options);
      const Info info = infoOf(*connection, "replication");
      if (!info.is("role", "slave")) return options;
      last.emplace(Msg::redisNotReady,
                   std::vector<std::string>{options.address.text(), "writes", "it is a replica of another server"},
                   options.origin);
    } catch (const Error& error) {
      // Who does not let INFO be asked is a proxy, and takes writes.
      if (error.msg() == Msg::redisRefused) return options;
      last = error;
    }
  }
  if (last) throw Error(*last);
  throw Error(Msg::internal, {"stopped"});
}

bool isClusterRoute(const JobSpec& spec) {
  return spec.baseInfo.engineType == "rediscluster-to-gaussredis";
}

Info infoOf(Connection& connection, std::string_view section) {
  return Info(section.empty() ? connection.call({"INFO"}).text() : connection.call({"INFO", section}).text());
}

}  // namespace drs::redis
