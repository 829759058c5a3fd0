#include "base/error.h"
#include "job/comparison_run.h"
#include "job/tasks_common.h"
#include "model/job_spec_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

// compare: every selected table, both sides.

namespace drs {
namespace {

using Json = nlohmann::json;

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

/// Definitions, read once per database and side.
class Definitions {
 public:
  Definitions(const TaskContext& context, const Engine& engine) : context_(context), engine_(engine) {}

  TableComparison compare(const TablePlan& wanted) {
    const TableSchema* source = find(sides_[0], Side::source, wanted.source->name);
    const TableSchema* target = find(sides_[1], Side::target, wanted.target);
    const bool same = source != nullptr && target != nullptr && describe(*source) == describe(*target);
    TableComparison out;
    out.differences = same ? 0 : 1;
    if (source == nullptr) out.error = "not in the source";
    if (target == nullptr) out.error = "not in the target";
    return out;
  }

 private:
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

  const TaskContext& context_;
  const Engine& engine_;
  std::map<std::string, std::vector<TableSchemaPtr>> sides_[2];
};

class CompareBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    const Engine& engine = engineOf(context);
    if (const auto runner = engine.lanes(context.engineJob)) return compareLanes(context, *runner);
    const Plans plans = plansInForce(*context.store, context.job.id);
    std::vector<ComparedTable> tables;
    for (const TablePlan& plan : plans) tables.push_back({plan.source->name, plan.target});
    ComparisonRun comparison(context, std::move(tables));
    if (comparison.isCancelled()) return {};
    Definitions definitions(context, engine);
    return comparison.run(wantedPlans(plans, comparison.record()), [&](std::size_t plan, CompareType type) {
      if (type == CompareType::object) return definitions.compare(plans[plan]);
      return engine.comparer(context.engineJob)
          ->compareTable(plans, plan, kListedDifferences, [](std::uint64_t) {}, context.stop);
    });
  }
};

}  // namespace

std::unique_ptr<TaskBody> makeCompareBody() {
  return std::make_unique<CompareBody>();
}

}  // namespace drs
