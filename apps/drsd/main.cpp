#include "base/error.h"
#include "drsd/command_line.h"
#include "drsd/config.h"
#include "drsd/service.h"

#include <csignal>
#include <exception>
#include <iostream>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace {

/// Memory holds passwords of databases: it must not be written to a core file, nor be read by others of the same user.
void forbidDumps() {
  const ::rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // its leak check reads the process at the end
  ::prctl(PR_SET_DUMPABLE, 0);
#endif
}

/// Each connection, stream and database session is a file descriptor; the usual soft limit of 1024 is soon reached.
void raiseFileLimit() {
  ::rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

/// A large row is given back to the system when it is done. Left to itself the allocator would keep blocks of up to
/// 32 MiB for later (mallopt(3), M_MMAP_THRESHOLD). Setting that fixes the other limit too, at so little that the
/// batches of a replay, which one thread takes and another frees, would be given back and asked for again all the time.
void returnLargeBlocks() {
#if defined(M_MMAP_THRESHOLD)
  // NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 4 << 20);
  // NOLINTEND(concurrency-mt-unsafe)
#endif
}

/// SIGTERM and SIGINT are waited for (service.cpp); all threads that follow inherit this mask.
void prepareSignals() {
  ::sigset_t waited;
  sigemptyset(&waited);
  sigaddset(&waited, SIGTERM);
  sigaddset(&waited, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &waited, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int run(int argc, char** argv) {
  int exitCode = 0;
  const auto options = drs::parseCommandLine(argc, argv, exitCode);
  if (!options) return exitCode;
  drs::Config config;
  if (!options->config.empty()) drs::loadConfig(options->config, config);
  return drs::runService(*options, config);
}

}  // namespace

int main(int argc, char** argv) {
  forbidDumps();
  raiseFileLimit();
  returnLargeBlocks();
  ::umask(077);  // everything in the data folder is private
  prepareSignals();
  try {
    return run(argc, argv);
  } catch (const drs::Error& error) {
    std::cerr << "drsd: " << error.text() << "\n";
    if (const std::string remedy = error.remedy(); !remedy.empty()) std::cerr << remedy << "\n";
    if (!error.detail().empty()) std::cerr << error.detail() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "drsd: " << error.what() << "\n";
  }
  return 1;
}
