#pragma once

#include "pipeline/interfaces.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What stands in the target of a lane, beside the data and written in the same transactions (docs/adr): who may write,
// and how far the lane is.

namespace drs::redis {

/// Keys of a lane at the target, in the database that the data is in.
struct ControlKeys {
  ControlKeys(const std::string& jobId, std::uint32_t lane);
  std::string owner;  ///< text of Fence; in the lane's home database only
  std::string mark;   ///< text of LaneMark; in each database that the lane has written to
};

[[nodiscard]] std::string toText(const Fence& fence);
/// Nothing if the text is no fence.
[[nodiscard]] std::optional<Fence> parseFence(std::string_view text);

/// How far a lane is: durable with the data. The newest of a lane's databases counts.
struct LaneMark {
  enum class State : std::uint8_t { loading, following };
  std::uint64_t plan = 0;      ///< Fence::plan
  std::uint64_t sequence = 0;  ///< grows with every mark of the lane: the highest is the newest
  State state = State::loading;
  bool wasEmpty = false;       ///< nothing that the job covers stood in the target when the first copy began
  bool holds = true;           ///< deadlines are held back (deadlines.h)
  std::string replId;          ///< of the source's stream
  std::uint64_t offset = 0;    ///< everything up to here is applied
  std::uint64_t db = 0;        ///< of the source's stream at offset
  std::uint64_t verified = 0;  ///< up to here the target's answers were seen, and none was an error
  std::uint64_t dbSince = 0;   ///< the stream has been in `db` since this offset; of clusters only (slot_state.h)
  std::string failure;         ///< the command behind `verified` that the target refused while it took the others
  std::string shard;           ///< of a cluster's shard: text of LaneSlots; one word, empty: no such
};

[[nodiscard]] std::string toText(const LaneMark& mark);
/// Nothing if the text is no mark.
[[nodiscard]] std::optional<LaneMark> parseMark(std::string_view text);

}  // namespace drs::redis
