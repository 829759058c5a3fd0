#pragma once

#include "model/decoding.h"
#include "model/job_spec.h"

#include <string>
#include <vector>

namespace drs {

/// The rules that join several fields of one job, in the order of the checklist; each is one function of
/// cross_rules.cpp. A rule keeps silent about values that are absent or were already refused by their own field's rule.
void checkCrossFieldRules(const JobSpec& job, const std::string& path, Decoding& run);

/// The part of them that looks at the selection alone.
void checkSelectionRules(const DbObject& selection, const std::string& path, Decoding& run);

/// Windows of a speed limit: none is empty, none overlaps another. `path` is that of the list.
void checkSpeedWindows(const std::vector<SpeedWindow>& windows, const std::string& path, Decoding& run);

/// The part of them that looks at one endpoint alone.
void checkEndpointRules(const EndpointInfo& endpoint, const std::string& path, Decoding& run);

}  // namespace drs
