#include "job/flows.h"

#include "job/tasks_common.h"

#include <algorithm>
#include <charconv>

namespace drs {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;  // of speed_limit: 10^6 bytes
constexpr std::chrono::seconds kSpeedRefresh{2};
constexpr std::chrono::minutes kFlowKept{10};

int hourOf(const std::string& text) {
  int hour = 0;
  std::from_chars(text.data(), text.data() + std::min<std::size_t>(2, text.size()), hour);
  return hour;
}

}  // namespace

std::vector<SpeedRule> speedRulesOf(const JobSpec& spec) {
  std::vector<SpeedRule> rules;
  if (!spec.speedLimit) return rules;
  for (const SpeedWindow& window : *spec.speedLimit) {
    SpeedRule& rule = rules.emplace_back();
    rule.firstHour = hourOf(window.begin.value_or("00:00"));
    rule.lastHour = hourOf(window.end.value_or("23:59"));
    const std::string speed = window.speed.value_or("0");
    std::from_chars(speed.data(), speed.data() + speed.size(), rule.bytesPerSecond);
    rule.bytesPerSecond *= kMegabyte;
  }
  return rules;
}

std::shared_ptr<Flow> Flows::get(const std::string& jobId, const JobSpec& spec) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady();
  std::erase_if(flows_, [&](const auto& entry) {
    return entry.second.use_count() == 1 && now - entry.second->usedAt > kFlowKept;
  });
  auto& flow = flows_[jobId];
  if (!flow) flow = std::make_shared<Flow>(clock_);
  flow->usedAt = now;
  flow->throttle.setRules(speedRulesOf(spec));
  return flow;
}

void SpeedWatch::refresh() {
  {
    const std::lock_guard lock(mutex_);
    if (std::chrono::steady_clock::now() - refreshedAt_ < kSpeedRefresh) return;
    refreshedAt_ = std::chrono::steady_clock::now();
  }
  if (const auto job = context_.store->view().job(context_.job.id)) flow_.throttle.setRules(speedRulesOf(*job->spec));
}

}  // namespace drs
