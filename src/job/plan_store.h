#pragma once

#include "pipeline/interfaces.h"
#include "store/store.h"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace drs {

/// What planning fixed for a job: kept as its document "plan" until a reset.
struct StoredPlan {
  Position start;  ///< P0: noted before the tables were described and before any chunk was read
  Plans plans;
  DatabaseCollations collations;  ///< of the source's databases
};

// JSON texts. Decoding throws Error(storeDamaged); encoding never fails for what a server can send.
[[nodiscard]] std::string encodePlan(const StoredPlan& plan);
[[nodiscard]] StoredPlan decodePlan(const std::string& text);
[[nodiscard]] std::string encodeChunk(const Chunk& chunk);
[[nodiscard]] Chunk decodeChunk(const std::string& text);
/// Without the bounds: what the windows need.
[[nodiscard]] std::string encodeChunkList(const std::vector<Chunk>& chunks);
[[nodiscard]] std::vector<Chunk> decodeChunkList(const std::string& text);

/// Names of the documents.
inline constexpr const char* kPlanDocument = "plan";
/// The plan with what the statements of the log have made of it, as of the replay's last start; absent: nothing yet.
/// The replay itself believes the target alone.
inline constexpr const char* kCurrentPlanDocument = "currentPlan";
inline constexpr const char* kChunksDocument = "chunks";

/// The plans in force, for whoever looks at both sides: those of kCurrentPlanDocument, else of the plan. Throws Error
/// (internal) if there is no plan.
[[nodiscard]] Plans plansInForce(Store& store, const std::string& jobId);

/// Hands out decoded plans, so that the many copy tasks of a job do not each parse the document. Keeps the few that
/// were used last. Threads: any.
class PlanCache {
 public:
  /// The job's plan with the number `plan` (Fence::plan). Throws Error(internal) if it was never stored.
  [[nodiscard]] std::shared_ptr<const StoredPlan> get(Store& store, const std::string& jobId, std::uint64_t plan);
  /// Keeps a plan that has just been stored, so that nobody decodes it.
  void put(const std::string& jobId, std::uint64_t plan, std::shared_ptr<const StoredPlan> stored);

 private:
  struct Entry {
    std::string jobId;
    std::uint64_t plan = 0;
    std::shared_ptr<const StoredPlan> stored;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  ///< newest use first
};

}  // namespace drs
