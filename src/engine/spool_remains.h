#pragma once

#include <functional>
#include <string>
#include <vector>

namespace drs {

/// Removes what lanes have left in the folder of spools (EngineLimits::spoolFolder) and nobody needs: of each
/// <job>/<lane> for which `isNeeded` says no, unless a run still has one of its locks. What cannot be removed stays.
/// `lane` empty: is the folder of the job itself still needed? Returns the folders that went. `isNeeded` may throw,
/// which ends the call.
std::vector<std::string> removeSpoolRemains(
    const std::string& spoolFolder,
    const std::function<bool(const std::string& jobId, const std::string& lane)>& isNeeded);

}  // namespace drs
