#include "job/table_list.h"

#include <algorithm>
#include <map>

namespace drs {

std::vector<TableRecord> tablesInForce(const std::vector<TableRecord>& listed, std::size_t planned,
                                       const CurrentPlans& current) {
  std::map<TableName, const TableRecord*> known;
  for (const TableRecord& table : listed)
    if (table.plan < planned) known[{table.sourceDatabase, table.sourceTable}] = &table;
  std::vector<TableRecord> out;
  for (std::size_t i = 0; i < current.plans.size(); ++i) {
    const TablePlan& plan = current.plans[i];
    const auto found = known.find(plan.source->name);
    if (current.planned[i] && found != known.end()) {
      out.push_back(*found->second);
      continue;
    }
    TableRecord& table = out.emplace_back();
    table.plan = planned + i;
    table.sourceDatabase = plan.source->name.database;
    table.sourceTable = plan.source->name.table;
    table.targetDatabase = plan.target.database;
    table.targetTable = plan.target.table;
    table.chunks = table.chunksDone = 1;  // it began empty
  }
  return out;
}

bool isSameList(const std::vector<TableRecord>& a, const std::vector<TableRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const TableRecord& one, const TableRecord& other) {
    return one.plan == other.plan && one.sourceDatabase == other.sourceDatabase &&
           one.sourceTable == other.sourceTable && one.targetDatabase == other.targetDatabase &&
           one.targetTable == other.targetTable;
  });
}

}  // namespace drs
