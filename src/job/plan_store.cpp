#include "job/plan_store.h"

#include "base/error.h"
#include "transform/plan_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace drs {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kCachedPlans = 8;

template <typename T, typename Encode>
Json listOf(const std::vector<T>& items, Encode encode) {
  Json out = Json::array();
  for (const T& item : items) out.push_back(encode(item));
  return out;
}

template <typename T, typename Decode>
std::vector<T> listFrom(const Json& json, Decode decode) {
  std::vector<T> out;
  out.reserve(json.size());
  for (const Json& item : json) out.push_back(decode(item));
  return out;
}

Json fromChunk(const Chunk& chunk) {
  return {{"number", chunk.number}, {"plans", chunk.plans}, {"exact", chunk.exact}};
}

Chunk toChunk(const Json& json) {
  Chunk chunk;
  chunk.number = json.at("number").get<std::uint32_t>();
  chunk.plans = json.at("plans").get<std::vector<std::size_t>>();
  chunk.exact = json.at("exact").get<bool>();
  return chunk;
}

template <typename Body>
auto decoding(const std::string& text, Body body) {
  try {
    return body(Json::parse(text));
  } catch (const Json::exception& e) {
    throw Error(Msg::storeDamaged, {"a plan is not readable"}, Origin::store, e.what());
  }
}

}  // namespace

std::string encodePlan(const StoredPlan& plan) {
  return Json{{"start", plan.start.text}, {"plans", listOf(plan.plans, fromTablePlan)}, {"collations", plan.collations}}
      .dump();
}

StoredPlan decodePlan(const std::string& text) {
  return decoding(text, [](const Json& json) {
    return StoredPlan{{json.at("start").get<std::string>()},
                      listFrom<TablePlan>(json.at("plans"), toTablePlan),
                      json.value("collations", DatabaseCollations())};
  });
}

std::string encodeChunk(const Chunk& chunk) {
  Json json = fromChunk(chunk);
  json["after"] = packAll(chunk.after);
  json["upTo"] = packAll(chunk.upTo);
  json["rows"] = chunk.estimatedRows;
  json["bytes"] = chunk.estimatedBytes;
  if (chunk.largeRows) json["largeRows"] = true;
  return json.dump();
}

Chunk decodeChunk(const std::string& text) {
  return decoding(text, [](const Json& json) {
    Chunk chunk = toChunk(json);
    chunk.after = unpackAll(json.at("after"));
    chunk.upTo = unpackAll(json.at("upTo"));
    chunk.estimatedRows = json.at("rows").get<std::uint64_t>();
    chunk.estimatedBytes = json.at("bytes").get<std::uint64_t>();
    chunk.largeRows = json.value("largeRows", false);
    return chunk;
  });
}

std::string encodeChunkList(const std::vector<Chunk>& chunks) {
  return listOf(chunks, fromChunk).dump();
}

std::vector<Chunk> decodeChunkList(const std::string& text) {
  return decoding(text, [](const Json& json) { return listFrom<Chunk>(json, toChunk); });
}

Plans plansInForce(Store& store, const std::string& jobId) {
  const auto view = store.view();
  auto document = view.document(jobId, kCurrentPlanDocument);
  if (!document) document = view.document(jobId, kPlanDocument);
  if (!document) throw Error(Msg::internal, {"the job has no plan"});
  return decodePlan(*document).plans;
}

std::shared_ptr<const StoredPlan> PlanCache::get(Store& store, const std::string& jobId, std::uint64_t plan) {
  {
    const std::lock_guard lock(mutex_);
    const auto hit = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.jobId == jobId && entry.plan == plan; });
    if (hit != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, hit);
      return entries_.front().stored;
    }
  }
  const auto document = store.view().document(jobId, kPlanDocument);
  if (!document) throw Error(Msg::internal, {"the job has no plan"});
  auto stored = std::make_shared<const StoredPlan>(decodePlan(*document));
  put(jobId, plan, stored);
  return stored;
}

void PlanCache::put(const std::string& jobId, std::uint64_t plan, std::shared_ptr<const StoredPlan> stored) {
  const std::lock_guard lock(mutex_);
  entries_.push_front({jobId, plan, std::move(stored)});
  if (entries_.size() > kCachedPlans) entries_.pop_back();
}

}  // namespace drs
