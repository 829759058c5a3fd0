#include "drsd/data_folder.h"

#include "base/system_text.h"
#include "drsd/refuse.h"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace drs {
namespace {

namespace fs = std::filesystem;

void openFolder(const std::string& path) {
  std::error_code error;
  const fs::path parent = fs::path(path).parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  if (::mkdir(path.c_str(), 0700) == 0) return;
  if (errno != EEXIST) refuse(path + ": cannot create the data folder: " + systemText(errno));
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) refuse(path + ": " + systemText(errno));
  if (!S_ISDIR(status.st_mode)) refuse(path + ": is not a folder");
  if (status.st_uid != ::geteuid())
    refuse(fmt::format("{}: belongs to user id {}, drsd runs as {}", path, status.st_uid, ::geteuid()));
  if ((status.st_mode & 077U) == 0) return;
  if (!fs::is_empty(path, error) || error) {
    refuse(fmt::format("{}: others may access the data folder (mode {:04o}); run: chmod 700 {}", path,
                       status.st_mode & 07777U, path));
  }
  if (::chmod(path.c_str(), 0700) != 0) refuse(path + ": " + systemText(errno));
}

}  // namespace

DataFolder::DataFolder(const std::string& path, const Identity& identity)
    : path_(fs::absolute(path).lexically_normal().string()) {
  while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
  openFolder(path_);
  lock_.lock(path_);
  openMasterKey();
  openCredentials(identity);
}

DataFolder::LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

void DataFolder::LockFile::lock(const std::string& folder) {
  const std::string name = folder + "/lock";
  fd_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) refuse(name + ": " + systemText(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) {
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd_, 0) == 0) (void)!::pwrite(fd_, pid.data(), pid.size(), 0);  // for the message below only
    return;
  }
  char holder[32] = {};
  const ssize_t size = ::pread(fd_, holder, sizeof holder - 1, 0);
  std::string pid(holder, size > 0 ? static_cast<std::size_t>(size) : 0);
  pid.erase(pid.find_last_not_of('\n') + 1);
  refuse(folder + ": another drsd uses this data folder (process " + (pid.empty() ? "unknown" : pid) + ")");
}

void DataFolder::openMasterKey() {
  const std::string file = masterKeyPath();
  if (fs::exists(fs::symlink_status(file))) {
    masterKey_ = MasterKey::load(file);
    return;
  }
  if (fs::exists(storePath()))
    refuse(file + ": is missing, and the store holds secrets that only this key opens; restore it from your backup");
  masterKey_ = MasterKey::create(file);
  created_ = true;
}

void DataFolder::openCredentials(const Identity& identity) {
  const std::string file = credentialsPath();
  if (!fs::exists(fs::symlink_status(file))) {
    if (fs::exists(storePath()) && identity.projectId.empty()) {
      refuse(file +
             ": is missing; restore it from your backup, or give --project-id with the project of the jobs to make new "
             "credentials");
    }
    api::createCredentialsFile(
        file, api::makeCredentials(identity.endpoint, identity.region.empty() ? "local-1" : identity.region,
                                   identity.projectId));
    created_ = true;
  }
  credentials_ = api::loadCredentials(file);
  const auto demandSame = [&](const char* option, const std::string& asked, const std::string& have) {
    if (!asked.empty() && asked != have)
      refuse(fmt::format("{} {} differs from {} in {}; it is chosen at the first start", option, asked, have, file));
  };
  demandSame("--project-id", identity.projectId, credentials_.projectId);
  demandSame("--region", identity.region, credentials_.region);
  if (credentials_.endpoint == identity.endpoint || identity.endpoint.empty()) return;
  api::updateEndpoint(file, identity.endpoint);
  credentials_.endpoint = identity.endpoint;
}

}  // namespace drs
