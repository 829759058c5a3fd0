#include "engine/certificate.h"
#include "engine/mysql/connection.h"
#include "model/address_list.h"

#include <algorithm>
#include <charconv>

namespace drs::mysql {
namespace {

constexpr int kDefaultPort = 3306;
/// Beside the wait for the other side, a reader gives a busy source a rest (SourceWatch::holdWithin()).
constexpr int kRestSeconds = 30;

[[noreturn]] void refuse(const std::string& path, std::string_view value) {
  throw Error(Msg::valueNotAllowed, {path, std::string(value), "host[:port],host[:port],… (IPv6 in brackets)"},
              Origin::request);
}

int parsePort(std::string_view text, const std::string& path) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) refuse(path, text);
  return port;
}

/// libmariadb reads some characters of a host as a connection string; only those of names and addresses pass.
bool isHost(std::string_view host) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
  return !host.empty() && host.find_first_not_of(kAllowed) == std::string_view::npos;
}

/// Opens a secret of the job; an absent one is empty.
std::string plain(const EngineJob& job, const std::optional<Secret>& secret, const std::string& path) {
  if (!secret) return {};
  return job.open ? job.open(*secret, path) : secret->text;
}

std::vector<Address> addressesOf(const EngineJob& job, const Endpoint& endpoint, const std::string& path) {
  int port = kDefaultPort;
  if (endpoint.dbPort && !endpoint.dbPort->empty()) port = parsePort(*endpoint.dbPort, path + ".db_port");
  if (endpoint.ip && !endpoint.ip->empty()) return parseAddresses(*endpoint.ip, port, path + ".ip");
  const std::string id = endpoint.instanceId.value_or("");
  if (!job.instances || !job.instances->contains(id)) throw Error(Msg::unknownInstance, {id}, Origin::request);
  const Instance& instance = job.instances->at(id);
  if (instance.port != 0 && !endpoint.dbPort) port = instance.port;
  return parseAddresses(instance.hosts, port, "instances[" + id + "].hosts");
}

}  // namespace

std::vector<Address> parseAddresses(std::string_view list, int defaultPort, const std::string& path) {
  const std::optional<AddressList> parsed = parseAddressList(list);
  if (!parsed || !parsed->sentinelName.empty()) refuse(path, list);
  std::vector<Address> addresses;
  for (const drs::Address& address : parsed->addresses) {
    if (!isHost(address.host)) refuse(path, list);
    addresses.push_back({address.host, address.port == 0 ? defaultPort : address.port});
  }
  return addresses;
}

ConnectOptions connectOptions(const EngineJob& job, Side side) {
  const bool source = side == Side::source;
  const auto& list = source ? job.spec.sourceEndpoint : job.spec.targetEndpoint;
  const std::string path = source ? "source_endpoint[0]" : "target_endpoint[0]";
  if (list.empty()) throw Error(Msg::missingMember, {path}, Origin::request);
  const EndpointInfo& info = list.front();

  ConnectOptions options;
  options.origin = source ? Origin::source : Origin::target;
  options.readTimeoutSeconds = options.networkTimeoutSeconds = job.limits.networkTimeoutSeconds;
  options.connectTimeoutSeconds = std::min(options.connectTimeoutSeconds, options.networkTimeoutSeconds);
  options.lockWaitSeconds = job.limits.lockWaitSeconds;
  if (source) options.unreadSeconds = options.networkTimeoutSeconds + kRestSeconds;
  options.addresses = addressesOf(job, info.endpoint, path + ".endpoint");
  options.prefersWritable = source;
  options.user = info.endpoint.dbUser.value_or("");
  options.password = plain(job, info.endpoint.dbPassword, path + ".endpoint.db_password");
  if (job.spec.nodeInfo.vpc) {
    const std::string local = job.spec.nodeInfo.vpc->customNodeIp.value_or("");
    options.bindAddress = local.substr(0, local.find_first_of(", "));
  }
  if (info.ssl && info.ssl->sslLink.value_or(false)) {
    options.tls = true;
    CertificateText given;
    given.base64 = plain(job, info.ssl->sslCertKey, path + ".ssl.ssl_cert_key");
    given.password = plain(job, info.ssl->sslCertPassword, path + ".ssl.ssl_cert_password");
    given.checkSum = info.ssl->sslCertCheckSum.value_or("");
    given.name = info.ssl->sslCertName.value_or("");
    if (!given.base64.empty()) options.caPem = decodeCertificate(given, path + ".ssl");
  }
  return options;
}

}  // namespace drs::mysql
