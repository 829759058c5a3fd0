#pragma once

#include "base/log.h"
#include "store/store.h"

#include <string>

namespace drs {

/// Removes the spools of this node (data folder) whose job is gone or has ended, or whose lane another worker runs now:
/// it began with a spool of its own. `owner`: this worker. For the start of the worker and from time to time. Throws
/// Error(storeFailed).
void removeLeftSpools(const StoreView& view, const std::string& dataFolder, const std::string& owner, const Log& log);

}  // namespace drs
