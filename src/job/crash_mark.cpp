#include "job/crash_mark.h"

#include "base/error.h"
#include "base/system_text.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace drs {
namespace {

constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// A signal handler can reach nothing but static storage.
std::atomic<int> markFile{-1};
std::array<struct sigaction, kSignals.size()> before{};

extern "C" void writeMark(int signal) {
  const int saved = errno;
  const int file = markFile.load();
  if (file >= 0 && ::write(file, "crashed\n", 8) == 8) ::fsync(file);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] == signal) ::sigaction(signal, &before[i], nullptr);
  }
  errno = saved;
  // The faulty instruction runs again, or the pending signal is delivered, with the former handler in place.
  ::raise(signal);
}

}  // namespace

CrashMark::CrashMark(const std::string& dataFolder) : path_(dataFolder + "/crash.mark") {
  std::error_code ignored;
  crashedBefore_ = std::filesystem::file_size(path_, ignored) > 0 && !ignored;
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) throw Error(Msg::badConfig, {path_ + ": " + systemText(errno)});
  markFile = file;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action{};
    action.sa_handler = &writeMark;
    action.sa_flags = SA_ONSTACK;
    ::sigaction(kSignals[i], &action, &before[i]);
  }
}

CrashMark::~CrashMark() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before[i], nullptr);
  ::close(markFile.exchange(-1));
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace drs
