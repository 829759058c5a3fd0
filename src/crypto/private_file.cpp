#include "crypto/private_file.h"

#include "base/error.h"
#include "base/ids.h"
#include "base/system_text.h"
#include "crypto/encoding.h"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace drs {
namespace {

constexpr off_t kMaxBytes = 64 << 10;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(Msg::badConfig, {path + ": " + why});
}

[[noreturn]] void refuseErrno(const std::string& path, const char* what) {
  refuse(path, fmt::format("{}: {}", what, systemText(errno)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Removes the temporary file whatever happens.
class TemporaryName {
 public:
  explicit TemporaryName(std::string path) : path_(std::move(path)) {}
  ~TemporaryName() { ::unlink(path_.c_str()); }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  [[nodiscard]] const char* get() const { return path_.c_str(); }

 private:
  std::string path_;
};

void writeAll(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) refuseErrno(path, "cannot write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void writeDurably(const TemporaryName& temporary, std::string_view content, const std::string& path) {
  const Descriptor file(::open(temporary.get(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) refuseErrno(path, "cannot create");
  writeAll(file.get(), content, path);
  if (::fchmod(file.get(), 0600) != 0 || ::fsync(file.get()) != 0) refuseErrno(path, "cannot write");
}

/// Makes the names in the file's folder durable.
void syncFolder(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) refuseErrno(folder, "cannot write");
}

}  // namespace

void createPrivateFile(const std::string& path, std::string_view content) {
  const TemporaryName temporary(path + ".tmp-" + randomHex(6));
  writeDurably(temporary, content, path);
  // link() instead of rename(): it never replaces a key that another process has just made.
  if (::link(temporary.get(), path.c_str()) != 0) refuseErrno(path, "cannot create");
  syncFolder(path);
}

void replacePrivateFile(const std::string& path, std::string_view content) {
  const TemporaryName temporary(path + ".tmp-" + randomHex(6));
  writeDurably(temporary, content, path);
  if (::rename(temporary.get(), path.c_str()) != 0) refuseErrno(path, "cannot replace");
  syncFolder(path);
}

std::string readPrivateFile(const std::string& path) {
  // O_NONBLOCK: a FIFO in the place of the file must not hang the start.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) refuse(path, errno == ELOOP ? std::string("is a symbolic link") : systemText(errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) refuseErrno(path, "cannot read");
  if (!S_ISREG(status.st_mode)) refuse(path, "is not a regular file");
  if (status.st_uid != ::geteuid()) {
    refuse(path, fmt::format("belongs to user id {}, this program runs as {}", status.st_uid, ::geteuid()));
  }
  if ((status.st_mode & 077U) != 0) {
    refuse(path, fmt::format("others may access it (mode {:04o}); run: chmod 600 {}", status.st_mode & 07777U, path));
  }
  if (status.st_size > kMaxBytes) refuse(path, "is too large");
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuseErrno(path, "cannot read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

}  // namespace drs
