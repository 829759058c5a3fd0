#include "base/ids.h"
#include "job/job_service_impl.h"
#include "model/decoding.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace drs {
namespace {

constexpr UnixMillis kTokenLife = 24LL * 3600 * 1000;  // decisions.md: X-Client-Token counts for 24 hours

/// base_info.start_time: Unix milliseconds as text; absent or empty = at once.
UnixMillis startTimeOf(const JobSpec& spec) {
  UnixMillis millis = 0;
  const std::string text = spec.baseInfo.startTime.value_or("");
  std::from_chars(text.data(), text.data() + text.size(), millis);
  return millis;
}

/// The server gives every endpoint an id.
void nameEndpoints(JobSpec& spec) {
  for (auto* side : {&spec.sourceEndpoint, &spec.targetEndpoint}) {
    for (EndpointInfo& info : *side) {
      if (!info.endpoint.id || info.endpoint.id->empty()) info.endpoint.id = newUuid();
    }
  }
}

/// Which job an element of an update is about.
const JobRecord& jobOfUpdate(const std::vector<JobRecord>& jobs, const BatchUpdate& update, std::size_t index) {
  if (update.jobId.empty() && index < jobs.size()) return jobs[index];
  const auto found =
      std::find_if(jobs.begin(), jobs.end(), [&](const JobRecord& job) { return job.id == update.jobId; });
  if (found == jobs.end())
    throw Error(Msg::unknownJob, {update.jobId.empty() ? "number " + std::to_string(index + 1) : update.jobId},
                Origin::request);
  return *found;
}

bool sameName(const std::string& a, const std::string& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
         });
}

}  // namespace

std::string JobService::createBatch(const Actor& actor, std::vector<JobSpec> jobs,
                                    const std::optional<std::string>& clientToken) {
  std::string batchId;
  impl_->store.write([&](StoreTransaction& tx) {
    if (clientToken) {
      if (const auto earlier = tx.batchOfToken(actor.projectId, *clientToken, kTokenLife)) {
        batchId = *earlier;
        return;
      }
    }
    BatchRecord batch;
    batch.id = batchId = newUuid();
    batch.projectId = actor.projectId;
    batch.domainName = actor.domainName;
    batch.userName = actor.userName;
    batch.createMillis = tx.now();
    tx.insert(batch);
    if (clientToken) tx.insertToken(actor.projectId, *clientToken, batchId);
    std::int64_t order = 0;
    for (JobSpec& spec : jobs) {
      JobRecord job;
      job.id = newJobId();
      job.batchId = batchId;
      job.projectId = actor.projectId;
      job.userName = actor.userName;
      job.name = spec.baseInfo.name.value_or("");
      job.order = order++;
      job.createMillis = job.updateMillis = batch.createMillis;
      job.status = apiStatus(job.phase, job.desired, false, job.drained);
      nameEndpoints(spec);
      impl_->seal(spec, job.id);
      job.spec = std::make_shared<const JobSpec>(std::move(spec));
      tx.insert(job);
      Lifecycle(tx).log(job, EventLevel::info, "The task was submitted; its validation begins (" + job.status + ")",
                        actor.userName);
      tx.insert(job.id, {.kind = TaskKind::validate, .payload = "{}", .queryId = {}, .notBefore = 0});
    }
  });
  return batchId;
}

Page<BatchRecord> JobService::listBatches(const Actor& actor, BatchFilter filter) {
  filter.projectId = actor.projectId;
  return impl_->store.view().batches(filter);
}

BatchRecord JobService::batch(const Actor& actor, const std::string& batchId) {
  return impl_->findBatch(impl_->store.view(), actor, batchId);
}

