#pragma once

#include "model/field_spec.h"
#include "model/job_spec.h"

// The tables of all objects of the request. The rules stand in spec_tables_job.cpp (tables 4 to 6),
// spec_tables_endpoint.cpp (7 to 13), spec_tables_objects.cpp (20 to 25), spec_tables_settings.cpp (14 to 19, 26 to
// 29) and spec_tables_node.cpp (30 to 35).

namespace drs {

// clang-format off: it never settles on this list
#define DRS_SPEC_OBJECTS(X)                                                                                        \
  X(JobSpec)                                                                                                       \
  X(BaseInfo)                                                                                                      \
  X(Tag)                                                                                                           \
  X(EndpointInfo)                                                                                                  \
  X(Endpoint)                                                                                                      \
  X(CloudPlace)                                                                                                    \
  X(EndpointVpc)                                                                                                   \
  X(EndpointConfig) X(SslConfig) X(CustomizedDns) X(AlarmNotify) X(SpeedWindow) X(UserMigration) X(MigratedUser)   \
      X(MigratedRole) X(PolicyConfig) X(DbObject) X(TargetRootDb) X(DatabaseObject) X(SchemaObject) X(TableObject) \
          X(ColumnObject) X(DbParam) X(DbParamItem) X(TuningParams) X(TuningParam) X(PeriodOrder) X(NodeInfo)      \
              X(NodeSpec) X(VpcPlace) X(NodeBaseInfo) X(PublicIp)
// clang-format on

#define X(object) \
  template <>     \
  const Table<object>& tableOf<object>();
DRS_SPEC_OBJECTS(X)
#undef X

/// source_sharding: shards within shards are bounded by kMaxShardDepth.
void decodeValue(std::optional<std::vector<Endpoint>>& out, const Json& value, const Rule& rule,
                 const std::string& path, Decoding& run);

}  // namespace drs
