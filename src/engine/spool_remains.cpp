#include "engine/spool_remains.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace drs {
namespace {

namespace fs = std::filesystem;

/// Of all spools of a lane; nobody can begin to use them while it lives.
class Locks {
 public:
  Locks() = default;
  ~Locks() {
    for (const int file : files_) (void)::close(file);
  }
  Locks(const Locks&) = delete;
  Locks& operator=(const Locks&) = delete;

  /// False: somebody uses one, or it cannot be told.
  bool take(const fs::path& folder) {
    std::error_code failure;
    for (fs::recursive_directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
      if (at->path().filename() != "lock") continue;
      const int file = ::open(at->path().c_str(), O_RDWR | O_CLOEXEC);
      if (file < 0) return false;
      files_.push_back(file);
      if (::flock(file, LOCK_EX | LOCK_NB) != 0) return false;
    }
    return !failure;
  }

 private:
  std::vector<int> files_;
};

std::vector<fs::path> foldersIn(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure))
    if (at->is_directory(failure)) out.push_back(at->path());
  return out;
}

}  // namespace

std::vector<std::string> removeSpoolRemains(
    const std::string& spoolFolder,
    const std::function<bool(const std::string& jobId, const std::string& lane)>& isNeeded) {
  std::vector<std::string> removed;
  std::error_code failure;
  for (const fs::path& job : foldersIn(spoolFolder)) {
    for (const fs::path& lane : foldersIn(job)) {
      Locks locks;
      if (isNeeded(job.filename(), lane.filename()) || !locks.take(lane)) continue;
      (void)fs::remove_all(lane, failure);
      if (!failure) removed.push_back(lane);
    }
    if (!isNeeded(job.filename(), {})) (void)fs::remove(job, failure);  // if nothing is left in it
  }
  return removed;
}

}  // namespace drs
