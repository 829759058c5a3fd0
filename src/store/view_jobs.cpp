#include "base/ascii.h"
#include "model/job_spec_json.h"
#include "store/rows.h"
#include "store/spec_cache.h"
#include "store/sql_text.h"
#include "store/store.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace drs {
namespace {

std::string_view columnOf(JobFilter::Sort sort) {
  switch (sort) {
    case JobFilter::Sort::createTime:
      return "create_millis";
    case JobFilter::Sort::name:
      return "name_key";
    case JobFilter::Sort::status:
      return "status";
    case JobFilter::Sort::netType:
      return "net_type";
    case JobFilter::Sort::jobDirection:
      return "job_direction";
    case JobFilter::Sort::payMode:
      return "charging_mode";
  }
  return "create_millis";
}

std::string_view columnOf(BatchFilter::Sort sort) {
  switch (sort) {
    case BatchFilter::Sort::createTime:
      return "create_millis";
    case BatchFilter::Sort::status:
      return "status";
    case BatchFilter::Sort::domainName:
      return "domain_name";
    case BatchFilter::Sort::userName:
      return "user_name";
  }
  return "create_millis";
}

std::vector<std::string> splitIds(const std::string& text) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    if (comma > from) out.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

void addNameOrId(Conditions& where, const std::string& text) {
  if (text.empty()) return;
  if (text.find(',') != std::string::npos) {
    where.addAny("id = ", splitIds(text));
    return;
  }
  const std::string byId = where.bind(text);
  const std::string byName = where.bind(containing(toLowerAscii(text)));
  where.addText("(id = " + byId + " OR name_key LIKE " + byName + " ESCAPE '!')");
}

Conditions conditionsOf(const JobFilter& filter) {
  Conditions where;
  where.add("project_id = ", filter.projectId);
  where.addText("phase <> 'deleted'");
  where.addAny("status = ", filter.statuses);
  if (!filter.jobType.empty()) where.add("job_type = ", filter.jobType);
  if (!filter.engineType.empty()) where.add("engine_type = ", filter.engineType);
  if (!filter.netType.empty()) where.add("net_type = ", filter.netType);
  if (!filter.enterpriseProjectId.empty()) where.add("enterprise_project_id = ", filter.enterpriseProjectId);
  addNameOrId(where, filter.nameOrId);
  std::vector<std::string> instances;
  for (const auto& id : filter.instanceIds) instances.push_back(containing("," + id + ","));
  where.addAny("instance_ids LIKE ", instances, " ESCAPE '!'");
  if (!filter.instanceIp.empty())
    where.add("addresses LIKE ", containing(toLowerAscii(filter.instanceIp)), " ESCAPE '!'");
  return where;
}

}  // namespace

std::optional<BatchRecord> StoreView::batch(const std::string& id) const {
  const auto result = session_.query(sqlText({"SELECT ", kBatchColumns, " FROM batch WHERE id = $1"}), {id});
  if (result.rows.empty()) return std::nullopt;
  return readBatch(result.rows[0]);
}

Page<BatchRecord> StoreView::batches(const BatchFilter& filter) const {
  Conditions where;
  where.add("project_id = ", filter.projectId);
  if (!filter.batchId.empty()) where.add("id = ", filter.batchId);
  if (!filter.domainName.empty()) where.add("domain_name = ", filter.domainName);
  if (!filter.userName.empty()) where.add("user_name = ", filter.userName);
  if (filter.status) where.add("status = ", sqlOf(toText(*filter.status)));
  Page<BatchRecord> page;
  page.total = session_.query("SELECT count(*) FROM batch" + where.text(), where.params()).rows.at(0).integer(0);
  const std::string_view direction = filter.descending ? " DESC" : " ASC";
  std::string text = sqlText({"SELECT ", kBatchColumns, " FROM batch", where.text(), " ORDER BY ",
                              columnOf(filter.sort), direction, ", id", direction});
  text += " LIMIT " + where.bind(filter.paging.limit);
  text += " OFFSET " + where.bind(filter.paging.offset);
  for (const SqlRow& row : session_.query(text, where.params()).rows) page.items.push_back(readBatch(row));
  return page;
}

