#include "job/cutover.h"

#include "base/error.h"
#include "store/enum_texts.h"
#include "transform/packed_text.h"

#include <nlohmann/json.hpp>

#include <array>

namespace drs {
namespace {

using Json = nlohmann::json;

constexpr auto kStates = std::to_array<std::string_view>({"RUNNING", "GOING_BACK", "SUCCESSFUL", "FAILED", "CHECKED"});
constexpr std::size_t kMostSteps = 200;

CutoverState toState(const std::string& text) {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (kStates[i] == text) return static_cast<CutoverState>(i);
  throw Error(Msg::storeDamaged, {"unknown state " + text + " of a cut-over"}, Origin::store);
}

Json fromStep(const CutoverStep& step) {
  return {{"name", step.name}, {"status", step.status}, {"message", pack(step.message)}, {"millis", step.millis}};
}

CutoverStep toStep(const Json& json) {
  return {json.at("name").get<std::string>(), json.at("status").get<std::string>(),
          unpack(json.at("message").get<std::string>()), json.at("millis").get<UnixMillis>()};
}

Cutover toCutover(const Json& json) {
  Cutover out;
  out.request.freezeSource = json.at("freeze").get<bool>();
  const std::string compare = json.at("compare").get<std::string>();
  out.request.compare = compare.empty() ? std::nullopt : std::optional(enumOf<CompareType>(compare));
  out.request.timeoutSeconds = json.at("timeout").get<int>();
  out.request.dryRun = json.at("dryRun").get<bool>();
  out.request.reverse = json.value("reverse", false);
  out.reverseFrom = json.value("reverseFrom", "");
  out.decided = json.value("decided", false);
  out.standsBy = json.value("standsBy", false);
  out.released = json.value("released", false);
  out.state = toState(json.at("state").get<std::string>());
  out.deadline = json.at("deadline").get<UnixMillis>();
  out.noted = json.at("noted").get<bool>();
  out.frozen = json.at("frozen").get<bool>();
  out.setting = json.at("setting").get<std::string>();
  out.position = json.at("position").get<std::string>();
  out.shown = json.at("shown").get<std::string>();
  out.caughtUp = json.at("caughtUp").get<bool>();
  out.compared = json.at("compared").get<bool>();
  out.compareId = json.at("compareId").get<std::string>();
  out.failure = unpack(json.at("failure").get<std::string>());
  for (const Json& step : json.at("steps")) out.steps.push_back(toStep(step));
  return out;
}

}  // namespace

std::string_view toText(CutoverState state) noexcept {
  return kStates[static_cast<std::size_t>(state)];
}

void Cutover::note(const std::string& name, const std::string& status, const std::string& message, UnixMillis now) {
  const bool isSame = !steps.empty() && steps.back().name == name;
  if (isSame) steps.pop_back();
  if (steps.size() < kMostSteps) steps.push_back({name, status, message, now});
}

std::string encodeCutover(const Cutover& cutover) {
  Json steps = Json::array();
  for (const CutoverStep& step : cutover.steps) steps.push_back(fromStep(step));
  const CutoverRequest& request = cutover.request;
  return Json{
      {"freeze", request.freezeSource},    {"compare", request.compare ? toText(*request.compare) : std::string_view()},
      {"timeout", request.timeoutSeconds}, {"dryRun", request.dryRun},
      {"reverse", request.reverse},        {"reverseFrom", cutover.reverseFrom},
      {"decided", cutover.decided},        {"standsBy", cutover.standsBy},
      {"released", cutover.released},      {"state", toText(cutover.state)},
      {"deadline", cutover.deadline},      {"noted", cutover.noted},
      {"frozen", cutover.frozen},          {"setting", cutover.setting},
      {"position", cutover.position},      {"shown", cutover.shown},
      {"caughtUp", cutover.caughtUp},      {"compared", cutover.compared},
      {"compareId", cutover.compareId},    {"failure", pack(cutover.failure)},
      {"steps", std::move(steps)}}
      .dump();
}

Cutover decodeCutover(const std::string& text) {
  try {
    return toCutover(Json::parse(text));
  } catch (const Json::exception& error) {
    throw Error(Msg::storeDamaged, {std::string("a cut-over: ") + error.what()}, Origin::store);
  }
}

}  // namespace drs
