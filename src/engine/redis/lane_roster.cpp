#include "engine/redis/lane_roster.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace drs::redis {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

LaneRoster::LaneRoster(const std::vector<Shard>& shards) {
  for (const Shard& shard : shards)
    if (shard.cluster) ids_.push_back(shard.nodeIds);
}

LaneRoster::LaneRoster(const std::string& laneText) {
  const std::size_t bar = laneText.find('|');
  if (bar == std::string::npos) return;
  for (const std::string& lane : split(std::string_view(laneText).substr(bar + 1), ';'))
    ids_.push_back(split(lane, ','));
}

std::string LaneRoster::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& lane : ids_) {
    if (!out.empty()) out += ';';
    for (std::size_t i = 0; i < lane.size(); ++i) out += (i == 0 ? "" : ",") + lane[i];
  }
  return out;
}

std::size_t LaneRoster::lanes() const {
  const std::lock_guard lock(mutex_);
  return ids_.size();
}

std::optional<std::uint32_t> LaneRoster::knownLaneOf(const std::string& nodeId) const {
  for (std::size_t lane = 0; lane < ids_.size(); ++lane)
    if (std::ranges::find(ids_[lane], nodeId) != ids_[lane].end()) return static_cast<std::uint32_t>(lane);
  return std::nullopt;
}

std::optional<std::uint32_t> LaneRoster::laneOf(const std::string& nodeId) const {
  const std::lock_guard lock(mutex_);
  return knownLaneOf(nodeId);
}

void LaneRoster::learn(const std::vector<ClusterNode>& nodes) {
  const std::lock_guard lock(mutex_);
  for (const ClusterNode& node : nodes) {
    const auto lane = node.masterId.empty() ? std::nullopt : knownLaneOf(node.masterId);
    if (lane && !knownLaneOf(node.id)) ids_[*lane].push_back(node.id);
  }
}

const Shard* LaneRoster::find(const std::vector<Shard>& shards, std::uint32_t lane) const {
  // The primary's id stands first. A replica may have gone over to another shard.
  for (const Shard& shard : shards)
    if (!shard.nodeIds.empty() && laneOf(shard.nodeIds.front()) == lane) return &shard;
  return nullptr;
}

std::string slotsPart(const std::string& laneText) {
  return laneText.substr(0, laneText.find('|'));
}

std::string encodeSlots(const std::vector<SlotRange>& slots) {
  std::string out;
  for (const auto& [first, last] : slots) out += fmt::format("{}{}-{}", out.empty() ? "" : ",", first, last);
  return out;
}

std::vector<SlotRange> decodeSlots(const std::string& text) {
  std::vector<SlotRange> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    SlotRange& range = out.emplace_back();
    const auto first = std::from_chars(at, end, range.first);
    const bool dash = first.ec == std::errc() && first.ptr != end && *first.ptr == '-';
    const auto last = dash ? std::from_chars(first.ptr + 1, end, range.second) : first;
    if (!dash || last.ec != std::errc() || (last.ptr != end && *last.ptr != ','))
      throw Error(Msg::internal, {"'" + text + "' is no list of slots"});
    at = last.ptr == end ? end : last.ptr + 1;
  }
  return out;
}

}  // namespace drs::redis
