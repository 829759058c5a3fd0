#include "job/job_service.h"

#include "base/ids.h"
#include "job/job_service_impl.h"
#include "job/target_tables.h"

namespace drs {

JobService::JobService(Store& store, const Sealer& sealer, const Settings& settings)
    : impl_(std::make_unique<Impl>(store, sealer, settings)) {}

JobService::~JobService() = default;

JobRecord JobService::Impl::find(const StoreView& view, const Actor& actor, const std::string& jobId,
                                 bool deletedToo) const {
  std::optional<JobRecord> job = view.job(jobId);
  const bool visible = job && job->projectId == actor.projectId && (deletedToo || job->phase != Phase::deleted);
  if (!visible) throw Error(Msg::unknownJob, {jobId}, Origin::request);
  return std::move(*job);
}

BatchRecord JobService::Impl::findBatch(const StoreView& view, const Actor& actor, const std::string& batchId) const {
  std::optional<BatchRecord> batch = view.batch(batchId);
  if (!batch || batch->projectId != actor.projectId) throw Error(Msg::unknownBatch, {batchId}, Origin::request);
  return std::move(*batch);
}

void JobService::Impl::act(const Actor& actor, const std::string& jobId, JobAction action,
                           const std::function<void(StoreTransaction&, JobRecord&, Phase next)>& body) const {
  store.write([&](StoreTransaction& tx) {
    JobRecord job = find(tx, actor, jobId);
    const Phase next = require(action, job);
    body(tx, job, next);
  });
}

void JobService::Impl::seal(JobSpec& spec, const std::string& jobId) const {
  forEachSecret(spec, [&](const std::string& path, Secret& secret) {
    if (secret.sealed) return;
    secret.text = sealer.seal(secret.text, jobId, path);
    secret.sealed = true;
  });
}

void JobService::Impl::unseal(JobSpec& spec, const std::string& jobId) const {
  forEachSecret(spec, [&](const std::string& path, Secret& secret) {
    if (!secret.sealed) return;
    secret.text = sealer.open(secret.text, jobId, path);
    secret.sealed = false;
  });
}

std::string JobService::Impl::ask(StoreTransaction& tx, const JobRecord& job, TaskKind kind,
                                  const std::string& payload) const {
  QueryRecord query;
  query.id = newUuid();
  query.jobId = job.id;
  query.kind = kind;
  query.createMillis = tx.now();
  tx.insert(query);
  tx.insert(job.id, {.kind = kind, .payload = payload, .queryId = query.id, .notBefore = 0});
  return query.id;
}

void JobService::Impl::revalidate(StoreTransaction& tx, JobRecord& job, const std::string& queryId) const {
  tx.cancelTasks(job.id, {TaskKind::validate});
  job.validation = Validation::running;
  job.fault.reset();
  Lifecycle(tx).save(job);
  std::optional<BatchRecord> batch = tx.batch(job.batchId);
  if (batch && batch->status != BatchStatus::committed) {
    batch->status = BatchStatus::validating;
    tx.update(*batch);
  }
  tx.insert(job.id, {.kind = TaskKind::validate, .payload = "{}", .queryId = queryId, .notBefore = 0});
}

void JobService::Impl::requireFree(const StoreTransaction& tx, const JobRecord& job) const {
  if (tx.nameTaken(job.projectId, job.name, job.id)) throw Error(Msg::nameTaken, {job.name}, Origin::request);
  const std::vector<Phase> active = {Phase::creating,      Phase::scheduled, Phase::planning,  Phase::copying,
                                     Phase::finishing,     Phase::copied,    Phase::streaming, Phase::editing,
                                     Phase::switchingOver, Phase::ending};
  for (const JobRecord& other : tx.jobsInPhases(active)) {
    if (other.id == job.id || mayShareTarget(*job.spec, *other.spec)) continue;
    const std::optional<std::string> table = commonTarget(*job.spec, *other.spec, settings.instances);
    if (table) throw Error(Msg::targetTaken, {*table, other.name}, Origin::request);
  }
}

void JobService::Impl::submit(StoreTransaction& tx, JobRecord& job, const std::string& user) const {
  Lifecycle life(tx);
  life.move(job, Phase::creating, user);
  if (job.startAtMillis > tx.now()) {
    life.move(job, Phase::scheduled, user);
  } else {
    life.begin(job, user);
  }
}

}  // namespace drs