Page<JobRecord> JobService::batchJobs(const Actor& actor, const std::string& batchId, Paging paging) {
  const StoreView view = impl_->store.view();
  (void)impl_->findBatch(view, actor, batchId);
  std::vector<JobRecord> jobs = view.jobsOfBatch(batchId);  // all of one time: the order of the request
  Page<JobRecord> page;
  page.total = static_cast<std::int64_t>(jobs.size());
  const auto from = std::min(paging.offset, page.total);
  const auto to = std::min(from + paging.limit, page.total);
  page.items.assign(std::make_move_iterator(jobs.begin() + from), std::make_move_iterator(jobs.begin() + to));
  return page;
}

std::vector<ItemResult> JobService::updateBatch(const Actor& actor, const std::string& batchId,
                                                const std::vector<BatchUpdate>& updates) {
  (void)impl_->findBatch(impl_->store.view(), actor, batchId);
  std::vector<ItemResult> results;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    ItemResult result;
    result.id = updates[i].jobId;
    try {
      impl_->store.write([&](StoreTransaction& tx) {
        const std::vector<JobRecord> jobs = tx.jobsOfBatch(batchId);
        JobRecord job = jobOfUpdate(jobs, updates[i], i);
        result.id = job.id;
        result.name = job.name;
        (void)require(JobAction::edit, job);
        if (updates[i].params != nullptr && updates[i].type != "precheck")
          result.problems = impl_->change(tx, job, *updates[i].params, jobs, i);
        if (!result.problems.empty()) return;
        result.name = job.name;
        Lifecycle(tx).log(job, EventLevel::info,
                          "The task was changed (" + updates[i].type + "); its validation begins again",
                          actor.userName);
        impl_->revalidate(tx, job, "");
      });
      if (!result.problems.empty())
        result.error = Error(result.problems.front().msg, result.problems.front().args, Origin::request);
    } catch (const Error& error) {
      if (error.origin() == Origin::store) throw;
      result.error = error;
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<Problem> JobService::Impl::change(StoreTransaction& tx, JobRecord& job, const nlohmann::json& params,
                                              const std::vector<JobRecord>& batch, std::size_t index) const {
  auto spec = std::make_shared<JobSpec>(*job.spec);
  // Secrets are bound to their place: what an update moves is opened at the old place and sealed for the new one.
  unseal(*spec, job.id);
  const std::string path = "jobs[" + std::to_string(index) + "].params";
  std::vector<Problem> problems = updateJob(*spec, params, path);
  const std::string name = spec->baseInfo.name.value_or("");
  const bool nameTwice = std::any_of(batch.begin(), batch.end(), [&](const JobRecord& other) {
    return other.id != job.id && sameName(other.name, name);
  });
  if (nameTwice) problems.push_back(duplicateProblem(path + ".base_info.name", name));
  if (!problems.empty()) return problems;
  nameEndpoints(*spec);
  seal(*spec, job.id);
  tx.updateSpec(job, std::move(spec));
  return problems;
}

JobService::Committed JobService::commitBatch(const Actor& actor, const std::string& batchId) {
  Committed out;
  impl_->store.write([&](StoreTransaction& tx) {
    out = {impl_->findBatch(tx, actor, batchId), 0};
    if (out.batch.status == BatchStatus::committed)
      throw Error(Msg::wrongState, {"committing", "the batch has been committed already"}, Origin::request);
    if (out.batch.status != BatchStatus::validateSuccess) {
      throw Error(Msg::wrongState, {"committing", "the batch is " + std::string(toText(out.batch.status))},
                  Origin::request);
    }
    for (JobRecord& job : tx.jobsOfBatch(batchId)) {
      if (job.phase != Phase::draft) continue;  // started, or ended, on its own before
      (void)require(JobAction::commit, job);
      impl_->requireFree(tx, job);
      job.startAtMillis = startTimeOf(*job.spec);
      impl_->submit(tx, job, actor.userName);
      ++out.jobs;
    }
    if (out.jobs == 0)
      throw Error(Msg::wrongState, {"committing", "no job of the batch is left to be submitted"}, Origin::request);
    out.batch.status = BatchStatus::committed;
    out.batch.commitMillis = tx.now();
    tx.update(out.batch);
  });
  return out;
}

}  // namespace drs
