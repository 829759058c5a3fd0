#include "engine/redis/control_keys.h"

#include "engine/redis/selection.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace drs::redis {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::string_view kMarkVersion = "2";  ///< 1 is the same without `shard`

/// The words of a text; the last of `most` takes the rest.
std::vector<std::string_view> split(std::string_view text, std::size_t most) {
  std::vector<std::string_view> out;
  while (out.size() + 1 < most) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) break;
    out.push_back(text.substr(0, space));
    text.remove_prefix(space + 1);
  }
  out.push_back(text);
  return out;
}

bool parse(std::string_view text, std::uint64_t& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size();
}

}  // namespace

ControlKeys::ControlKeys(const std::string& jobId, std::uint32_t lane)
    : owner(fmt::format("{}{}:{}:owner", kControlPrefix, jobId, lane)),
      mark(fmt::format("{}{}:{}:mark", kControlPrefix, jobId, lane)) {}

std::string toText(const Fence& fence) {
  return fmt::format("{} {} {}", kVersion, fence.plan, fence.epoch);
}

std::optional<Fence> parseFence(std::string_view text) {
  const auto words = split(text, 3);
  Fence out;
  if (words.size() != 3 || words[0] != kVersion || !parse(words[1], out.plan) || !parse(words[2], out.epoch))
    return std::nullopt;
  return out;
}

std::string toText(const LaneMark& mark) {
  const auto flag = [](bool set) { return set ? 1 : 0; };
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}", kMarkVersion, mark.plan, mark.sequence,
                     mark.state == LaneMark::State::loading ? "loading" : "following", flag(mark.wasEmpty),
                     flag(mark.holds), mark.replId.empty() ? "-" : mark.replId, mark.offset, mark.db, mark.verified,
                     mark.shard.empty() ? "-" : mark.shard, mark.failure);
}

std::optional<LaneMark> parseMark(std::string_view text) {
  const std::size_t count = text.starts_with("1 ") ? 11 : 12;
  const auto words = split(text, count);
  if (words.size() != count || (words[0] != kVersion && words[0] != kMarkVersion)) return std::nullopt;
  LaneMark out;
  std::uint64_t wasEmpty = 0;
  std::uint64_t holds = 0;
  if (!parse(words[1], out.plan) || !parse(words[2], out.sequence) ||
      (words[3] != "loading" && words[3] != "following") || !parse(words[4], wasEmpty) || !parse(words[5], holds) ||
      !parse(words[7], out.offset) || !parse(words[8], out.db) || !parse(words[9], out.verified))
    return std::nullopt;
  out.state = words[3] == "loading" ? LaneMark::State::loading : LaneMark::State::following;
  out.wasEmpty = wasEmpty != 0;
  out.holds = holds != 0;
  if (words[6] != "-") out.replId = words[6];
  if (count == 12 && words[10] != "-") out.shard = words[10];
  out.failure = words.back();
  return out;
}

}  // namespace drs::redis
