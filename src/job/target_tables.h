#pragma once

#include "engine/engine.h"
#include "model/job_spec.h"
#include "store/records.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Which target tables a job writes, by canonical names, so that two jobs cannot write one table without knowing of each
// other. Two names for one server ("db1" and its address) are not recognised here; the pre-check sees the server
// itself.

namespace drs {

/// "host:port/database.table" in lower case, for every address of the target and every table.
[[nodiscard]] std::vector<std::string> targetKeys(const JobSpec& spec, const InstanceCatalogue& instances,
                                                  const std::vector<TableRecord>& tables);
/// "database.table" of a key.
[[nodiscard]] std::string tableOfKey(const std::string& key);

/// True if both jobs say that several sources share a target (data_sync_topology_type many2one).
[[nodiscard]] bool mayShareTarget(const JobSpec& a, const JobSpec& b);

/// A target table that both selections name on one server, as far as it shows without looking at the source
/// ("shop.orders", or "shop.*" for a whole database). Nothing for object_scope all: that shows when the job is planned.
[[nodiscard]] std::optional<std::string> commonTarget(const JobSpec& a, const JobSpec& b,
                                                      const InstanceCatalogue& instances);

}  // namespace drs
