#include "model/decoding.h"
#include "model/job_spec_json.h"

#include <fmt/core.h>

// Where the secrets of a job lie. A new secret field must be added here: the tests hold this walk against the tables.

namespace drs {
namespace {

using Visit = std::function<void(const std::string&, Secret&)>;

void visit(std::optional<Secret>& secret, const std::string& path, const Visit& fn) {
  if (secret) fn(path, *secret);
}

void visitEndpoint(Endpoint& endpoint, const std::string& path, const Visit& fn) {
  visit(endpoint.dbPassword, path + ".db_password", fn);
  if (!endpoint.sourceSharding) return;
  for (std::size_t i = 0; i < endpoint.sourceSharding->size(); ++i) {
    visitEndpoint((*endpoint.sourceSharding)[i], elementPath(path + ".source_sharding", i), fn);
  }
}

void visitEndpoints(std::vector<EndpointInfo>& endpoints, const std::string& path, const Visit& fn) {
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const std::string here = elementPath(path, i);
    visitEndpoint(endpoints[i].endpoint, here + ".endpoint", fn);
    if (!endpoints[i].ssl) continue;
    visit(endpoints[i].ssl->sslCertKey, here + ".ssl.ssl_cert_key", fn);
    visit(endpoints[i].ssl->sslCertPassword, here + ".ssl.ssl_cert_password", fn);
  }
}

}  // namespace

void forEachSecret(JobSpec& spec, const Visit& fn) {
  visitEndpoints(spec.sourceEndpoint, "source_endpoint", fn);
  visitEndpoints(spec.targetEndpoint, "target_endpoint", fn);
  if (!spec.userMigration) return;
  visit(spec.userMigration->password, "user_migration.password", fn);
  if (!spec.userMigration->userList) return;
  for (std::size_t i = 0; i < spec.userMigration->userList->size(); ++i) {
    visit((*spec.userMigration->userList)[i].password, elementPath("user_migration.user_list", i) + ".password", fn);
  }
}

}  // namespace drs
