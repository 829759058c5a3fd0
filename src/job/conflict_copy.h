#pragma once

#include "job/task_body.h"
#include "pipeline/interfaces.h"

#include <cstdint>

namespace drs {

/// Carries the conflicts that the target notes in the transactions of the data over to the store, for the list of dirty
/// data: who asks for it may be on a node that does not reach the target, or ask when the target is away. What a killed
/// worker did not carry comes with the next run. One thread.
class ConflictCopy {
 public:
  /// Conflicts of a job that the store keeps, the newest ones; as many as the target keeps.
  static constexpr std::uint64_t kMost = 10'000;

  ConflictCopy(const TaskContext& context, Sink& sink);

  /// Carries what is new. False: it failed, which is logged; the next call tries again.
  bool bring();
  /// The same while a run goes on. `met`: its conflicts so far; nothing is asked while that stays as it was.
  void bring(std::uint64_t met);

 private:
  void carry();
  /// A line of the job's log for the first conflict, the tenth, …
  void announce(std::uint64_t before, std::uint64_t now) const;

  const TaskContext& context_;
  Sink& sink_;
  std::uint64_t last_;         ///< number of the last one in the store
  std::uint64_t brought_ = 0;  ///< `met` of the last call that worked
};

}  // namespace drs
