#include "base/error.h"
#include "job/tasks_common.h"
#include "model/job_spec_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

// compare: every selected table, both sides. Tables that an earlier run of the task has finished are not done again.

namespace drs {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kListedDifferences = 100;  // for each table

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

CompareTableRecord recordOf(const std::string& compareId, std::size_t number, const TablePlan& plan) {
  CompareTableRecord record;
  record.compareId = compareId;
  record.number = number;
  record.sourceDatabase = plan.source->name.database;
  record.sourceTable = plan.source->name.table;
  record.targetDatabase = plan.target.database;
  record.targetTable = plan.target.table;
  return record;
}

bool isFinished(CompareResult result) {
  return result == CompareResult::consistent || result == CompareResult::inconsistent;
}

/// The plans that the comparison is about: all, or those of its own selection, in which a database that lists no tables
/// is meant as a whole. Throws Error(crossField) if that is none: comparing nothing would find no difference.
std::vector<std::size_t> wantedPlans(const Plans& plans, const CompareRecord& comparison) {
  const Json options = Json::parse(comparison.options);
  JobSpec narrowed;
  const bool narrows = options.contains("db_object");
  if (narrows) (void)decodeDbObject(narrowed.dbObject, options.at("db_object"), "db_object");
  if (narrowed.dbObject.objectScope != "all") narrowed.dbObject.objectScope = "database";
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!narrows || isSelected(narrowed, plans[i].source->name)) out.push_back(i);
  }
  if (out.empty()) {
    throw Error(Msg::crossField, {"db_object", "the selection holds no table of the task"}, Origin::request);
  }
  return out;
}

/// A table as an object: its columns and its keys, without rows.
std::string describe(const TableSchema& table) {
  std::string out;
  for (const Column& column : table.columns) out += column.name + " " + column.type + ";";
  out += "keys:" + std::to_string(table.primaryKey.size());
  std::set<std::string> unique;
  for (const Index& index : table.indexes) {
    if (!index.unique) continue;
    std::string parts;
    for (const IndexPart& part : index.parts) parts += table.columns.at(part.column).name + ",";
    unique.insert(parts);
  }
  for (const std::string& parts : unique) out += ";unique " + parts;
  return out;
}

class Comparison {
 public:
  Comparison(TaskContext& context, const Plans& plans) : context_(context), plans_(plans), engine_(engineOf(context)) {
    const auto record = context.store->view().comparison(context.task.queryId);
    if (!record) throw Error(Msg::internal, {"the comparison is gone"});
    record_ = *record;
  }

  TaskOutcome run() {
    if (record_.state == CompareState::cancelled) return {};
    const auto wanted = wantedPlans(plans_, record_);
    begin(wanted);
    for (std::size_t at = 0; at < wanted.size(); ++at) {
      if (context_.stop.stop_requested()) return TaskOutcome::stoppedEarly();
      reportPercent(static_cast<int>(at * 100 / wanted.size()));
      CompareTableRecord& table = tables_.at(wanted[at]);
      if (isFinished(table.result)) continue;
      try {
        compareOne(wanted[at], table);
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

 private:
  void begin(const std::vector<std::size_t>& wanted) {
    for (const std::size_t plan : wanted) tables_[plan] = recordOf(record_.id, plan, plans_[plan]);
    for (const CompareTableRecord& old : context_.store->view().comparedTables(record_.id)) {
      const auto found = tables_.find(old.number);
      if (found != tables_.end() && isFinished(old.result)) found->second = old;
    }
    context_.store->write([&](StoreTransaction& tx) {
      record_.state = CompareState::running;
      if (record_.startMillis == 0) record_.startMillis = tx.now();
      tx.update(record_);
      for (const auto& [plan, table] : tables_) tx.put(table);
    });
  }

  void compareOne(std::size_t plan, CompareTableRecord& table) {
    table.result = CompareResult::comparing;
    save(table);
    if (record_.type == CompareType::object) {
      compareDefinition(plan, table);
      return;
    }
    const TableComparison found =
        engine_.comparer(context_.engineJob)
            ->compareTable(plans_, plan, kListedDifferences, [](std::uint64_t) {}, context_.stop);
    table.sourceRows = found.sourceRows;
    table.targetRows = found.targetRows;
    table.error = found.error;
    const bool rowsOnly = record_.type == CompareType::lines;
    const std::uint64_t gap =
        std::max(found.sourceRows, found.targetRows) - std::min(found.sourceRows, found.targetRows);
    table.differences = rowsOnly ? gap : found.differences;
    table.listed = rowsOnly ? "[]" : encodeListed(found.listed);
    table.result = !found.error.empty()     ? CompareResult::failed
                   : table.differences == 0 ? CompareResult::consistent
                                            : CompareResult::inconsistent;
  }

  void compareDefinition(std::size_t plan, CompareTableRecord& table) {
    const TablePlan& wanted = plans_[plan];
    const TableSchema* source = find(sides_[0], Side::source, wanted.source->name);
    const TableSchema* target = find(sides_[1], Side::target, wanted.target);
    const bool same = source != nullptr && target != nullptr && describe(*source) == describe(*target);
    table.differences = same ? 0 : 1;
    table.result = same ? CompareResult::consistent : CompareResult::inconsistent;
    if (source == nullptr) table.error = "not in the source";
    if (target == nullptr) table.error = "not in the target";
  }

  /// Definitions are read once per database and side.
  const TableSchema* find(std::map<std::string, std::vector<TableSchemaPtr>>& read, Side side, const TableName& name) {
    auto known = read.find(name.database);
    if (known == read.end()) {
      const auto catalog = engine_.catalog(context_.engineJob, side);
      const auto present = catalog->databases();
      const bool exists = std::find(present.begin(), present.end(), name.database) != present.end();
      known =
          read.emplace(name.database, exists ? catalog->tables({name.database}) : std::vector<TableSchemaPtr>{}).first;
    }
    for (const TableSchemaPtr& table : known->second) {
      if (table->name == name) return table.get();
    }
    return nullptr;
  }

  void save(const CompareTableRecord& table) const {
    context_.store->write([&](StoreTransaction& tx) { tx.put(table); });
  }

  void reportPercent(int percent) const {
    TaskProgress progress;
    progress.percent = percent;
    context_.progress->report(progress);
  }

  TaskOutcome finished() {
    std::string error;
    for (const auto& [plan, table] : tables_) {
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

  TaskContext& context_;
  const Plans& plans_;
  const Engine& engine_;
  CompareRecord record_;
  std::map<std::size_t, CompareTableRecord> tables_;
  std::map<std::string, std::vector<TableSchemaPtr>> sides_[2];
};

class CompareBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    const Plans plans = plansInForce(*context.store, context.job.id);
    return Comparison(context, plans).run();
  }
};

}  // namespace

std::unique_ptr<TaskBody> makeCompareBody() {
  return std::make_unique<CompareBody>();
}

}  // namespace drs
