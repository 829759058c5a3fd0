#include "job/delay_alarms.h"

#include "job/lifecycle.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace drs {
namespace {

using Json = nlohmann::json;

constexpr UnixMillis kPatience = 6LL * 60 * 1000;  // API page, table 14
/// Figures come every ten seconds at least while a stream is at work.
constexpr UnixMillis kStale = 30'000;
constexpr const char* kDelaysDocument = "delays";

/// One of the thresholds. Its state in the document: `caught` once the delay was within it, `since` when the delay went
/// above it, `told` when the alarm has been given.
struct Watched {
  const char* name;  ///< of the member of alarm_notify
  const char* what;
  std::optional<std::int64_t> AlarmNotify::* threshold;  ///< seconds; 0 = none
  std::optional<std::int64_t> Delays::* delay;
  bool sparesCatchUp;
  bool growsUnread;  ///< with the clock while nothing is read
};
constexpr std::array kWatched = {
    Watched{"delay_time", "from the source to the target", &AlarmNotify::delayTime, &Delays::total, true, true},
    Watched{"rpo_delay", "from the source to this service (RPO)", &AlarmNotify::rpoDelay, &Delays::rpo, true, true},
    Watched{"rto_delay", "from this service to the target (RTO)", &AlarmNotify::rtoDelay, &Delays::rto, false, false}};

std::int64_t thresholdOf(const JobRecord& job, const Watched& watched) {
  const auto& notify = job.spec->alarmNotify;
  if (!notify || !notify->alarmToUser.value_or(false)) return 0;
  return ((*notify).*(watched.threshold)).value_or(0);
}

bool wantsAny(const JobRecord& job) {
  return std::any_of(kWatched.begin(), kWatched.end(), [&](const Watched& one) { return thresholdOf(job, one) > 0; });
}

/// The delay as it is now; absent while nothing is replicated on purpose.
std::optional<std::int64_t> delayNow(const JobRecord& job, const TaskRecord* stream, const Watched& watched,
                                     UnixMillis now) {
  if (job.desired != Desired::run || job.fault || stream == nullptr) return std::nullopt;
  auto delay = delaysOf(job, stream->progress).*(watched.delay);
  const UnixMillis age = now - stream->progress.updateMillis;
  if (delay && watched.growsUnread && age > kStale) *delay += age;
  return delay;
}

void judge(Lifecycle& life, const JobRecord& job, const Watched& watched, std::optional<std::int64_t> delay,
           Json& state, UnixMillis now) {
  const std::int64_t threshold = thresholdOf(job, watched);
  if (threshold == 0) {
    state = nullptr;
    return;
  }
  if (!state.is_object()) state = {{"caught", !watched.sparesCatchUp}, {"since", 0}, {"told", false}};
  if (!delay) {
    state["since"] = 0;
    return;
  }
  if (*delay <= threshold * 1000) {
    if (state.at("told").get<bool>())
      life.log(job, EventLevel::info,
               "The delay " + std::string(watched.what) + " is within " + std::to_string(threshold) + " s again (" +
                   watched.name + ")");
    state = {{"caught", true}, {"since", 0}, {"told", false}};
    return;
  }
  if (!state.at("caught").get<bool>()) return;
  UnixMillis since = state.at("since").get<UnixMillis>();
  if (since == 0) state["since"] = since = now;
  if (state.at("told").get<bool>() || now - since < kPatience) return;
  state["told"] = true;
  life.log(job, EventLevel::warn,
           "The delay " + std::string(watched.what) + " has been above " + std::to_string(threshold) +
               " s for 6 minutes (alarm_notify." + watched.name + "); it is " + std::to_string(*delay / 1000) + " s");
}

}  // namespace

Delays delaysOf(const JobRecord& job, const TaskProgress& progress) {
  Delays out;
  out.total = progress.delayMillis;
  if (out.total && progress.readMillis && job.spec->baseInfo.jobType == "cloudDataGuard") {
    out.rpo = progress.readMillis;
    out.rto = std::max<std::int64_t>(0, *out.total - *out.rpo);
  }
  return out;
}

namespace {

/// The stream of the job, or of its lanes the one that lies behind most; end() if there is none.
std::vector<TaskRecord>::const_iterator slowest(const std::vector<TaskRecord>& tasks) {
  auto out = tasks.end();
  for (auto task = tasks.begin(); task != tasks.end(); ++task) {
    if (classOf(task->kind) != TaskClass::stream) continue;
    if (out == tasks.end() || task->progress.delayMillis.value_or(0) > out->progress.delayMillis.value_or(0))
      out = task;
  }
  return out;
}

}  // namespace

std::size_t watchDelays(StoreTransaction& tx) {
  const UnixMillis now = tx.now();
  std::size_t alarms = 0;
  Lifecycle life(tx);
  for (const JobRecord& job : tx.jobsInPhases({Phase::streaming})) {
    if (!wantsAny(job)) continue;
    const auto tasks = tx.phaseTasks(job.id);
    const auto stream = slowest(tasks);
    const std::string stored = tx.document(job.id, kDelaysDocument).value_or("{}");
    Json said = Json::parse(stored);
    // Behind a reset the incremental phase begins anew.
    if (said.value("stream", UnixMillis{0}) != job.streamStartedMillis) said = {{"stream", job.streamStartedMillis}};
    bool alarmed = false;
    for (const Watched& watched : kWatched) {
      const auto delay = delayNow(job, stream == tasks.end() ? nullptr : &*stream, watched, now);
      Json& its = said[watched.name];
      judge(life, job, watched, delay, its, now);
      alarmed = alarmed || (its.is_object() && its.at("told").get<bool>());
    }
    alarms += alarmed ? 1 : 0;
    if (const std::string after = said.dump(); after != stored) tx.setDocument(job.id, kDelaysDocument, after);
  }
  return alarms;
}

}  // namespace drs
