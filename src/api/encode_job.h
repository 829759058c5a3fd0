#pragma once

#include "base/clock.h"
#include "job/job_service.h"

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string>
#include <string_view>

// Records of a job as the answers show them (v5-endpoints.md 2.2, 2.5, 2.9). Pure functions. Numbers that the contract
// has as text are text here.

namespace drs::api {

/// "2026-01-05T08:30:12Z".
[[nodiscard]] std::string isoTime(UnixMillis millis);

/// {"available_actions","unavailable_actions","current_action"}.
[[nodiscard]] nlohmann::ordered_json encodeActions(const JobActions& actions);

/// One element of the job list; `actions` is the object of encodeActions().
[[nodiscard]] nlohmann::ordered_json encodeJobListItem(const JobRecord& job, nlohmann::ordered_json actions);

/// The job's head and all blocks of its request, without secrets and without db_object.
[[nodiscard]] nlohmann::ordered_json encodeJobDetail(const JobRecord& job);

/// One element of a batch's detail: the job detail with the results of the validation.
[[nodiscard]] nlohmann::ordered_json encodeBatchJob(const JobRecord& job);

[[nodiscard]] nlohmann::ordered_json encodeNetworkResults(std::span<const NetworkRow> rows);
[[nodiscard]] nlohmann::ordered_json encodePrecheck(const PrecheckReport& report);
[[nodiscard]] nlohmann::ordered_json encodeLogs(std::span<const EventRecord> events);

}  // namespace drs::api
