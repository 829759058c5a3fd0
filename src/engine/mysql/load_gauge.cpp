#include "engine/mysql/load_gauge.h"

#include "engine/mysql/connection.h"
#include "engine/mysql/replica_status.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

namespace drs::mysql {
namespace {

using SteadyClock = std::chrono::steady_clock;

// The question is asked every second: a server that takes long to answer is treated as one that does not.
constexpr int kGaugeConnectSeconds = 3, kGaugeReadSeconds = 5;
constexpr std::chrono::seconds kRetry{10};
/// Servers lock accounts that fail to log in again and again.
constexpr std::chrono::seconds kRetryDenied{60};

/// One address of the endpoint.
struct Server {
  ConnectOptions options;  ///< with this address alone
  std::string name;        ///< the address, for people
  std::unique_ptr<Connection> session{};
  SteadyClock::time_point retryAt{};  ///< of a replica that did not answer
  std::string trouble{};              ///< why not
};

std::string nameOf(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), address.host, address.port);
}

std::optional<int> asInt(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class MysqlLoadGauge final : public LoadGauge {
 public:
  MysqlLoadGauge(const ConnectOptions& options, const SourceLimits& limits) : limits_(limits) {
    for (const Address& address : options.addresses) {
      Server& server = servers_.emplace_back(Server{options, nameOf(address)});
      server.options.addresses = {address};
      server.options.connectTimeoutSeconds = kGaugeConnectSeconds;
      server.options.readTimeoutSeconds = kGaugeReadSeconds;
    }
  }

  [[nodiscard]] std::string excess(const std::stop_token& stop) override {
    const std::size_t source = findSource();
    std::string out;
    const auto add = [&out](const std::string& text) {
      if (!text.empty()) out += (out.empty() ? "" : "; ") + text;
    };
    const Server& server = servers_[source];
    add(withSession(servers_[source], stop, [&](Connection& session) { return sourceExcess(session, server.name); }));
    for (std::size_t i = source + 1; i < servers_.size() && limits_.replicaLagSeconds > 0; ++i) {
      if (stop.stop_requested()) break;
      add(replicaExcess(servers_[i], stop));
    }
    return out;
  }

 private:
  /// The first address that answers, as the copy's own sessions choose theirs. Those before it do not serve: they are
  /// no replicas of it.
  std::size_t findSource() {
    std::optional<Error> last;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (servers_[i].session) return i;
      try {
        servers_[i].session = Connection::open(servers_[i].options);
        return i;
      } catch (const Error& error) {
        last = error;
        if (error.msg() == Msg::accessDenied) break;
      }
    }
    if (!last) throw Error(Msg::cannotResolve, {"", "no address is given"}, Origin::source);
    throw Error(*last);
  }

  /// A session that was lost is opened again once.
  template <typename Body>
  static std::string withSession(Server& server, const std::stop_token& stop, const Body& body) {
    for (const bool again : {true, false}) {
      try {
        if (!server.session) server.session = Connection::open(server.options);
        const std::stop_callback onStop(stop, [&server] { server.session->shutdown(); });
        return body(*server.session);
      } catch (const Error& error) {
        server.session.reset();
        if (!again || stop.stop_requested() || error.msg() != Msg::connectionLost) throw;
      }
    }
    return {};
  }

  [[nodiscard]] std::string sourceExcess(Connection& session, const std::string& name) const {
    std::string out;
    if (limits_.runningThreads > 0) {
      const auto rows = session.query("SHOW GLOBAL STATUS LIKE 'Threads_running'");
      const auto all = rows.empty() ? std::nullopt : asInt(rows.front().at(1).value_or(""));
      if (!all) throw Error(Msg::internal, {session.peer() + " has no status Threads_running"}, Origin::source);
      const int others = *all - 1;  // without this session, which asks
      if (others > limits_.runningThreads)
        out = fmt::format("{} has {} running threads, the limit is {} (mysql.source_max_running_threads)",
                          session.peer(), others, limits_.runningThreads);
    }
    // A source that replicates nothing need not give the account the right to ask.
    if (limits_.replicaLagSeconds == 0) return out;
    std::string lag;
    try {
      lag = lagOf(session, name);
    } catch (const Error& error) {
      if (error.msg() != Msg::databaseError) throw;
      lag = unknown(name, error.text());
    }
    return out.empty() || lag.empty() ? out + lag : out + "; " + lag;
  }

  std::string replicaExcess(Server& server, const std::stop_token& stop) const {
    if (!server.session && SteadyClock::now() < server.retryAt) return server.trouble;
    try {
      return withSession(server, stop, [&](Connection& session) { return lagOf(session, server.name); });
    } catch (const Error& error) {
      server.retryAt = SteadyClock::now() + (error.msg() == Msg::accessDenied ? kRetryDenied : kRetry);
      server.trouble = unknown(server.name, error.text());
      return server.trouble;
    }
  }

  [[nodiscard]] std::string lagOf(Connection& session, const std::string& name) const {
    std::string out;
    for (const auto& row : replicaStatus(session)) {
      const std::string behind = columnOf(row, "Seconds_Behind_Source", "Seconds_Behind_Master");
      const auto seconds = asInt(behind);
      std::string one;
      if (!seconds)
        one = fmt::format("the replication of {} does not run, so that its lag is unknown", name);
      else if (*seconds > limits_.replicaLagSeconds)
        one = fmt::format("the replica {} is {} s behind, the limit is {} s (mysql.source_max_replica_lag_seconds)",
                          name, *seconds, limits_.replicaLagSeconds);
      if (!one.empty()) out += (out.empty() ? "" : "; ") + one;
    }
    return out;
  }

  static std::string unknown(const std::string& server, const std::string& why) {
    return fmt::format(
        "the lag of {} cannot be asked, so that it counts as lagging: {}. Mend it (the account needs REPLICATION "
        "CLIENT, on MariaDB REPLICA MONITOR or SLAVE MONITOR), take the address out of the source's, or set "
        "mysql.source_max_replica_lag_seconds to 0",
        server, why);
  }

  const SourceLimits limits_;
  std::vector<Server> servers_;
};

}  // namespace

std::unique_ptr<LoadGauge> makeLoadGauge(const EngineJob& job, const SourceLimits& limits) {
  return std::make_unique<MysqlLoadGauge>(connectOptions(job, Side::source), limits);
}

}  // namespace drs::mysql
