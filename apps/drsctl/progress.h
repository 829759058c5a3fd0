#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

// What `watch` shows of a job, made from GET /jobs/{id}?type=progress. Pure functions.

namespace drs::ctl {

/// What a line of progress says.
struct ProgressLine {
  std::string name, status;
  int percent = 0;                     ///< of the full phase
  std::string delay;                   ///< for people; "" outside the incremental phase
  std::optional<double> delaySeconds;  ///< the same for programs
  std::string remains;                 ///< seconds; "" if not known
};
[[nodiscard]] ProgressLine progressLine(const std::string& name, const nlohmann::json& job);

/// "orders  FULL_TRANSFER_STARTED  [#####-----]  50 %  2 min left".
[[nodiscard]] std::string withBar(const ProgressLine& line, std::size_t nameWidth);
/// The same without a bar, for logs and pipes.
[[nodiscard]] std::string withoutBar(const ProgressLine& line);

/// Where a status leaves somebody who waits.
enum class Rest { moving, reached, failed };
/// `until`: a status to wait for, or empty: the incremental phase (unless `follow`) and what does not move by itself:
/// copied without incremental phase, paused, ended.
[[nodiscard]] Rest restOf(const std::string& status, const std::string& taskType, const std::string& until,
                          bool follow);

}  // namespace drs::ctl
