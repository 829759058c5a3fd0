#include "engine/redis/servers.h"

#include <charconv>

// What Sentinels know of the servers that they watch over.

namespace drs::redis {
namespace {

/// A Sentinel may have no password, or that of the servers. One that has none refuses a login, so it is asked without
/// first.
resp::Reply ask(const ConnectOptions& options, Connection::Arguments question) {
  ConnectOptions open = options;
  open.user.clear();
  open.password.clear();
  try {
    return Connection::open(open)->call(question);
  } catch (const Error& error) {
    if (error.msg() != Msg::accessDenied || options.password.empty()) throw;
  }
  return Connection::open(options)->call(question);
}

std::optional<net::Address> toAddress(const std::string& host, const std::string& portText) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(portText.data(), portText.data() + portText.size(), port);
  if (host.empty() || error != std::errc() || end != portText.data() + portText.size() || port == 0)
    return std::nullopt;
  return net::Address{host, port};
}

net::Address masterOf(const ConnectOptions& sentinel, const std::string& name) {
  const resp::Reply reply = ask(sentinel, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", name});
  if (reply.isNull())
    throw Error(
        Msg::redisRefused,
        {sentinel.address.text(), "SENTINEL GET-MASTER-ADDR-BY-NAME", "it watches over no server named " + name},
        sentinel.origin);
  if (const auto address = toAddress(reply.at(0).text(), reply.at(1).text())) return *address;
  throw Error(Msg::badReply, {sentinel.address.text(), "SENTINEL GET-MASTER-ADDR-BY-NAME: " + reply.describe()},
              sentinel.origin);
}

std::vector<net::Address> replicasOf(const ConnectOptions& sentinel, const std::string& name) {
  resp::Reply reply;
  try {
    reply = ask(sentinel, {"SENTINEL", "REPLICAS", name});
  } catch (const Error& error) {
    if (error.msg() != Msg::redisRefused) throw;
    reply = ask(sentinel, {"SENTINEL", "SLAVES", name});  // before 5.0
  }
  std::vector<net::Address> out;
  for (const resp::Reply& each : reply.elements()) {
    const std::string& flags = each.find("flags").text();
    const bool down = flags.find("down") != std::string::npos || flags.find("disconnected") != std::string::npos;
    const auto address = toAddress(each.find("ip").text(), each.find("port").text());
    if (!down && each.find("master-link-status").is("ok") && address) out.push_back(*address);
  }
  return out;
}

/// A Sentinel that lost touch with the others may name a master of yesterday.
void verifyMaster(const EngineJob& job, Side side, const net::Address& address) {
  const ConnectOptions options = optionsOf(job, side, address);
  const auto connection = Connection::open(options);
  try {
    if (!infoOf(*connection, "replication").is("role", "slave")) return;
  } catch (const Error& error) {
    if (error.msg() == Msg::redisRefused) return;  // the account may not ask; what is written to a replica fails anyway
    throw;
  }
  throw Error(Msg::redisNotReady,
              {address.text(), "as master",
               "Sentinel names it as the master, but it is a replica; a fail-over is "
               "under way, or that Sentinel is cut off from the others"},
              options.origin);
}

}  // namespace

Watched askSentinels(const EngineJob& job, Side side, const AddressList& sentinels, const std::stop_token& stop) {
  std::optional<Error> last;
  for (const Address& each : sentinels.addresses) {
    if (stop.stop_requested()) break;
    const ConnectOptions sentinel = optionsOf(job, side, {each.host, each.port});
    try {
      Watched watched;
      watched.master = masterOf(sentinel, sentinels.sentinelName);
      verifyMaster(job, side, watched.master);
      watched.replicas = replicasOf(sentinel, sentinels.sentinelName);
      return watched;
    } catch (const Error& error) {
      last = error;
    }
  }
  if (last) throw Error(*last);
  throw Error(Msg::internal, {"stopped"});
}

}  // namespace drs::redis
