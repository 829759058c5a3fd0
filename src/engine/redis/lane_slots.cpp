#include "engine/redis/lane_slots.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

// The word in a mark: "0-5460,7000-7000/93:1200:0,94:1317:0": the lane's own slots, then those that are held with
// offset and database.

namespace drs::redis {
namespace {

std::string_view takeWord(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return piece;
}

std::uint64_t markNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    throw Error(Msg::internal, {"a mark has '" + std::string(text) + "' where a number is to be"});
  return value;
}

std::uint16_t markSlot(std::string_view text) {
  const std::uint64_t value = markNumber(text);
  if (value >= resp::kSlots) throw Error(Msg::internal, {"a mark has a slot " + std::string(text)});
  return static_cast<std::uint16_t>(value);
}

}  // namespace

SlotSet slotSetOf(const std::vector<SlotRange>& ranges) {
  SlotSet out;
  for (const auto& [first, last] : ranges)
    for (std::size_t slot = first; slot <= last && slot < out.size(); ++slot) out.set(slot);
  return out;
}

std::vector<SlotRange> rangesOf(const SlotSet& slots) {
  std::vector<SlotRange> out;
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (!slots.test(slot)) continue;
    const std::size_t first = slot;
    while (slot + 1 < slots.size() && slots.test(slot + 1)) ++slot;
    out.emplace_back(static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(slot));
  }
  return out;
}

std::string describe(const SlotSet& slots) {
  constexpr std::size_t kShown = 10;
  std::string out;
  std::size_t shown = 0;
  for (const auto& [first, last] : rangesOf(slots)) {
    if (++shown > kShown) return out + ", …";
    out += (out.empty() ? "" : ", ") + std::to_string(first);
    if (last != first) out += "-" + std::to_string(last);
  }
  return out;
}

std::uint64_t LaneSlots::neededFrom(std::uint64_t offset) const {
  for (const auto& [slot, each] : held) offset = std::min(offset, each.from);
  return offset;
}

std::string toText(const LaneSlots& slots) {
  std::string out;
  for (const auto& [first, last] : rangesOf(slots.own))
    fmt::format_to(std::back_inserter(out), "{}{}-{}", out.empty() ? "" : ",", first, last);
  out += '/';
  bool isFirst = true;
  for (const auto& [slot, each] : slots.held) {
    fmt::format_to(std::back_inserter(out), "{}{}:{}:{}", isFirst ? "" : ",", slot, each.from, each.db);
    isFirst = false;
  }
  return out;
}

LaneSlots parseLaneSlots(std::string_view text) {
  LaneSlots out;
  std::string_view own = takeWord(text, '/');
  while (!own.empty()) {
    std::string_view range = takeWord(own, ',');
    const std::uint16_t first = markSlot(takeWord(range, '-'));
    const std::uint16_t last = markSlot(range);
    for (std::size_t slot = first; slot <= last; ++slot) out.own.set(slot);
  }
  while (!text.empty()) {
    std::string_view each = takeWord(text, ',');
    const std::uint16_t slot = markSlot(takeWord(each, ':'));
    const std::uint64_t from = markNumber(takeWord(each, ':'));
    out.held[slot] = {from, markNumber(each)};
  }
  return out;
}

}  // namespace drs::redis
