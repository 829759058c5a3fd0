#include "engine/mysql/comparer.h"

#include "engine/mysql/column_types.h"
#include "engine/mysql/compare_keyless.h"

#include <fmt/format.h>

#include <algorithm>

// The source is read in ranges of its primary key; the same ranges are read at the target. Within a range the rows are
// matched by key, in any order, so that nothing depends on both servers sorting alike. What does not match is a
// suspect: it is looked up by its key at both sides, again and again with pauses, for changes may be on their way; only
// what differs to the last is a difference. Ranges need not cut alike at both sides either: every row lies in at least
// one range by each server's own order, and a row that shows up in another range than its twin is a suspect whose
// look-up finds it equal.

namespace drs::mysql {
namespace {

class MysqlComparer final : public Comparer {
 public:
  explicit MysqlComparer(EngineJob job) : job_(std::move(job)), sessions_(job_) {}

  TableComparison compareTable(const Plans& plans, std::size_t plan, std::size_t maxListed,
                               const std::function<void(std::uint64_t rows)>& progress,
                               const std::stop_token& stop) override {
    TableComparison out;
    out.plan = plan;
    try {
      sessions_.connect();
      const std::stop_callback onStop(stop, [this] { sessions_.shutdown(); });
      const TablePlan& wanted = plans.at(plan);
      const CompareTable table = describe(wanted);
      const auto& compare = table.keys == 0 ? compareKeyless : compareRows;
      compare(sessions_, wanted, table, maxListed, progress, stop, out);
      if (stop.stop_requested()) throw Error(Msg::connectionLost, {"the source", "the comparison was stopped"});
    } catch (const Error& error) {
      const bool passes = error.action() == Action::retry && !stop.stop_requested();
      out.error = stop.stop_requested() ? "the comparison was stopped" : error.text();
      sessions_.close();
      if (passes) throw;
    }
    return out;
  }

 private:
  CompareTable describe(const TablePlan& plan) {
    std::map<std::string, TargetColumn> columns;
    for (const auto& row : sessions_.target().query(
             "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = " +
             quoteText(plan.target.database) + " AND TABLE_NAME = " + quoteText(plan.target.table)))
      columns[lowerCase(row.at(0).value_or(""))] = {lowerCase(row.at(1).value_or("")), row.at(2).value_or("")};
    if (columns.empty())
      throw Error(Msg::schemaDrift, {quoteName(plan.target), "the target has no such table"}, Origin::target);
    return compareTableOf(*plan.source, plan.target, columns, sessions_.source().server(), sessions_.target().server());
  }

  EngineJob job_;
  CompareSessions sessions_;
};

}  // namespace

std::unique_ptr<Comparer> makeComparer(const EngineJob& job) {
  return std::make_unique<MysqlComparer>(job);
}

}  // namespace drs::mysql