JobRecord StoreView::withSpec(const SqlRow& row) const {
  std::string specId;
  JobRecord job = readJob(row, specId);
  job.spec = specs_.find(specId);
  if (job.spec) return job;
  const auto result = session_.query("SELECT spec, spec_id FROM job_spec WHERE job_id = $1", {job.id});
  if (result.rows.empty())
    throw Error(Msg::storeFailed, {"the job " + job.id + " was removed meanwhile"}, Origin::store);
  const auto json = nlohmann::json::parse(result.rows[0].text(0), nullptr, false);
  if (json.is_discarded())
    throw Error(Msg::storeDamaged, {"the specification of the job " + job.id + " is not readable"}, Origin::store);
  job.spec = std::make_shared<const JobSpec>(jobFromStore(json));
  specs_.put(result.rows[0].text(1), job.spec);
  return job;
}

std::optional<JobRecord> StoreView::job(const std::string& id) const {
  const auto result = session_.query(sqlText({"SELECT ", kJobColumns, " FROM job WHERE id = $1"}), {id});
  if (result.rows.empty()) return std::nullopt;
  return withSpec(result.rows[0]);
}

Page<JobRecord> StoreView::jobs(const JobFilter& filter) const {
  Conditions where = conditionsOf(filter);
  Page<JobRecord> page;
  page.total = session_.query("SELECT count(*) FROM job" + where.text(), where.params()).rows.at(0).integer(0);
  const std::string_view direction = filter.descending ? " DESC" : " ASC";
  std::string text = sqlText({"SELECT ", kJobColumns, " FROM job", where.text(), " ORDER BY ", columnOf(filter.sort),
                              direction, ", batch_order, id"});
  text += " LIMIT " + where.bind(filter.paging.limit);
  text += " OFFSET " + where.bind(filter.paging.offset);
  for (const SqlRow& row : session_.query(text, where.params()).rows) page.items.push_back(withSpec(row));
  return page;
}

std::vector<JobRecord> StoreView::jobsOfBatch(const std::string& batchId) const {
  std::vector<JobRecord> out;
  const std::string text =
      sqlText({"SELECT ", kJobColumns, " FROM job WHERE batch_id = $1 AND phase <> 'deleted' ORDER BY batch_order"});
  for (const SqlRow& row : session_.query(text, {batchId}).rows) out.push_back(withSpec(row));
  return out;
}

std::vector<JobRecord> StoreView::jobsInPhases(const std::vector<Phase>& phases) const {
  std::vector<JobRecord> out;
  const std::string text = sqlText({"SELECT ", kJobColumns, " FROM job WHERE phase IN (", quotedList(phases),
                                    ") ORDER BY create_millis, batch_order"});
  for (const SqlRow& row : session_.query(text).rows) out.push_back(withSpec(row));
  return out;
}

bool StoreView::nameTaken(const std::string& projectId, const std::string& name, const std::string& exceptJobId) const {
  const auto result = session_.query(
      "SELECT 1 FROM job WHERE project_id = $1 AND name_key = $2 AND id <> $3 AND phase NOT IN ('draft', 'deleted') "
      "LIMIT 1",
      {projectId, toLowerAscii(name), exceptJobId});
  return !result.rows.empty();
}

std::optional<std::string> StoreView::batchOfToken(const std::string& projectId, const std::string& token,
                                                   UnixMillis maxAgeMillis) const {
  const auto result = session_.query(
      "SELECT batch_id FROM client_token WHERE project_id = $1 AND token = $2 AND create_millis > now_ms() - $3",
      {projectId, token, maxAgeMillis});
  if (result.rows.empty()) return std::nullopt;
  return result.rows[0].text(0);
}

}  // namespace drs
