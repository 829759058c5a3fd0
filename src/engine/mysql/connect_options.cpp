#include "engine/mysql/certificate.h"
#include "engine/mysql/connection.h"

#include <charconv>

namespace drs::mysql {
namespace {

constexpr int kDefaultPort = 3306;

[[noreturn]] void refuse(const std::string& path, std::string_view value) {
  throw Error(Msg::valueNotAllowed, {path, std::string(value), "host[:port],host[:port],… (IPv6 in brackets)"},
              Origin::request);
}

int parsePort(std::string_view text, std::string_view entry, const std::string& path) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) refuse(path, entry);
  return port;
}

/// libmariadb reads some characters of a host as a connection string; only those of names and addresses pass.
bool isHost(std::string_view host) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
  return !host.empty() && host.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Address parseAddress(std::string_view entry, int defaultPort, const std::string& path) {
  Address address;
  std::string_view host = entry;
  std::string_view port;
  if (!entry.empty() && entry.front() == '[') {
    const auto close = entry.find(']');
    if (close == std::string_view::npos) refuse(path, entry);
    host = entry.substr(1, close - 1);
    const std::string_view rest = entry.substr(close + 1);
    if (!rest.empty() && (rest.front() != ':' || rest.size() == 1)) refuse(path, entry);
    if (!rest.empty()) port = rest.substr(1);
  } else if (const auto colon = entry.find(':');
             colon != std::string_view::npos && entry.find(':', colon + 1) == std::string_view::npos) {
    host = entry.substr(0, colon);
    port = entry.substr(colon + 1);
    if (port.empty()) refuse(path, entry);
  }
  if (!isHost(host)) refuse(path, entry);
  address.host = std::string(host);
  address.port = port.empty() ? defaultPort : parsePort(port, entry, path);
  return address;
}

/// Opens a secret of the job; an absent one is empty.
std::string plain(const EngineJob& job, const std::optional<Secret>& secret, const std::string& path) {
  if (!secret) return {};
  return job.open ? job.open(*secret, path) : secret->text;
}

std::vector<Address> addressesOf(const EngineJob& job, const Endpoint& endpoint, const std::string& path) {
  int port = kDefaultPort;
  if (endpoint.dbPort && !endpoint.dbPort->empty())
    port = parsePort(*endpoint.dbPort, *endpoint.dbPort, path + ".db_port");
  if (endpoint.ip && !endpoint.ip->empty()) return parseAddresses(*endpoint.ip, port, path + ".ip");
  const std::string id = endpoint.instanceId.value_or("");
  if (!job.instances || !job.instances->contains(id)) throw Error(Msg::unknownInstance, {id}, Origin::request);
  const Instance& instance = job.instances->at(id);
  if (instance.port != 0 && !endpoint.dbPort) port = instance.port;
  return parseAddresses(instance.hosts, port, "instances[" + id + "].hosts");
}

}  // namespace

std::vector<Address> parseAddresses(std::string_view list, int defaultPort, const std::string& path) {
  std::vector<Address> addresses;
  while (true) {
    const auto comma = list.find(',');
    addresses.push_back(parseAddress(trimmed(list.substr(0, comma)), defaultPort, path));
    if (comma == std::string_view::npos) return addresses;
    list.remove_prefix(comma + 1);
  }
}

ConnectOptions connectOptions(const EngineJob& job, Side side) {
  const bool source = side == Side::source;
  const auto& list = source ? job.spec.sourceEndpoint : job.spec.targetEndpoint;
  const std::string path = source ? "source_endpoint[0]" : "target_endpoint[0]";
  if (list.empty()) throw Error(Msg::missingMember, {path}, Origin::request);
  const EndpointInfo& info = list.front();

  ConnectOptions options;
  options.origin = source ? Origin::source : Origin::target;
  options.addresses = addressesOf(job, info.endpoint, path + ".endpoint");
  options.user = info.endpoint.dbUser.value_or("");
  options.password = plain(job, info.endpoint.dbPassword, path + ".endpoint.db_password");
  if (job.spec.nodeInfo.vpc) {
    const std::string local = job.spec.nodeInfo.vpc->customNodeIp.value_or("");
    options.bindAddress = std::string(trimmed(std::string_view(local).substr(0, local.find(','))));
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
