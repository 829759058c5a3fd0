#include "job/job_service_impl.h"
#include "job/statement_copy.h"
#include "model/statement_row.h"
#include "model/utf8.h"

#include <utility>

// The statements of the log that a job has met, and what is done about the one at which it stands.

namespace drs {
namespace {

/// The fault of a task that stands at a statement.
bool standsAtStatement(const JobRecord& job) {
  return job.phase == Phase::streaming && job.fault && job.fault->symbol == "ddlNotSupported";
}

}  // namespace

Page<StatementRow> JobService::statements(const Actor& actor, const std::string& jobId, const StatementFilter& filter) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId);
  return view.statements(jobId, filter);
}

void JobService::cleanStatement(const Actor& actor, const std::string& jobId, std::uint64_t number) {
  impl_->store.write([&](StoreTransaction& tx) {
    const JobRecord job = impl_->find(tx, actor, jobId);
    if (!tx.statement(jobId, number)) throw Error(Msg::unknownStatement, {std::to_string(number)}, Origin::request);
    tx.cleanStatement(jobId, number, tx.now());
  });
}

void JobService::skipStatement(const Actor& actor, const std::string& jobId, std::uint64_t number) {
  impl_->decideStatement(actor, jobId, number, std::nullopt);
}

void JobService::replaceStatement(const Actor& actor, const std::string& jobId, std::uint64_t number,
                                  const std::string& sql) {
  impl_->decideStatement(actor, jobId, number, sql);
}

void JobService::Impl::decideStatement(const Actor& actor, const std::string& jobId, std::uint64_t number,
                                       const std::optional<std::string>& replacement) const {
  act(actor, jobId, JobAction::resume, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    const auto row = tx.statement(jobId, number);
    if (!row) throw Error(Msg::unknownStatement, {std::to_string(number)}, Origin::request);
    const auto newest = tx.statements(jobId, {.first = 0, .last = 0, .alarming = std::nullopt, .paging = {0, 1}});
    const bool isNewest = !newest.items.empty() && newest.items.front().number == number;
    const std::string what = replacement ? "Replacing a statement" : "Skipping a statement";
    if (!standsAtStatement(job) || row->state != "failed" || !isNewest)
      throw Error(Msg::wrongState,
                  {what, "the task does not stand at statement " + std::to_string(number) + " (state " + row->state +
                             ", status of the task " + job.status + ")"},
                  Origin::request);
    tx.setDocument(job.id, kDecisionDocument,
                   encodeDecision({row->transaction, row->fingerprint, !replacement, replacement.value_or("")}));
    Lifecycle life(tx);
    tx.forgetFailures(job.id);
    life.log(
        job, EventLevel::warn,
        "Schema change " + std::to_string(number) + " is to be " +
            (replacement ? "replaced by: " + shortened(*replacement, kShownStatement) + "; it was: " : "skipped: ") +
            shortened(row->sql, kShownStatement),
        actor.userName);
    life.clearFault(job);
    life.want(job, Desired::run, actor.userName);
  });
}

void JobService::Impl::withdrawDecision(StoreTransaction& tx, const JobRecord& job) {
  if (standsAtStatement(job) && tx.document(job.id, kDecisionDocument)) tx.setDocument(job.id, kDecisionDocument, "");
}

}  // namespace drs
