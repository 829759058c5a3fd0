#include "model/spec_tables.h"
#include "model/text_rules.h"

#include <fmt/core.h>

// Tables 7 to 13: the two databases of a job and how to reach them.

namespace drs {

template <>
const Table<EndpointInfo>& tableOf<EndpointInfo>() {
  static const Table<EndpointInfo> table{
      "EndpointInfo",
      7,
      {
          field<&EndpointInfo::dbType>(
              "db_type",
              oneOf({"oracle", "gaussdbv5", "redis", "rediscluster", "gaussredis", "mysql", "postgresql"})
                  .required()
                  .enacted("chooses the engine together with engine_type; postgresql is an extension, as target "
                           "of oracle-to-gaussdbv5")),
          field<&EndpointInfo::endpointType>(
              "endpoint_type",
              oneOf({"offline", "ecs", "cloud"})
                  .required()
                  .enacted("cloud without ip: looked up in the instance catalogue; offline and ecs: ip")),
          field<&EndpointInfo::endpointRole>("endpoint_role", oneOf({"so", "ta"}).required().enacted()),
          field<&EndpointInfo::endpoint>("endpoint", object().required().enacted()),
          field<&EndpointInfo::cloud>("cloud", object().stored("mandatory for ecs and cloud")),
          field<&EndpointInfo::vpc>(
              "vpc", object().stored("never enforced: addresses are reached as the host can reach them")),
          field<&EndpointInfo::config>("config", object().later()),
          field<&EndpointInfo::ssl>("ssl", object().enacted()),
          field<&EndpointInfo::customizedDns>("customized_dns", object().stored()),
      }};
  return table;
}

template <>
const Table<Endpoint>& tableOf<Endpoint>() {
  static const Table<Endpoint> table{
      "Endpoint",
      8,
      {
          field<&Endpoint::id>("id", text().enacted("assigned by the service; sent back with an update it names the "
                                                    "endpoint whose stored secrets stay")),
          field<&Endpoint::endpointName>(
              "endpoint_name",
              oneOf({"oracle", "ecs_oracle", "cloud_gaussdbv5", "mysql", "ecs_mysql", "cloud_mysql", "redis",
                     "ecs_redis", "rediscluster", "ecs_rediscluster", "cloud_gaussdb_redis", "postgresql",
                     "ecs_postgresql", "cloud_postgresql", "mongodb", "ecs_mongodb", "cloud_mongodb"})
                  .required()
                  .enacted("must fit db_type and endpoint_type")),
          field<&Endpoint::ip>("ip", text(0, kLongText).shaped(kAddressList).enacted("wins over instance_id")),
          field<&Endpoint::dbPort>("db_port", numberText(1, 65535).enacted("for addresses in ip that carry no port")),
          field<&Endpoint::dbUser>("db_user", text().required().enacted("empty only for Redis")),
          field<&Endpoint::dbPassword>("db_password",
                                       text(0, kLongText).required().enacted("write-only; empty only for Redis")),
          field<&Endpoint::instanceId>("instance_id",
                                       text().enacted("looked up in the instance catalogue when ip is absent")),
          field<&Endpoint::instanceName>("instance_name", text().stored("shown")),
          field<&Endpoint::dbName>("db_name",
                                   text().later("Oracle: serviceName.<service>; not used by the MySQL route")),
          field<&Endpoint::sourceSharding>("source_sharding",
                                           elements(0, 64).later("physical shards of a logical source")),
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
                                           field<&CloudPlace::region>("region", text(1).required().stored()),
                                           field<&CloudPlace::projectId>("project_id", text(1).required().stored()),
                                           field<&CloudPlace::azCode>("az_code", text().stored()),
                                       }};
  return table;
}

template <>
const Table<EndpointVpc>& tableOf<EndpointVpc>() {
  static const Table<EndpointVpc> table{"EndpointVpc",
                                        10,
                                        {
                                            field<&EndpointVpc::vpcId>("vpc_id", text(1).required().stored()),
                                            field<&EndpointVpc::subnetId>("subnet_id", text(1).required().stored()),
                                            field<&EndpointVpc::securityGroupId>("security_group_id", text().stored()),
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
              "is_target_readonly",
              flag().defaultsTo("true").stored(
                  "MySQL migration and disaster recovery with job_direction up; the target is not set read-only yet")),
          field<&EndpointConfig::nodeNum>(
              "node_num", integer(0, 16).defaultsTo("0").stored("0 = not set; only rediscluster-to-gaussredis")),
      }};
  return table;
}

template <>
const Table<SslConfig>& tableOf<SslConfig>() {
  static const Table<SslConfig> table{
      "Ssl",
      12,
      {
          field<&SslConfig::sslLink>("ssl_link", flag().defaultsTo("false").enacted("true = TLS")),
          field<&SslConfig::sslCertName>("ssl_cert_name",
                                         text().stored("a name that ends in .p12 asks for ssl_cert_password")),
          field<&SslConfig::sslCertKey>(
              "ssl_cert_key",
              text(0, kFileText)
                  .shaped(kBase64)
                  .enacted("certificate content in Base64; write-only; the trust anchor of the connection")),
          field<&SslConfig::sslCertCheckSum>(
              "ssl_cert_check_sum", text(0, 64).shaped(kSha256Hex).enacted("checked by the validation when present")),
          field<&SslConfig::sslCertPassword>("ssl_cert_password",
                                             text(0, kShortText).later("write-only; for .p12 files")),
      }};
  return table;
}

template <>
const Table<CustomizedDns>& tableOf<CustomizedDns>() {
  static const Table<CustomizedDns> table{
      "CustomizedDns",
      13,
      {
          field<&CustomizedDns::isSetDns>("is_set_dns", flag().required().later()),
          field<&CustomizedDns::setDnsAction>("set_dns_action",
                                              oneOf({"add", "keep", "update", "recover"}).required().later()),
          field<&CustomizedDns::dnsIp>("dns_ip", text(0, 15).required().later("address of the name server")),
      }};
  return table;
}

}  // namespace drs
