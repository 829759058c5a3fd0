#pragma once

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drs::ctl {

/// One HTTP exchange, already signed by whoever supplies it. Throws Failure(unreachable).
struct Answer {
  int status = 0;
  std::string body;
};
using Send = std::function<Answer(const std::string& method, const std::string& target, const std::string& body)>;

using Query = std::vector<std::pair<std::string, std::string>>;

/// The service as the commands see it: paths, JSON, paging, refusals. One thread.
class Api {
 public:
  Api(Send send, std::string projectId) : send_(std::move(send)), projectId_(std::move(projectId)) {}

  /// Calls "/v5/{project_id}" + path; a path that begins with "/v" is taken as it stands, "{project_id}" replaced.
  /// An empty answer is null. Throws Failure(refused) with error_code, error_msg and every element of errors[] for a
  /// status of 400 and above, Failure(unreachable) for an answer that is not JSON.
  nlohmann::json get(const std::string& path, const Query& query = {});
  nlohmann::json send(const std::string& method, const std::string& path, const nlohmann::json& body);
  nlohmann::json send(const std::string& method, const std::string& path);

  /// All rows of a list, page by page. `member`: where the rows are ("jobs").
  nlohmann::json list(const std::string& path, Query query, const std::string& member);

  /// Every job of the project. `type`, `status`: filters, may be empty.
  nlohmann::json jobs(const std::string& type, const std::string& status);

  /// The id of the job with this id or name (any case). Throws Failure(refused) if there is none, or if several have
  /// the name.
  std::string jobId(const std::string& idOrName);

  /// "job" of GET /jobs/{id}?type=….
  nlohmann::json detail(const std::string& id, const std::string& type, Query more = {});
  /// {"job":{"action_name","action_params"}}.
  nlohmann::json action(const std::string& id, const std::string& name, const nlohmann::json& params);

 private:
  nlohmann::json call(const std::string& method, const std::string& path, const Query& query, const std::string& body);
  [[nodiscard]] std::string target(const std::string& path, const Query& query) const;

  Send send_;
  std::string projectId_;
};

}  // namespace drs::ctl
