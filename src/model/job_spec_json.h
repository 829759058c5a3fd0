#pragma once

#include "base/error.h"
#include "model/job_spec.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace drs {

/// One thing that is wrong with a request: where ("jobs[0].base_info.name"), the value as the client sent it (at most
/// 64 characters and "…"; "***" for a secret), what is allowed, and the message of the catalogue. All texts are UTF-8.
struct Problem {
  Msg msg;
  std::string path;
  std::string value;
  std::string allowed;
  std::vector<std::string> args;  ///< for the catalogue's text
};

struct DecodedJob {
  JobSpec spec;
  std::vector<Problem> problems;  ///< empty = every rule that can be seen in the request holds
};

/// Decodes one job of a batch (table 4 and below) and checks each field's own rules and the cross-field rules
/// (batch-async-create.md section 3, decisions.md). `path` is the JSON path of the object, e.g. "jobs[0]".
/// Never throws for what a client can send. Finds at most 1,000 problems, in the order of the API page, then those of
/// cross-field rules in the order of the checklist; a field whose own rule is broken stays absent.
[[nodiscard]] DecodedJob decodeJob(const nlohmann::json& job, const std::string& path);

/// Decodes a whole body {"jobs": […]} of 1 to `maxJobs` jobs, duplicate names included.
struct DecodedBatch {
  std::vector<JobSpec> jobs;
  std::vector<Problem> problems;
};
[[nodiscard]] DecodedBatch decodeBatch(const nlohmann::json& body, std::size_t maxJobs);

/// Lays the members of `params` (a batch update, v5-endpoints.md 2.3) over `spec` and checks the result as a whole:
/// base_info member by member, every other block as a whole. tuning_params may be maps from name to value. With
/// problems, `spec` is half changed and of no use.
///
/// A secret that the update leaves out stays if its endpoint is the stored one (by endpoint.id, else by position). A
/// password stays only for the same address, instance, user and name server: else an update could send it elsewhere.
[[nodiscard]] std::vector<Problem> updateJob(JobSpec& spec, const nlohmann::json& params, const std::string& path);

/// Decodes a db_object / object_info map / endpoint info / speed_limit alone (actions and updates use them).
[[nodiscard]] std::vector<Problem> decodeDbObject(DbObject& out, const nlohmann::json& value, const std::string& path);
[[nodiscard]] std::vector<Problem> decodeEndpointInfo(EndpointInfo& out, const nlohmann::json& value,
                                                      const std::string& path);

[[nodiscard]] std::vector<Problem> decodeSpeedLimit(std::vector<SpeedWindow>& out, const nlohmann::json& value,
                                                    const std::string& path);

enum class EncodeFor { answer, store };
/// answer: without secrets and without db_object (which has its own call); store: with the sealed secrets and
/// everything. Throws Error(internal) when asked to store a secret that is not sealed.
[[nodiscard]] nlohmann::ordered_json encodeJob(const JobSpec& spec, EncodeFor purpose);
[[nodiscard]] nlohmann::ordered_json encodeDbObject(const DbObject& selection);
/// The reverse of encodeJob(store); no rules are applied. Throws Error(storeDamaged).
[[nodiscard]] JobSpec jobFromStore(const nlohmann::json& stored);

/// Calls `fn(path, secret)` for every secret present, path relative to the job
/// ("source_endpoint[0].endpoint.db_password").
void forEachSecret(JobSpec& spec, const std::function<void(const std::string& path, Secret&)>& fn);

/// Every field of every table as data: [{"object","field","mandatory","type","allowed","min","max","secret",…}], for
/// the test that holds api/openapi.yaml against the rules, and for docs/reference/request.md.
[[nodiscard]] nlohmann::ordered_json describeRequest();

/// The value of job.baseInfo.taskType etc. with the documented defaults filled in.
[[nodiscard]] std::string conflictPolicyOf(const JobSpec& spec);  ///< "stop" when absent (decisions.md)

}  // namespace drs
