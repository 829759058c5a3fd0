#pragma once

#include <string>

namespace drs {

/// Tells a process that ended itself (bad access, broken invariant) from one that was killed from outside or lost its
/// power: the former leaves a mark in the data folder, which the next start finds. The worker then knows whether the
/// task that it takes over is likely to be the culprit.
///
/// One in a process, made in main before the threads start: it installs handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL
/// and SIGABRT that write the mark and then hand the signal on to whoever handled it before.
class CrashMark {
 public:
  /// Throws Error(badConfig) if the folder cannot be written.
  explicit CrashMark(const std::string& dataFolder);
  ~CrashMark();  ///< puts the handlers back; a clean end leaves no mark
  CrashMark(const CrashMark&) = delete;
  CrashMark& operator=(const CrashMark&) = delete;

  /// True if the previous process of this folder ended itself.
  [[nodiscard]] bool crashedBefore() const { return crashedBefore_; }

 private:
  std::string path_;
  bool crashedBefore_ = false;
};

}  // namespace drs
