#pragma once

#include "job/job_service.h"
#include "transform/table_plan.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

// Shared by the job_service_*.cpp files: one file per group of calls.

namespace drs {

class JobService::Impl {
 public:
  Impl(Store& storeRef, const Sealer& sealerRef, const Settings& settingsRef)
      : store(storeRef), sealer(sealerRef), settings(settingsRef) {}

  Store& store;
  const Sealer& sealer;
  const Settings& settings;

  /// The job, if it is the actor's; deleted ones only if asked for. Throws Error(unknownJob).
  [[nodiscard]] JobRecord find(const StoreView& view, const Actor& actor, const std::string& jobId,
                               bool deletedToo = false) const;
  /// Throws Error(unknownBatch).
  [[nodiscard]] BatchRecord findBatch(const StoreView& view, const Actor& actor, const std::string& batchId) const;

  /// Reads the job, checks that the action is possible and runs `body` on it, all in one transaction.
  void act(const Actor& actor, const std::string& jobId, JobAction action,
           const std::function<void(StoreTransaction&, JobRecord&, Phase next)>& body) const;

  /// Stores what is to become of the statement at which the job stands, and resumes it. Nothing: it is skipped.
  void decideStatement(const Actor& actor, const std::string& jobId, std::uint64_t number,
                       const std::optional<std::string>& replacement) const;
  /// Who resumes a job that stands at a statement wants the statement itself to be tried.
  static void withdrawDecision(StoreTransaction& tx, const JobRecord& job);

  /// Seals what is plain. unseal() is the reverse. Both in place.
  void seal(JobSpec& spec, const std::string& jobId) const;
  void unseal(JobSpec& spec, const std::string& jobId) const;

  /// Creates a query and its task; returns its id.
  std::string ask(StoreTransaction& tx, const JobRecord& job, TaskKind kind, const std::string& payload) const;
  /// Validates a draft (again). `queryId`: who waits for it, may be empty.
  void revalidate(StoreTransaction& tx, JobRecord& job, const std::string& queryId) const;

  /// Applies an update (v5-endpoints.md 2.3) to a draft. With problems nothing is changed.
  [[nodiscard]] std::vector<Problem> change(StoreTransaction& tx, JobRecord& job, const nlohmann::json& params,
                                            const std::vector<JobRecord>& batch, std::size_t index) const;

  /// Name and target must not belong to another job. Throws Error(nameTaken, targetTaken).
  void requireFree(const StoreTransaction& tx, const JobRecord& job) const;
  /// draft → creating → scheduled or planning.
  void submit(StoreTransaction& tx, JobRecord& job, const std::string& user) const;
};

}  // namespace drs
