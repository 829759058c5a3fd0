#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What a user asks for: the objects of the batch-create request (API page, tables 3 to 37), one struct per table, with
// the names of the API in camelCase. Decoding, encoding and the rules of each field stand in one table per object
// (spec_tables_*.cpp). Absent members stay std::nullopt, so that answers return what was sent.

namespace drs {

/// A password or certificate. In memory after decoding it is plain; before it touches the store it is sealed
/// (sealed == true: `text` is the sealed form). Never printed, never part of an answer.
struct Secret {
  std::string text;
  bool sealed = false;
};

struct Tag {  // table 6
  std::optional<std::string> key, value;
};

struct BaseInfo {  // table 5
  std::optional<std::string> name, jobType, engineType, jobDirection, taskType, netType, chargingMode, enterpriseProjectId,
      description, startTime, expiredDays;
  std::optional<bool> multiWrite, isOpenFastClean;
  std::optional<std::vector<Tag>> tags;
};

struct Endpoint {  // table 8; sourceSharding holds physical shards
  std::optional<std::string> id, endpointName, ip, dbPort, dbUser, instanceId, instanceName, dbName;
  std::optional<Secret> dbPassword;
  std::optional<std::vector<Endpoint>> sourceSharding;
};

struct CloudPlace {  // table 9
  std::optional<std::string> region, projectId, azCode;
};

struct VpcPlace {  // tables 10 and 33 (custom_node_ip only in 33)
  std::optional<std::string> vpcId, subnetId, securityGroupId, customNodeIp;
};

struct EndpointConfig {  // table 11
  std::optional<bool> isTargetReadonly;
  std::optional<std::int64_t> nodeNum;
};

struct SslConfig {  // table 12
  std::optional<bool> sslLink;
  std::optional<std::string> sslCertName, sslCertCheckSum;
  std::optional<Secret> sslCertKey, sslCertPassword;  ///< the key: certificate content, Base64
};

struct CustomizedDns {  // table 13
  std::optional<bool> isSetDns;
  std::optional<std::string> setDnsAction, dnsIp;
};

struct EndpointInfo {  // table 7
  std::optional<std::string> dbType, endpointType, endpointRole;
  Endpoint endpoint;
  std::optional<CloudPlace> cloud;
  std::optional<VpcPlace> vpc;
  std::optional<EndpointConfig> config;
  std::optional<SslConfig> ssl;
  std::optional<CustomizedDns> customizedDns;
};

struct AlarmNotify {  // table 14
  std::optional<bool> alarmToUser;
  std::optional<std::string> topicUrn;
  std::optional<std::int64_t> delayTime, rpoDelay, rtoDelay;
};

struct SpeedWindow {  // table 15: UTC, begin "hh:mm", end "hh:59", speed in 10^6 bytes per second as text
  std::optional<std::string> begin, end, speed;
};

struct MigratedUser {  // table 17
  std::optional<std::string> id, account;
  std::optional<bool> isSetPassword;
  std::optional<Secret> password;
};

struct MigratedRole {  // table 18
  std::optional<std::string> role;
};

struct UserMigration {  // table 16
  std::optional<bool> isMigrateUser, isSetPassword;
  std::optional<Secret> password;
  std::optional<std::vector<MigratedUser>> userList;
  std::optional<std::vector<MigratedRole>> roleList;
};

struct PolicyConfig {  // table 19
  std::optional<std::string> filterDdlPolicy, conflictPolicy, dataSyncTopologyType, supportDdlInfo, syncTypePolicy,
      incrementReadMode, dmlTypes;
  std::optional<bool> indexTrans, ddlTrans, isCreateTableWithIndex;
};

struct ColumnObject {  // table 25
  std::optional<std::string> syncType, primaryKeyForDataFiltering, indexForDataFiltering, name, type,
      primaryKeyForColumnFiltering, operationType, value;
  std::optional<bool> filtered, additional;
};

struct TableObject {  // table 24
  std::optional<std::string> syncType, type, name, dbAliasName, schemaAliasName;
  std::optional<bool> all, filtered, isSynchronized;
  std::optional<std::vector<std::string>> filterConditions, configConditions;
  std::optional<std::map<std::string, ColumnObject>> columns;
};

struct SchemaObject {  // table 23
  std::optional<std::string> syncType, name;
  std::optional<bool> all;
  std::optional<std::map<std::string, TableObject>> tables;
};

struct DatabaseObject {  // table 22
  std::optional<std::string> syncType, name;
  std::optional<bool> all, isSynchronized;
  std::optional<std::int64_t> totalTableNum;
  std::optional<std::map<std::string, SchemaObject>> schemas;
  std::optional<std::map<std::string, TableObject>> tables;
};

struct TargetRootDb {  // table 21
  std::optional<std::string> dbName, dbEncoding;
};

struct DbObject {  // table 20: the selection as asked
  std::optional<std::string> objectScope;
  std::optional<TargetRootDb> targetRootDb;
  std::optional<std::map<std::string, DatabaseObject>> objectInfo;
};

struct DbParamItem {  // table 27
  std::optional<std::string> key, targetValue;
};

struct DbParam {  // table 26
  std::optional<std::vector<DbParamItem>> common, performance;
};

struct TuningParam {  // table 29
  std::optional<std::string> paramName, paramValue;
  std::optional<bool> availability;
};

struct TuningParams {  // table 28; in batch updates the four arrive as maps name → value, with `recovery`
  std::optional<std::vector<TuningParam>> fullSync, increCapture, increApply, increRelay;
  std::optional<bool> recovery;
};

struct PeriodOrder {  // table 30
  std::optional<std::int64_t> periodType, periodNum, isAutoRenew;
};

struct NodeSpec {  // table 32
  std::optional<std::string> nodeType;
};

struct NodeBaseInfo {  // table 34
  std::optional<std::string> instanceType, arch, availabilityZone, status, role;
};

struct NodeInfo {  // table 31
  std::optional<NodeSpec> spec;
  std::optional<VpcPlace> vpc;
  std::optional<NodeBaseInfo> baseInfo;
};

struct PublicIp {  // table 35
  std::optional<std::string> id, publicIp, type;
};

/// One job of a batch (table 4).
struct JobSpec {
  BaseInfo baseInfo;
  std::vector<EndpointInfo> sourceEndpoint, targetEndpoint;  ///< exactly one each after validation
  std::optional<AlarmNotify> alarmNotify;
  std::optional<std::vector<SpeedWindow>> speedLimit;
  std::optional<UserMigration> userMigration;
  PolicyConfig policyConfig;
  DbObject dbObject;
  std::optional<DbParam> dbParam;
  std::optional<TuningParams> tuningParams;
  std::optional<PeriodOrder> periodOrder;
  NodeInfo nodeInfo;
  std::optional<std::vector<PublicIp>> publicIpList;
};

}  // namespace drs
