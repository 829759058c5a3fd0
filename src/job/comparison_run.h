#pragma once

#include "job/task_body.h"

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

namespace drs {

/// Differences that are listed for each table of a comparison.
inline constexpr std::size_t kListedDifferences = 100;

struct ComparedTable {
  TableName source, target;
};

/// The run of a comparison's task over what is compared, one table after the other. What an earlier run has finished is
/// not done again. One thread.
class ComparisonRun {
 public:
  /// Compares one of `tables`; throws Error for what may pass by itself.
  using One = std::function<TableComparison(std::size_t number, CompareType type)>;

  /// Throws Error(internal) if the comparison is gone.
  ComparisonRun(TaskContext& context, std::vector<ComparedTable> tables);

  /// True if it was cancelled: then there is nothing to do.
  [[nodiscard]] bool isCancelled() const { return record_.state == CompareState::cancelled; }
  [[nodiscard]] const CompareRecord& record() const { return record_; }
  [[nodiscard]] const TableName& nameOf(std::size_t number) const { return tables_.at(number).source; }
  /// Compares those of `wanted` (all, without) and ends the comparison.
  [[nodiscard]] TaskOutcome run(const One& compareOne);
  [[nodiscard]] TaskOutcome run(const std::vector<std::size_t>& wanted, const One& compareOne);

 private:
  void begin(const std::vector<std::size_t>& wanted);
  void compareOne(CompareTableRecord& table, const One& compare);
  void save(const CompareTableRecord& table) const;
  void reportPercent(int percent) const;
  [[nodiscard]] TaskOutcome finished();

  TaskContext& context_;
  const std::vector<ComparedTable> tables_;
  CompareRecord record_;
  std::map<std::size_t, CompareTableRecord> results_;
};

}  // namespace drs
