#include "store/records_json.h"
#include "store/rows.h"
#include "store/sql_text.h"
#include "store/store.h"

#include <set>

namespace drs {
namespace {

template <typename Read>
auto readAll(const SqlResult& result, Read read) {
  std::vector<decltype(read(result.rows[0]))> out;
  out.reserve(result.rows.size());
  for (const SqlRow& row : result.rows) out.push_back(read(row));
  return out;
}

template <typename Read>
auto readFirst(const SqlResult& result, Read read) -> std::optional<decltype(read(result.rows[0]))> {
  if (result.rows.empty()) return std::nullopt;
  return read(result.rows[0]);
}

/// The rows of a table that meet the conditions: how many, and those of one page.
template <typename Record, typename Read>
Page<Record> readPage(SqlSession& session, std::string_view columns, std::string_view table, Conditions& where,
                      std::string_view order, Paging paging, Read read) {
  Page<Record> page;
  page.total =
      session.query(sqlText({"SELECT count(*) FROM ", table, where.text()}), where.params()).rows.at(0).integer(0);
  std::string text = sqlText({"SELECT ", columns, " FROM ", table, where.text(), " ORDER BY ", order, " LIMIT "});
  text += where.bind(paging.limit) + " OFFSET ";
  text += where.bind(paging.offset);
  page.items = readAll(session.query(text, where.params()), read);
  return page;
}

}  // namespace

std::optional<TaskRecord> StoreView::task(const std::string& id) const {
  return readFirst(session_.query(sqlText({"SELECT ", kTaskColumns, " FROM task WHERE id = $1"}), {id}), readTask);
}

std::vector<TaskRecord> StoreView::tasks(const std::string& jobId) const {
  return readAll(
      session_.query(sqlText({"SELECT ", kTaskColumns, " FROM task WHERE job_id = $1 ORDER BY number"}), {jobId}),
      readTask);
}

std::vector<TaskRecord> StoreView::runningTasks(const std::string& jobId) const {
  return readAll(session_.query(sqlText({"SELECT ", kTaskColumns,
                                         " FROM task WHERE job_id = $1 AND state = 'running' ORDER BY number"}),
                                {jobId}),
                 readTask);
}

std::vector<TaskRecord> StoreView::phaseTasks(const std::string& jobId) const {
  std::vector<TaskRecord> out = runningTasks(jobId);
  const std::string text = sqlText({"SELECT ", kTaskColumns,
                                    " FROM task WHERE job_id = $1 AND state = 'pending' AND "
                                    "(class = 0 OR (class = $2 AND rank = $3)) ORDER BY number"});
  const SqlParams params{jobId, static_cast<std::int64_t>(classOf(TaskKind::finish)), rankOf(TaskKind::finish)};
  for (const SqlRow& row : session_.query(text, params).rows) out.push_back(readTask(row));
  return out;
}

bool StoreView::unfinished(const std::string& jobId, TaskKind kind) const {
  const std::string text =
      "SELECT 1 FROM task WHERE job_id = $1 AND state = $2 AND class = $3 AND rank = $4 AND kind = $5 LIMIT 1";
  for (const TaskState state : {TaskState::pending, TaskState::running}) {
    const SqlParams params{jobId, sqlOf(toText(state)), static_cast<std::int64_t>(classOf(kind)), rankOf(kind),
                           sqlOf(toText(kind))};
    if (!session_.query(text, params).rows.empty()) return true;
  }
  return false;
}

bool StoreView::running(const std::string& jobId) const {
  return !session_
              .query(
                  "SELECT 1 FROM task WHERE job_id = $1 AND state = 'running' AND kind IN ('plan', 'copy', 'finish', "
                  "'stream', 'lane', 'reset') LIMIT 1",
                  {jobId})
              .rows.empty();
}

Page<EventRecord> StoreView::events(const std::string& jobId, std::optional<EventLevel> level, Paging paging) const {
  Conditions where;
  where.add("job_id = ", jobId);
  if (level) where.add("level = ", sqlOf(toText(*level)));
  return readPage<EventRecord>(session_, kEventColumns, "job_event", where, "number DESC", paging, readEvent);
}

std::optional<QueryRecord> StoreView::query(const std::string& id) const {
  return readFirst(session_.query(sqlText({"SELECT ", kQueryColumns, " FROM query WHERE id = $1"}), {id}), readQuery);
}

Page<TableRecord> StoreView::tables(const std::string& jobId, const std::string& search, Paging paging) const {
  Conditions where;
  where.add("job_id = ", jobId);
  if (!search.empty()) {
    const std::string part = where.bind(containing(search));
    where.addText("(source_database LIKE " + part + " ESCAPE '!' OR source_table LIKE " + part +
                  " ESCAPE '!' OR target_database LIKE " + part + " ESCAPE '!' OR target_table LIKE " + part +
                  " ESCAPE '!')");
  }
  return readPage<TableRecord>(session_, kTableColumns, "job_table", where, "plan", paging, readTable);
}

TableTotals StoreView::tableTotals(const std::string& jobId) const {
  const auto result = session_.query(
      "SELECT count(*), coalesce(sum(CASE WHEN chunks_done >= chunks THEN 1 ELSE 0 END), 0), "
      "coalesce(sum(estimated_rows), 0), "
      "coalesce(sum(estimated_bytes), 0), coalesce(sum(rows_done), 0), coalesce(sum(bytes_done), 0) FROM job_table "
      "WHERE job_id = $1",
      {jobId});
  RowReader in(result.rows.at(0));
  TableTotals out;
  out.tables = in.integer();
  out.done = in.integer();
  out.estimatedRows = in.count();
  out.estimatedBytes = in.count();
  out.rows = in.count();
  out.bytes = in.count();
  return out;
}

std::optional<std::string> StoreView::document(const std::string& jobId, const std::string& name) const {
  return readFirst(session_.query("SELECT text FROM job_document WHERE job_id = $1 AND name = $2", {jobId, name}),
                   [](const SqlRow& row) { return row.text(0); });
}

std::optional<JobRate> StoreView::lastRate(const std::string& jobId) const {
  const auto text = document(jobId, kRateDocument);
  if (!text) return std::nullopt;
  return decodeRate(*text);
}

std::vector<TargetHolder> StoreView::targetHolders(const std::string& jobId,
                                                   const std::vector<std::string>& keys) const {
  std::vector<TargetHolder> out;
  std::set<std::string> seen;
  for (const std::string& key : keys) {
    for (const SqlRow& row :
         session_.query("SELECT job_id FROM target_table WHERE name = $1 AND job_id <> $2", {key, jobId}).rows) {
      if (seen.insert(row.text(0)).second) out.push_back({.jobId = row.text(0), .key = key});
    }
  }
  return out;
}

std::optional<CompareRecord> StoreView::comparison(const std::string& id) const {
  return readFirst(session_.query(sqlText({"SELECT ", kCompareColumns, " FROM comparison WHERE id = $1"}), {id}),
                   readCompare);
}

Page<CompareRecord> StoreView::comparisons(const std::string& jobId, Paging paging) const {
  Page<CompareRecord> page;
  page.total = session_.query("SELECT count(*) FROM comparison WHERE job_id = $1", {jobId}).rows.at(0).integer(0);
  const std::string text =
      sqlText({"SELECT ", kCompareColumns,
               " FROM comparison WHERE job_id = $1 ORDER BY create_millis DESC, id LIMIT $2 OFFSET $3"});
  page.items = readAll(session_.query(text, {jobId, paging.limit, paging.offset}), readCompare);
  return page;
}

std::vector<CompareTableRecord> StoreView::comparedTables(const std::string& compareId) const {
  return readAll(session_.query(sqlText({"SELECT ", kComparedColumns,
                                         " FROM compared_table WHERE compare_id = $1 ORDER BY number"}),
                                {compareId}),
                 readCompared);
}

Page<ConflictRow> StoreView::conflicts(const std::string& jobId, const ConflictFilter& filter) const {
  Conditions where;
  where.add("job_id = ", jobId);
  if (filter.begin != 0) where.add("millis >= ", filter.begin);
  if (filter.end != 0) where.add("millis <= ", filter.end);
  return readPage<ConflictRow>(session_, kConflictColumns, "conflict", where, "number DESC", filter.paging,
                               readConflict);
}

std::uint64_t StoreView::lastConflict(const std::string& jobId) const {
  const auto result = session_.query("SELECT coalesce(max(number), 0) FROM conflict WHERE job_id = $1", {jobId});
  return static_cast<std::uint64_t>(result.rows.at(0).integer(0));
}

bool isAlarming(const StatementRow& statement) {
  return statement.cleaned == 0 &&
         (statement.state == "failed" || statement.state == "skipped" || statement.state == "replaced");
}

Page<StatementRow> StoreView::statements(const std::string& jobId, const StatementFilter& filter) const {
  // As isAlarming().
  constexpr std::string_view kAlarming =
      "(CASE WHEN cleaned_millis = 0 AND state IN ('failed', 'skipped', 'replaced') THEN 1 ELSE 0 END) = ";
  Conditions where;
  where.add("job_id = ", jobId);
  if (filter.first != 0) where.add("number >= ", sqlOf(filter.first));
  if (filter.last != 0) where.add("number <= ", sqlOf(filter.last));
  if (filter.alarming) where.add(std::string(kAlarming), std::int64_t{*filter.alarming ? 1 : 0});
  return readPage<StatementRow>(session_, kStatementColumns, "statement", where, "number DESC", filter.paging,
                                readStatement);
}

std::optional<StatementRow> StoreView::statement(const std::string& jobId, std::uint64_t number) const {
  return readFirst(
      session_.query(sqlText({"SELECT ", kStatementColumns, " FROM statement WHERE job_id = $1 AND number = $2"}),
                     {jobId, sqlOf(number)}),
      readStatement);
}

std::uint64_t StoreView::lastSettledStatement(const std::string& jobId) const {
  const auto result = session_.query(
      "SELECT coalesce((SELECT min(number) - 1 FROM statement WHERE job_id = $1 AND state IN ('applying', 'failed')), "
      "(SELECT max(number) FROM statement WHERE job_id = $1), 0)",
      {jobId});
  return static_cast<std::uint64_t>(result.rows.at(0).integer(0));
}

std::optional<std::string> StoreView::value(const std::string& key) const {
  return readFirst(session_.query("SELECT value FROM store_value WHERE name = $1", {key}),
                   [](const SqlRow& row) { return row.text(0); });
}

UnixMillis StoreView::now() const {
  return session_.query("SELECT now_ms()").rows.at(0).integer(0);
}

}  // namespace drs
