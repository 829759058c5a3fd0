#include "drsd/command_line.h"

#include "crypto/password.h"
#include "drsd/config.h"
#include "drsd/refuse.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <iostream>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace drs {
namespace {

/// "host:port" or "[ipv6]:port".
void splitListen(const std::string& listen, CommandLine& out) {
  const std::size_t colon = listen.rfind(':');
  const auto bad = [&] { refuse("--listen " + listen + ": must be HOST:PORT, e.g. 127.0.0.1:8080 or [::1]:8080"); };
  if (colon == std::string::npos || colon == 0) bad();
  out.host = listen.substr(0, colon);
  const char* end = listen.data() + listen.size();
  const auto [last, error] = std::from_chars(listen.data() + colon + 1, end, out.port);
  if (error != std::errc() || last != end || out.port == 0) bad();
  if (out.host.starts_with('[') && out.host.ends_with(']')) {
    out.host = out.host.substr(1, out.host.size() - 2);
  } else if (out.host.find(':') != std::string::npos) {
    bad();
  }
}

bool isLoopback(const ::sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& four = reinterpret_cast<const ::sockaddr_in&>(address);
    return (ntohl(four.sin_addr.s_addr) >> 24U) == 127;
  }
  return address.sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const ::sockaddr_in6&>(address).sin6_addr);
}

/// True if every address of the host is a loopback address.
bool isLoopback(const std::string& host) {
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  ::addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (failure != 0) refuse("--listen " + host + ": " + ::gai_strerror(failure));
  const std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  for (const ::addrinfo* each = list; each != nullptr; each = each->ai_next) {
    if (!isLoopback(*each->ai_addr)) return false;
  }
  return true;
}

void check(const CommandLine& options) {
  if (options.tlsCert.empty() != options.tlsKey.empty()) refuse("--tls-cert and --tls-key belong together");
  if (options.tls() || options.insecure || isLoopback(options.host)) return;
  refuse("--listen " + options.host +
         " is not a loopback address: passwords of databases would cross the network readable. Give --tls-cert and "
         "--tls-key, or --insecure if something else encrypts");
}

/// For password_hash in credentials.json.
void printPasswordHash() {
  std::string password;
  std::getline(std::cin, password);
  std::cout << hashPassword(password) << "\n";
}

}  // namespace

std::string CommandLine::endpoint() const {
  const bool any = host == "0.0.0.0" || host == "::";
  const std::string name = any ? "127.0.0.1" : host.find(':') == std::string::npos ? host : "[" + host + "]";
  return (tls() ? "https://" : "http://") + name + ":" + std::to_string(port);
}

std::optional<CommandLine> parseCommandLine(int argc, const char* const* argv, int& exitCode) {
  CommandLine out;
  std::string listen = "127.0.0.1:8080";
  bool helpConfig = false;
  bool hashing = false;
  CLI::App app{"drsd: the OpenDRS service. Copies databases and follows their changes, by an HTTP API."};
  app.set_version_flag("--version", "drsd " DRS_VERSION);
  app.add_option("--data", out.data, "Folder of this installation; created at the first start")
      ->type_name("DIR")
      ->envname("DRSD_DATA");
  app.add_option("--listen", listen, "Address to listen on")->type_name("HOST:PORT")->capture_default_str();
  app.add_option("--config", out.config, "Settings, see --help-config")->type_name("FILE")->check(CLI::ExistingFile);
  app.add_option("--project-id", out.projectId, "First start: project id of the API's paths (default: random)")
      ->type_name("ID");
  app.add_option("--region", out.region, "First start: name of the region (default: local-1)")->type_name("NAME");
  app.add_option("--tls-cert", out.tlsCert, "PEM file with the server's certificate chain")->type_name("FILE");
  app.add_option("--tls-key", out.tlsKey, "PEM file with its key")->type_name("FILE");
  app.add_flag("--insecure", out.insecure, "Allow an address that is not loopback without TLS");
  app.add_option("--log-file", out.logFile, "Write the log to this file instead of standard error")->type_name("FILE");
  app.add_flag("--help-config", helpConfig, "Print all settings of the configuration file");
  app.add_flag("--hash-password", hashing,
               "Read a password from standard input and print it as password_hash for credentials.json");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exitCode = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  exitCode = 0;
  if (helpConfig) std::cout << configReference();
  if (hashing) printPasswordHash();
  if (helpConfig || hashing) return std::nullopt;
  if (out.data.empty()) refuse("--data DIR is needed");
  splitListen(listen, out);
  check(out);
  return out;
}

}  // namespace drs
