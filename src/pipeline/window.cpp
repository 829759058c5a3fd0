#include "pipeline/window.h"

#include "base/error.h"
#include "transform/foreign_keys.h"

#include <algorithm>
#include <map>

namespace drs {
namespace {

void dropRepeats(std::vector<Position>& positions) {
  std::sort(positions.begin(), positions.end());  // by text, which means nothing but finds equal ones
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
}

void shareByForeignKeys(const Plans& plans, std::vector<Window>& windows) {
  std::vector<TableSchemaPtr> tables;
  tables.reserve(plans.size());
  for (const TablePlan& plan : plans) tables.push_back(plan.source);
  for (const ForeignKeyFamily& family : foreignKeyFamilies(tables)) {
    if (family.tables.size() < 2) continue;
    std::vector<Position> highs;
    for (const std::size_t i : family.tables) {
      if (windows[i].exact) continue;
      highs.insert(highs.end(), windows[i].highs.begin(), windows[i].highs.end());
    }
    dropRepeats(highs);
    for (const std::size_t i : family.tables) {
      if (!windows[i].exact) windows[i].highs = highs;
    }
  }
}

}  // namespace

std::vector<Window> windowsOf(const Plans& plans, const std::vector<Chunk>& chunks,
                              const std::vector<ChunkResult>& results) {
  std::map<std::uint32_t, const ChunkResult*> resultOf;
  for (const ChunkResult& result : results) resultOf[result.number] = &result;

  std::vector<Window> windows(plans.size());
  for (const Chunk& chunk : chunks) {
    const auto found = resultOf.find(chunk.number);
    if (found == resultOf.end()) {
      throw Error(Msg::internal, {"chunk " + std::to_string(chunk.number) + " was never committed"});
    }
    for (const std::size_t plan : chunk.plans) {
      windows.at(plan).exact = chunk.exact;
      windows.at(plan).highs.push_back(found->second->high);
    }
  }
  for (Window& window : windows) dropRepeats(window.highs);
  shareByForeignKeys(plans, windows);
  return windows;
}

Position replayStart(const Source& source, const Position& planned, const std::vector<ChunkResult>& results) {
  if (std::any_of(results.begin(), results.end(), [](const ChunkResult& result) { return result.low.empty(); }))
    throw Error(Msg::databaseError, {"the source", "0", "its log was switched off while its tables were copied"},
                Origin::source);
  const auto isLowest = [&](const Position& start) {
    return std::all_of(results.begin(), results.end(),
                       [&](const ChunkResult& result) { return source.reached(result.low, start); });
  };
  if (!planned.empty() && isLowest(planned)) return planned;
  if (results.empty()) throw Error(Msg::internal, {"no position to start the replay from"}, Origin::source);
  // One pass finds the only candidate if the lows are ordered, the check tells whether they are.
  const Position* lowest = &results.front().low;
  for (const ChunkResult& result : results) {
    if (source.reached(*lowest, result.low)) lowest = &result.low;
  }
  if (!isLowest(*lowest)) {
    throw Error(Msg::internal, {"the chunks' positions have no common lower bound"}, Origin::source);
  }
  return *lowest;
}

}  // namespace drs
