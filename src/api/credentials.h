#pragma once

#include <string>

namespace drs::api {

/// The one account of an installation, as it stands in `credentials.json` of the data folder (0600). Whoever reads that
/// file may do everything.
struct Credentials {
  std::string endpoint;  ///< where the service listened at its last start
  std::string region, projectId, domainName, userName;
  std::string password;      ///< plain, or empty if passwordHash is set
  std::string passwordHash;  ///< of hashPassword(); an operator may put it in the place of the password
  std::string accessKey, secretKey;

  /// Derived from the names, so that they are the same after every start.
  [[nodiscard]] std::string domainId() const;
  [[nodiscard]] std::string userId() const;
};

/// New random secrets; an empty projectId is chosen at random. Throws Error(badConfig) for a projectId or region that
/// could not stand in a path.
[[nodiscard]] Credentials makeCredentials(const std::string& endpoint, const std::string& region,
                                          const std::string& projectId);

/// Writes the file for the first time. Throws Error(badConfig).
void createCredentialsFile(const std::string& path, const Credentials& credentials);

/// Throws Error(badConfig) for what readPrivateFile() refuses, and for members that are missing or empty; the content
/// never stands in the error.
[[nodiscard]] Credentials loadCredentials(const std::string& path);

/// Writes another endpoint into the file and leaves the rest as it is. Throws Error(badConfig).
void updateEndpoint(const std::string& path, const std::string& endpoint);

}  // namespace drs::api
