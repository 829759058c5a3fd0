#include "job/lane_record.h"

#include "base/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

namespace drs {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLanesOfSubTask = 4;  // API page: one sub-task for four shards

}  // namespace

std::string encodeLane(const StoredLane& stored) {
  const Lane& lane = stored.lane;
  return Json{{"number", lane.number}, {"name", lane.name},       {"text", lane.text},          {"items", lane.items},
              {"bytes", lane.bytes},   {"loaded", stored.loaded}, {"sub_task", stored.subTask}, {"turn", stored.turn}}
      .dump();
}

StoredLane decodeLane(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    StoredLane out;
    json.at("number").get_to(out.lane.number);
    json.at("name").get_to(out.lane.name);
    json.at("text").get_to(out.lane.text);
    json.at("items").get_to(out.lane.items);
    json.at("bytes").get_to(out.lane.bytes);
    json.at("loaded").get_to(out.loaded);
    out.subTask = json.value("sub_task", out.subTask);  // absent: planned by an older version
    out.turn = json.value("turn", out.turn);
    return out;
  } catch (const Json::exception& error) {
    throw Error(Msg::storeDamaged, {std::string("a lane: ") + error.what()}, Origin::store);
  }
}

void dealLanes(std::vector<StoredLane>& lanes, std::uint32_t wanted) {
  if (lanes.empty()) return;
  const std::size_t asked = wanted != 0 ? wanted : (lanes.size() + kLanesOfSubTask - 1) / kLanesOfSubTask;
  struct SubTask {
    std::uint64_t bytes = 0;
    std::uint32_t lanes = 0;
  };
  std::vector<SubTask> subTasks(std::min(asked, lanes.size()));
  std::vector<std::size_t> order(lanes.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return lanes[a].lane.bytes > lanes[b].lane.bytes; });
  for (const std::size_t each : order) {
    // Of those with the same load, the one with the fewest lanes: a source may not tell its memory.
    const auto least = std::ranges::min_element(subTasks, [](const SubTask& a, const SubTask& b) {
      return a.bytes != b.bytes ? a.bytes < b.bytes : a.lanes < b.lanes;
    });
    lanes[each].subTask = static_cast<std::uint32_t>(least - subTasks.begin());
    lanes[each].turn = least->lanes++;
    least->bytes += lanes[each].lane.bytes;
  }
}

std::vector<StoredLane> lanesOf(const std::vector<TaskRecord>& tasks) {
  std::vector<StoredLane> out;
  for (const TaskRecord& task : tasks)
    if (task.kind == TaskKind::lane && task.state != TaskState::cancelled) out.push_back(decodeLane(task.payload));
  return out;
}

bool mayLoad(const StoredLane& lane, const std::vector<StoredLane>& lanes) {
  if (lane.loaded) return true;
  const auto before = std::ranges::count_if(lanes, [&](const StoredLane& other) {
    return other.subTask == lane.subTask && other.turn < lane.turn && !other.loaded;
  });
  return static_cast<std::size_t>(before) < kLoadsOfSubTask;
}

}  // namespace drs
