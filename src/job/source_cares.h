#pragma once

#include "base/log.h"
#include "model/job_spec.h"
#include "pipeline/source_care.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace drs {

/// How one copy minds its source. Empty if nothing is watched; then nothing waits. One thread at a time for each call.
class SourceWatch {
 public:
  SourceWatch() = default;
  SourceWatch(std::shared_ptr<SourceCare> care, std::shared_ptr<LoadGauge> gauge, SourceCare::Note note, Log log)
      : care_(std::move(care)), gauge_(std::move(gauge)), note_(std::move(note)), log_(std::move(log)) {}

  /// Before a chunk is opened: waits a while for a busy source. False = it is still busy, or stop was requested. Throws
  /// Error if the source does not answer.
  [[nodiscard]] bool mayOpen(const std::stop_token& stop);
  /// Within a chunk: waits too, but no longer than half a minute for all of the chunk, whose snapshot is a burden for
  /// the source by itself. A source that does not answer is left to the chunk's own session.
  void holdWithin(const std::stop_token& stop);

 private:
  std::shared_ptr<SourceCare> care_;
  std::shared_ptr<LoadGauge> gauge_;
  SourceCare::Note note_;
  Log log_{};
  std::chrono::milliseconds held_{0};  ///< within the chunk
};

/// The care of each source that is copied on this node, by job. Sessions are kept while a copy of the job runs.
/// Threads: any.
class SourceCares {
 public:
  struct Shared {
    std::shared_ptr<SourceCare> care;
    std::shared_ptr<LoadGauge> gauge;  ///< null: nothing is watched
  };
  /// `make` opens nothing yet. A changed spec (by its pointer) begins anew.
  [[nodiscard]] Shared get(const std::string& jobId, const std::shared_ptr<const JobSpec>& spec,
                           const std::function<std::unique_ptr<LoadGauge>()>& make);
  /// Jobs whose copies are held back now.
  [[nodiscard]] std::size_t heldBack() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    std::shared_ptr<const JobSpec> spec;
    std::shared_ptr<SourceCare> care;
    std::weak_ptr<LoadGauge> gauge;
    Time usedAt;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace drs
