#include "job/comparison_run.h"

#include "base/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

namespace drs {
namespace {

using Json = nlohmann::json;

std::string_view toText(RowDifference::Kind kind) {
  switch (kind) {
    case RowDifference::Kind::missingInTarget:
      return "missing_in_target";
    case RowDifference::Kind::missingInSource:
      return "missing_in_source";
    case RowDifference::Kind::different:
      return "different";
  }
  return "";
}

std::string encodeListed(const std::vector<RowDifference>& differences) {
  Json out = Json::array();
  for (const RowDifference& difference : differences) {
    out.push_back({{"kind", toText(difference.kind)}, {"key", difference.key}, {"columns", difference.columns}});
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);  // keys may be bytes
}

bool isFinished(CompareResult result) {
  return result == CompareResult::consistent || result == CompareResult::inconsistent;
}

}  // namespace

ComparisonRun::ComparisonRun(TaskContext& context, std::vector<ComparedTable> tables)
    : context_(context), tables_(std::move(tables)) {
  const auto record = context.store->view().comparison(context.task.queryId);
  if (!record) throw Error(Msg::internal, {"the comparison is gone"});
  record_ = *record;
}

TaskOutcome ComparisonRun::run(const One& compareOne) {
  std::vector<std::size_t> all(tables_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return run(all, compareOne);
}

TaskOutcome ComparisonRun::run(const std::vector<std::size_t>& wanted, const One& compare) {
  if (isCancelled()) return {};
  begin(wanted);
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    if (context_.stop.stop_requested()) return TaskOutcome::stoppedEarly();
    reportPercent(static_cast<int>(at * 100 / wanted.size()));
    CompareTableRecord& table = results_.at(wanted[at]);
    if (isFinished(table.result)) continue;
    try {
      compareOne(table, compare);
    } catch (const Error& error) {
      table.result = CompareResult::failed;  // until the next try
      table.error = error.text();
      save(table);
      throw;
    }
    if (context_.stop.stop_requested()) return TaskOutcome::stoppedEarly();
    save(table);
  }
  return finished();
}

void ComparisonRun::begin(const std::vector<std::size_t>& wanted) {
  for (const std::size_t number : wanted) {
    const ComparedTable& table = tables_.at(number);
    CompareTableRecord& record = results_[number];
    record.compareId = record_.id;
    record.number = number;
    record.sourceDatabase = table.source.database;
    record.sourceTable = table.source.table;
    record.targetDatabase = table.target.database;
    record.targetTable = table.target.table;
  }
  for (const CompareTableRecord& old : context_.store->view().comparedTables(record_.id)) {
    const auto found = results_.find(old.number);
    if (found != results_.end() && isFinished(old.result)) found->second = old;
  }
  context_.store->write([&](StoreTransaction& tx) {
    record_.state = CompareState::running;
    if (record_.startMillis == 0) record_.startMillis = tx.now();
    tx.update(record_);
    for (const auto& [number, table] : results_) tx.put(table);
  });
}

void ComparisonRun::compareOne(CompareTableRecord& table, const One& compare) {
  table.result = CompareResult::comparing;
  save(table);
  const TableComparison found = compare(table.number, record_.type);
  table.sourceRows = found.sourceRows;
  table.targetRows = found.targetRows;
  table.error = found.error;
  const bool rowsOnly = record_.type == CompareType::lines;
  const std::uint64_t gap = std::max(found.sourceRows, found.targetRows) - std::min(found.sourceRows, found.targetRows);
  table.differences = rowsOnly ? gap : found.differences;
  table.listed = rowsOnly ? "[]" : encodeListed(found.listed);
  const bool counts = record_.type != CompareType::object;
  table.result = counts && !found.error.empty() ? CompareResult::failed
                 : table.differences == 0       ? CompareResult::consistent
                                                : CompareResult::inconsistent;
}

void ComparisonRun::save(const CompareTableRecord& table) const {
  context_.store->write([&](StoreTransaction& tx) { tx.put(table); });
}

void ComparisonRun::reportPercent(int percent) const {
  TaskProgress progress;
  progress.percent = percent;
  context_.progress->report(progress);
}

TaskOutcome ComparisonRun::finished() {
  std::string error;
  for (const auto& [plan, table] : results_) {
    if (table.result == CompareResult::failed && error.empty()) {
      error = table.sourceDatabase + "." + table.sourceTable + ": " + table.error;
    }
  }
  TaskOutcome outcome;
  outcome.also = [record = record_, error](StoreTransaction& tx, JobRecord&) mutable {
    const auto now = tx.comparison(record.id);
    if (!now || now->state == CompareState::cancelled) return;
    record.state = error.empty() ? CompareState::successful : CompareState::failed;
    record.error = error;
    record.endMillis = tx.now();
    tx.update(record);
  };
  return outcome;
}

}  // namespace drs
