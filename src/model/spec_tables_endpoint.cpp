#include "model/spec_tables.h"
#include "model/text_rules.h"

#include <fmt/core.h>

// Tables 7 to 13: the two databases of a job and how to reach them.

namespace drs {

using enum Use;

template <>
const Table<EndpointInfo>& tableOf<EndpointInfo>() {
  static const Table<EndpointInfo> table{
      "EndpointInfo",
      7,
      {
          field<&EndpointInfo::dbType>(
              "db_type",
              oneOf({"oracle", "gaussdbv5", "redis", "rediscluster", "gaussredis", "mysql", "postgresql"}).required(),
              enacted,
              "must fit engine_type; extensions: redis and rediscluster as targets of the Redis routes, postgresql as "
              "target of oracle-to-gaussdbv5"),
          field<&EndpointInfo::endpointType>("endpoint_type", oneOf({"offline", "ecs", "cloud"}).required(), enacted,
                                             "offline and ecs: by ip; cloud: by instance_id, or by ip beside it"),
          field<&EndpointInfo::endpointRole>("endpoint_role", oneOf({"so", "ta"}).required(), enacted,
                                             "so in source_endpoint, ta in target_endpoint"),
          field<&EndpointInfo::endpoint>("endpoint", object().required(), enacted),
          field<&EndpointInfo::cloud>("cloud", object(), stored, "mandatory for ecs and cloud"),
          field<&EndpointInfo::vpc>("vpc", object(), stored, "never enforced: the host's routes decide"),
          field<&EndpointInfo::config>("config", object(), stored),
          field<&EndpointInfo::ssl>("ssl", object(), enacted),
          field<&EndpointInfo::customizedDns>("customized_dns", object(), stored, "the host's own resolver is asked"),
      }};
  return table;
}

template <>
const Table<Endpoint>& tableOf<Endpoint>() {
  static const Table<Endpoint> table{
      "Endpoint",
      8,
      {
          field<&Endpoint::id>("id", text(), enacted,
                               "given by the service; in an update it names the endpoint whose stored password stays"),
          field<&Endpoint::endpointName>(
              "endpoint_name",
              oneOf({"oracle", "ecs_oracle", "cloud_gaussdbv5", "mysql", "ecs_mysql", "cloud_mysql", "redis",
                     "ecs_redis", "rediscluster", "ecs_rediscluster", "cloud_gaussdb_redis", "postgresql",
                     "ecs_postgresql", "cloud_postgresql", "mongodb", "ecs_mongodb", "cloud_mongodb"})
                  .required(),
              enacted, "must fit db_type and endpoint_type"),
          field<&Endpoint::ip>(
              "ip", text(0, kLongText).shaped(kAddressList), enacted,
              "host[:port],… of at most 32 addresses, in front of Redis also "
              "sentinel://name@host:port,…; wins over instance_id; the first that answers is used, of a source the "
              "first that is not read-only"),
          field<&Endpoint::dbPort>("db_port", numberText(1, 65535), enacted,
                                   "mandatory for offline and ecs unless every address in ip has a port"),
          field<&Endpoint::dbUser>("db_user", text().required(), enacted, "empty for Redis only"),
          field<&Endpoint::dbPassword>("db_password", text(0, kLongText).required(), enacted,
                                       "sealed before it is stored, never answered; empty for Redis only"),
          field<&Endpoint::instanceId>("instance_id", text(), enacted,
                                       "mandatory for cloud; without ip looked up in the instance catalogue of the "
                                       "configuration"),
          field<&Endpoint::instanceName>("instance_name", text(), stored),
          field<&Endpoint::dbName>("db_name", text(), stored, "serviceName.<service> of Oracle; not used by MySQL"),
          field<&Endpoint::sourceSharding>("source_sharding", elements(0, 64), later,
                                           "physical shards of a logical source; two levels at most"),
      }};
  return table;
}

void decodeValue(std::optional<std::vector<Endpoint>>& out, const Json& value, const Rule& rule,
                 const std::string& path, Decoding& run) {
  if (!impl::expectArray(value, rule, path, run)) return;
  if (run.enterShards()) {
    decodeValue(out.emplace(), value, rule, path, run);
  } else {
    run.notAllowed(path, "an array", fmt::format("at most {} levels of source_sharding", kMaxShardDepth));
  }
  run.leaveShards();
}

template <>
const Table<CloudPlace>& tableOf<CloudPlace>() {
  static const Table<CloudPlace> table{"Cloud",
                                       9,
                                       {
                                           field<&CloudPlace::region>("region", text(1).required(), stored),
                                           field<&CloudPlace::projectId>("project_id", text(1).required(), stored),
                                           field<&CloudPlace::azCode>("az_code", text(), stored),
                                       }};
  return table;
}

template <>
const Table<EndpointVpc>& tableOf<EndpointVpc>() {
  static const Table<EndpointVpc> table{"EndpointVpc",
                                        10,
                                        {
                                            field<&EndpointVpc::vpcId>("vpc_id", text(1).required(), stored),
                                            field<&EndpointVpc::subnetId>("subnet_id", text(1).required(), stored),
                                            field<&EndpointVpc::securityGroupId>("security_group_id", text(), stored),
                                        }};
  return table;
}

template <>
const Table<EndpointConfig>& tableOf<EndpointConfig>() {
  static const Table<EndpointConfig> table{
      "EndpointConfig",
      11,
      {
          field<&EndpointConfig::isTargetReadonly>(
              "is_target_readonly", flag().defaultsTo("true"), enacted,
              "of MySQL migration and disaster recovery with job_direction up: the target is read-only from the "
              "planning to the end of the task; mandatory and true for single-active disaster recovery into this side"),
          field<&EndpointConfig::nodeNum>("node_num", integer(0, 16).defaultsTo("0"), enacted,
                                          "rediscluster-to-gaussredis only: sub-tasks to which the shards are dealt; "
                                          "0 = one for four shards"),
      }};
  return table;
}

template <>
const Table<SslConfig>& tableOf<SslConfig>() {
  static const Table<SslConfig> table{
      "Ssl",
      12,
      {
          field<&SslConfig::sslLink>("ssl_link", flag().defaultsTo("false"), enacted, "true = TLS, verified"),
          field<&SslConfig::sslCertName>("ssl_cert_name", text(), enacted, "a name in .p12 asks for ssl_cert_password"),
          field<&SslConfig::sslCertKey>("ssl_cert_key", text(0, kFileText).shaped(kBase64), enacted,
                                        "certificate in Base64 that the server's is verified with; absent = the host's "
                                        "own authorities; sealed, never answered"),
          field<&SslConfig::sslCertCheckSum>("ssl_cert_check_sum", text(0, 64).shaped(kSha256Hex), enacted,
                                             "SHA-256 of the decoded certificate, hexadecimal; checked when present"),
          field<&SslConfig::sslCertPassword>("ssl_cert_password", text(0, kShortText), enacted,
                                             "of a .p12 file; sealed, never answered"),
      }};
  return table;
}

template <>
const Table<CustomizedDns>& tableOf<CustomizedDns>() {
  static const Table<CustomizedDns> table{
      "CustomizedDns",
      13,
      {
          field<&CustomizedDns::isSetDns>("is_set_dns", flag().required(), stored),
          field<&CustomizedDns::setDnsAction>("set_dns_action", oneOf({"add", "keep", "update", "recover"}).required(),
                                              stored),
          field<&CustomizedDns::dnsIp>("dns_ip", text(0, 15).shaped(kIpv4).required(), stored),
      }};
  return table;
}

}  // namespace drs
