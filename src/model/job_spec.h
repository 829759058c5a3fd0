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

  bool operator==(const Secret&) const = default;
};

struct Tag {  // table 6
  std::optional<std::string> key, value;

  bool operator==(const Tag&) const = default;
};

struct BaseInfo {  // table 5
  std::optional<std::string> name, jobType, engineType, jobDirection, taskType, netType, chargingMode,
      enterpriseProjectId, description, startTime, expiredDays;
  std::optional<bool> multiWrite, isOpenFastClean;
  std::optional<std::vector<Tag>> tags;

  bool operator==(const BaseInfo&) const = default;
};

struct Endpoint {  // table 8; sourceSharding holds physical shards
  std::optional<std::string> id, endpointName, ip, dbPort, dbUser, instanceId, instanceName, dbName;
  std::optional<Secret> dbPassword;
  std::optional<std::vector<Endpoint>> sourceSharding;

  bool operator==(const Endpoint&) const = default;
};

struct CloudPlace {  // table 9
  std::optional<std::string> region, projectId, azCode;

  bool operator==(const CloudPlace&) const = default;
};

struct EndpointVpc {  // table 10
  std::optional<std::string> vpcId, subnetId, securityGroupId;

  bool operator==(const EndpointVpc&) const = default;
};

struct EndpointConfig {  // table 11
  std::optional<bool> isTargetReadonly;
  std::optional<std::int64_t> nodeNum;

  bool operator==(const EndpointConfig&) const = default;
};

struct SslConfig {  // table 12
  std::optional<bool> sslLink;
  std::optional<std::string> sslCertName, sslCertCheckSum;
  std::optional<Secret> sslCertKey, sslCertPassword;  ///< the key: certificate content, Base64

  bool operator==(const SslConfig&) const = default;
};

struct CustomizedDns {  // table 13
  std::optional<bool> isSetDns;
  std::optional<std::string> setDnsAction, dnsIp;

  bool operator==(const CustomizedDns&) const = default;
};

struct EndpointInfo {  // table 7
  std::optional<std::string> dbType, endpointType, endpointRole;
  Endpoint endpoint;
  std::optional<CloudPlace> cloud;
  std::optional<EndpointVpc> vpc;
  std::optional<EndpointConfig> config;
  std::optional<SslConfig> ssl;
  std::optional<CustomizedDns> customizedDns;

  bool operator==(const EndpointInfo&) const = default;
};

struct AlarmNotify {  // table 14
  std::optional<bool> alarmToUser;
  std::optional<std::string> topicUrn;
  std::optional<std::int64_t> delayTime, rpoDelay, rtoDelay;

  bool operator==(const AlarmNotify&) const = default;
};

struct SpeedWindow {  // table 15: UTC, begin "hh:mm", end "hh:59", speed in 10^6 bytes per second as text
  std::optional<std::string> begin, end, speed;

  bool operator==(const SpeedWindow&) const = default;
};

struct MigratedUser {  // table 17
  std::optional<std::string> id, account;
  std::optional<bool> isSetPassword;
  std::optional<Secret> password;

  bool operator==(const MigratedUser&) const = default;
};

struct MigratedRole {  // table 18
  std::optional<std::string> role;

  bool operator==(const MigratedRole&) const = default;
};

struct UserMigration {  // table 16
  std::optional<bool> isMigrateUser, isSetPassword;
  std::optional<Secret> password;
  std::optional<std::vector<MigratedUser>> userList;
  std::optional<std::vector<MigratedRole>> roleList;

  bool operator==(const UserMigration&) const = default;
};

struct PolicyConfig {  // table 19
  std::optional<std::string> filterDdlPolicy, conflictPolicy, dataSyncTopologyType, supportDdlInfo, syncTypePolicy,
      incrementReadMode, dmlTypes;
  std::optional<bool> indexTrans, ddlTrans, isCreateTableWithIndex;

  bool operator==(const PolicyConfig&) const = default;
};

struct ColumnObject {  // table 25
  std::optional<std::string> syncType, primaryKeyForDataFiltering, indexForDataFiltering, name, type,
      primaryKeyForColumnFiltering, operationType, value;
  std::optional<bool> filtered, additional;

  bool operator==(const ColumnObject&) const = default;
};

struct TableObject {  // table 24
  std::optional<std::string> syncType, type, name, dbAliasName, schemaAliasName;
  std::optional<bool> all, filtered, isSynchronized;
  std::optional<std::vector<std::string>> filterConditions, configConditions;
  std::optional<std::map<std::string, ColumnObject>> columns;

  bool operator==(const TableObject&) const = default;
};

struct SchemaObject {  // table 23
  std::optional<std::string> syncType, name;
  std::optional<bool> all;
  std::optional<std::map<std::string, TableObject>> tables;

  bool operator==(const SchemaObject&) const = default;
};

struct DatabaseObject {  // table 22
  std::optional<std::string> syncType, name;
  std::optional<bool> all, isSynchronized;
  std::optional<std::int64_t> totalTableNum;
  std::optional<std::map<std::string, SchemaObject>> schemas;
  std::optional<std::map<std::string, TableObject>> tables;

  bool operator==(const DatabaseObject&) const = default;
};

struct TargetRootDb {  // table 21
  std::optional<std::string> dbName, dbEncoding;

  bool operator==(const TargetRootDb&) const = default;
};

struct DbObject {  // table 20: the selection as asked
  std::optional<std::string> objectScope;
  std::optional<TargetRootDb> targetRootDb;
  std::optional<std::map<std::string, DatabaseObject>> objectInfo;

  bool operator==(const DbObject&) const = default;
};

struct DbParamItem {  // table 27
  std::optional<std::string> key, targetValue;

  bool operator==(const DbParamItem&) const = default;
};

struct DbParam {  // table 26
  std::optional<std::vector<DbParamItem>> common, performance;

  bool operator==(const DbParam&) const = default;
};

struct TuningParam {  // table 29
  std::optional<std::string> paramName, paramValue;
  std::optional<bool> availability;

  bool operator==(const TuningParam&) const = default;
};

struct TuningParams {  // table 28; in batch updates the four arrive as maps name → value, with `recovery`
  std::optional<std::vector<TuningParam>> fullSync, increCapture, increApply, increRelay;
  std::optional<bool> recovery;

  bool operator==(const TuningParams&) const = default;
};

struct PeriodOrder {  // table 30
  std::optional<std::int64_t> periodType, periodNum, isAutoRenew;

  bool operator==(const PeriodOrder&) const = default;
};

struct NodeSpec {  // table 32
  std::optional<std::string> nodeType;

  bool operator==(const NodeSpec&) const = default;
};

struct VpcPlace {  // table 33
  std::optional<std::string> vpcId, subnetId, customNodeIp, securityGroupId;

  bool operator==(const VpcPlace&) const = default;
};

struct NodeBaseInfo {  // table 34
  std::optional<std::string> instanceType, arch, availabilityZone, status, role;

  bool operator==(const NodeBaseInfo&) const = default;
};

struct NodeInfo {  // table 31
  std::optional<NodeSpec> spec;
  std::optional<VpcPlace> vpc;
  std::optional<NodeBaseInfo> baseInfo;

  bool operator==(const NodeInfo&) const = default;
};

struct PublicIp {  // table 35
  std::optional<std::string> id, publicIp, type;

  bool operator==(const PublicIp&) const = default;
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

  bool operator==(const JobSpec&) const = default;
};

}  // namespace drs
