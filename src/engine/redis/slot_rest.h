#pragma once

#include "engine/redis/lane_slots.h"
#include "engine/redis/scope.h"
#include "engine/redis/target_writer.h"

#include <stop_token>
#include <string>

namespace drs::redis {

/// Removes the keys in these slots, which the lane is about to let go of, from the target: their server has none of
/// them any more, and need not have said so in its stream (docs/adr/2026-11-28-slots-that-move.md). They must still be
/// the lane's own in its mark, so that nobody else writes there, and the batch must be empty. `scope`: of the job, all
/// slots. False after a stop. Throws Error(redisCommand) if there are such keys and they may be somebody else's; what
/// TargetWriter::ask() and commit() throw.
[[nodiscard]] bool removeRest(TargetWriter& writer, const Scope& scope, const SlotSet& slots, const std::string& jobId,
                              const LaneMark& mark, const std::stop_token& stop);

}  // namespace drs::redis
