#pragma once

#include "api/credentials.h"
#include "crypto/master_key.h"

#include <optional>
#include <string>

namespace drs {

/// What the command line says about an installation.
struct Identity {
  std::string endpoint;   ///< written to credentials.json at every start, so that drsctl finds the service
  std::string projectId;  ///< for the first start; empty = a random one
  std::string region;     ///< for the first start; empty = "local-1"
};

/// The folder of an installation (0700), held by a lock as long as this lives: the store, master.key and
/// credentials.json (both 0600). Nobody else may use it meanwhile.
class DataFolder {
 public:
  /// Opens the folder, or creates it with all that belongs to it. Throws Error(badConfig) that names the reason and the
  /// remedy: another drsd holds it, a file can be read by others, a file is missing though the store is there, or
  /// project id or region differ from those of the first start.
  DataFolder(const std::string& path, const Identity& identity);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string storePath() const { return path_ + "/store.db"; }
  [[nodiscard]] std::string credentialsPath() const { return path_ + "/credentials.json"; }
  [[nodiscard]] std::string masterKeyPath() const { return path_ + "/master.key"; }
  [[nodiscard]] bool created() const { return created_; }  ///< this is the first start
  [[nodiscard]] const MasterKey& masterKey() const { return *masterKey_; }
  [[nodiscard]] const api::Credentials& credentials() const { return credentials_; }

 private:
  /// Holds the lock; closing the file ends it.
  class LockFile {
   public:
    LockFile() = default;
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;
    void lock(const std::string& folder);

   private:
    int fd_ = -1;
  };

  void openMasterKey();
  void openCredentials(const Identity& identity);

  std::string path_;
  LockFile lock_;
  bool created_ = false;
  std::optional<MasterKey> masterKey_;
  api::Credentials credentials_;
};

}  // namespace drs
