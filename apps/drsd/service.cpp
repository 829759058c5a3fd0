#include "drsd/service.h"

#include "api/authenticator.h"
#include "api/error_response.h"
#include "api/identity.h"
#include "api/routes.h"
#include "base/error.h"
#include "base/task_group.h"
#include "drsd/data_folder.h"
#include "drsd/node_metrics.h"
#include "drsd/node_routes.h"
#include "job/crash_mark.h"
#include "job/job_service.h"
#include "job/worker.h"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace drs {
namespace {

// Together less than the 10 s that an operator waits after SIGTERM.
constexpr std::chrono::milliseconds kRequestsBound{4'000};
constexpr std::chrono::milliseconds kDrainBound{9'500};

int waitForSignal() {
  ::sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  int signal = 0;
  while (::sigwait(&wanted, &signal) != 0) {
  }
  return signal;
}

/// Ends the process when draining takes too long: nothing that was answered is lost, the leases hand the rest over.
void watchOver(TaskGroup& group, const Log& log) {
  group.start("watchdog", [log](const std::stop_token& stop) {
    if (!sleepFor(kDrainBound, stop)) return;
    log.error("not drained in time; what still runs is taken up again at the next start");
    std::_Exit(1);
  });
}

http::Response answer(const http::Router& router, const http::Request& request, const Log& log) {
  try {
    return router.handle(request);
  } catch (const Error& error) {
    if (message(error.msg()).http >= 500)
      log.error("request {}: {} {}", request.requestId, error.text(), error.detail());
    return api::errorResponse(error, request);
  }
}

http::ServerHooks makeHooks(const http::Router& router, api::AccountAuthenticator& authenticator,
                            http::Metrics& metrics, const Log& log) {
  http::ServerHooks hooks;
  hooks.handle = [&router, log](const http::Request& request) { return answer(router, request, log); };
  hooks.refuse = [](const Error& error, const http::Request& request) { return api::errorResponse(error, request); };
  hooks.admit = [&authenticator](const http::Request& request) { authenticator.admit(request); };
  hooks.observe = [&router, &metrics, log](const http::Request& request, int status, std::chrono::microseconds took) {
    const std::string_view route = router.patternOf(request);
    metrics.countRequest(request.method, route, status, took);
    // The pattern, not the target: what strangers send does not belong into the log.
    const std::string line = fmt::format("{} {} {} in {} ms from {} request {}", request.method, route, status,
                                         took.count() / 1000, request.remote, request.requestId);
    if (status >= 400 || request.method != "GET") {
      log.info("{}", line);
    } else {
      log.debug("{}", line);
    }
  };
  return hooks;
}

http::ServerOptions serverOptionsOf(const CommandLine& options, const Config& config) {
  http::ServerOptions out = config.http;
  out.host = options.host;
  out.port = options.port;
  out.tlsCertFile = options.tlsCert;
  out.tlsKeyFile = options.tlsKey;
  return out;
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

/// Where things are; never what stands in them.
void announceFolder(const DataFolder& folder) {
  print(fmt::format("drsd {}\n  data folder  {}\n", DRS_VERSION, folder.path()));
  if (folder.created())
    print(fmt::format("  master key   {}  (new; back it up: stored passwords open with it only)\n",
                      folder.masterKeyPath()));
  print(fmt::format("  credentials  {}{}\n", folder.credentialsPath(),
                    folder.created() ? "  (new; endpoint, project, user and keys)" : ""));
}

}  // namespace

// The whole program, top to bottom; destroyed in reverse.
int runService(const CommandLine& options, const Config& config) {
  const std::string logFile = options.logFile.empty() ? config.logFile : options.logFile;
  const Log log(logFile.empty() ? stderrSink(config.logLevel) : fileSink(logFile, config.logLevel), "drsd");
  TaskGroup watchdog;
  const http::ServerOptions serverOptions = serverOptionsOf(options, config);
  http::requireUsable(serverOptions);  // before the first start makes a folder with keys
  const DataFolder folder(options.data, {options.endpoint(), options.projectId, options.region});
  announceFolder(folder);
  const CrashMark crash(folder.path());

  Settings settings = config.node;
  settings.dataFolder = folder.path();
  settings.region = folder.credentials().region;

  const auto clock = std::make_shared<Clock>();
  SqliteOptions sqlite;
  sqlite.path = folder.storePath();
  Store store(openSqlite(sqlite));
  const Sealer sealer(folder.masterKey());
  const Registry registry;
  JobService jobs(store, sealer, settings);
  Worker worker(store, sealer, registry, settings, makeTaskBodies(), log.with("worker"), {true, crash.crashedBefore()});

  api::AccountAuthenticator authenticator(folder.credentials(), folder.masterKey(), clock, log.with("auth"));
  http::Metrics metrics;
  NodeMetrics nodeMetrics(store, worker, metrics);
  std::atomic<bool> stopping = false;
  http::Router router;
  addNodeRoutes(router, store, worker, nodeMetrics, stopping);
  api::addIdentityRoutes(router, authenticator);
  api::addRoutes(router, {authenticator, jobs, registry.links(), settings.maxJobsPerBatch, clock});

  worker.start();
  http::Server server(serverOptions, makeHooks(router, authenticator, metrics, log.with("http")), log.with("http"));
  print(fmt::format("  listening    {}\n", options.endpoint()));
  log.info("listening on {}, data folder {}", options.endpoint(), folder.path());

  const int signal = waitForSignal();
  log.info("signal {}: draining", signal);
  stopping = true;
  watchOver(watchdog, log);
  TaskGroup draining;
  draining.start("drain", [&worker](const std::stop_token&) { worker.stop(); });
  server.stop(kRequestsBound);
  draining.wait();
  log.info("drained");
  return 0;
}

}  // namespace drs
