#include "engine/redis/slot_state.h"

#include "engine/redis/selection.h"
#include "wire/resp/slot.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <tuple>

namespace drs::redis {
namespace {

bool takeNumber(std::string_view& text, std::uint64_t& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return true;
}

void takeMember(std::string_view member, double score, SlotState& state) {
  std::uint64_t plan = 0;
  std::uint64_t epoch = 0;
  std::uint64_t seat = 0;
  const bool isNumber = score == std::floor(score) && score >= 0;
  if (member.starts_with("m ")) {
    member.remove_prefix(2);
    std::uint64_t generation = 0;
    if (!takeNumber(member, generation) || generation < state.generation || !isNumber) return;
    state.generation = generation;
    state.offset = static_cast<std::uint64_t>(score);
    return;
  }
  if (!takeNumber(member, plan) || !takeNumber(member, epoch) || !takeNumber(member, seat)) return;
  const Fence fence{plan, epoch};
  if (state.owner) {
    // A guard puts half a number where it finds less, or nothing: that owner is no more, or has lost a batch.
    const auto rank = [](bool whole, const Fence& of, std::uint64_t its) {
      return std::tuple(whole, of.plan, of.epoch, its);
    };
    if (rank(isNumber, fence, seat) < rank(state.isWhole, *state.owner, state.seat)) return;
  }
  state.owner = fence;
  state.seat = static_cast<std::uint32_t>(seat);
  state.sequence = isNumber ? static_cast<std::uint64_t>(score) : 0;
  state.isWhole = isNumber;
}

}  // namespace

bool isNewer(const Fence& a, const Fence& b) {
  return a.plan != b.plan ? a.plan > b.plan : a.epoch > b.epoch;
}

std::string slotKey(const std::string& jobId, std::uint32_t lane, std::uint16_t slot) {
  return fmt::format("{}{{{}}}:{}:{}", kControlPrefix, resp::tagOf(slot), jobId, lane);
}

std::string clusterMarkKey(const std::string& jobId, std::uint32_t lane, std::uint16_t slot) {
  return slotKey(jobId, lane, slot) + ":mark";
}

std::optional<std::uint32_t> laneOfKey(const std::string& jobId, std::string_view key) {
  const std::string before = std::string(kControlPrefix) + "{";
  const std::string behind = "}:" + jobId + ":";
  const std::size_t at = key.find(behind);
  if (!key.starts_with(before) || at == std::string_view::npos) return std::nullopt;
  key.remove_prefix(at + behind.size());
  std::uint32_t lane = 0;
  const auto [end, failure] = std::from_chars(key.data(), key.data() + key.size(), lane);
  if (failure != std::errc()) return std::nullopt;
  return lane;
}

std::string seatText(const Fence& fence, std::uint32_t seat) {
  return fmt::format("{} {} {}", fence.plan, fence.epoch, seat);
}

std::string generationText(std::uint64_t generation) {
  return fmt::format("m {}", generation);
}

SlotState parseSlotState(const resp::Reply& reply) {
  SlotState state;
  const auto& elements = reply.elements();
  for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
    const std::string& text = elements[i + 1].text();
    double score = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), score);
    if (failure == std::errc() && end == text.data() + text.size()) takeMember(elements[i].text(), score, state);
  }
  return state;
}

std::string toText(const ClusterMark& mark) {
  std::string out = fmt::format("{} {}\n{}\n", mark.generation, mark.mark.dbSince, toText(mark.mark));
  for (const std::uint64_t each : mark.sequences)
    for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(each >> shift & 0xFFU);
  return out;
}

std::optional<ClusterMark> parseClusterMark(std::string_view text) {
  ClusterMark out;
  const std::size_t first = text.find('\n');
  if (first == std::string_view::npos) return std::nullopt;
  std::string_view head = text.substr(0, first);
  text.remove_prefix(first + 1);
  const std::size_t second = text.find('\n');
  if (second == std::string_view::npos) return std::nullopt;
  auto mark = parseMark(text.substr(0, second));
  text.remove_prefix(second + 1);
  std::uint64_t since = 0;
  if (!mark || !takeNumber(head, out.generation) || !takeNumber(head, since)) return std::nullopt;
  if (text.size() != std::size_t{resp::kSlots} * sizeof(std::uint64_t)) return std::nullopt;
  out.mark = std::move(*mark);
  out.mark.dbSince = since;
  out.sequences.resize(resp::kSlots);
  for (std::size_t i = 0; i < text.size(); ++i)
    out.sequences[i / 8] |= std::uint64_t{static_cast<unsigned char>(text[i])} << (i % 8 * 8);
  return out;
}

}  // namespace drs::redis
