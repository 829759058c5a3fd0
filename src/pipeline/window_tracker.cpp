#include "pipeline/window.h"

#include <algorithm>
#include <utility>

namespace drs {

std::optional<std::size_t> planOf(const ChangeEvent& change) {
  if (const auto* rows = std::get_if<RowsChange>(&change)) return rows->plan;
  const auto& statement = std::get<SchemaChange>(change);
  if (statement.kind == SchemaChange::Kind::truncate) return statement.plan;
  return std::nullopt;
}

WindowTracker::WindowTracker(const Source& source, std::vector<Window> windows)
    : source_(source), windows_(std::move(windows)) {}

bool WindowTracker::passed(std::size_t plan, const Position& at) {
  std::vector<Position>& highs = windows_.at(plan).highs;
  while (!highs.empty() && source_.reached(at, highs.back())) highs.pop_back();
  return highs.empty();
}

void WindowTracker::dropCovered(Transaction& transaction, const Position& before) {
  const auto isCovered = [&](std::optional<std::size_t> plan) {
    if (!plan || !windows_.at(*plan).exact || passed(*plan, before)) return false;
    const std::vector<Position>& snapshots = windows_[*plan].highs;
    return std::any_of(snapshots.begin(), snapshots.end(),
                       [&](const Position& snapshot) { return source_.covers(snapshot, transaction); });
  };
  std::erase_if(transaction.changes, [&](const ChangeEvent& change) { return isCovered(planOf(change)); });
  if (!transaction.stored) return;
  for (const std::size_t plan : transaction.stored->plans())
    if (isCovered(plan)) transaction.stored->drop(plan);
  if (transaction.stored->plans().empty()) transaction.stored.reset();
}

void WindowTracker::noteTolerant(const Transaction& transaction, const Position& before, std::vector<bool>& tolerant) {
  const auto note = [&](std::optional<std::size_t> plan) {
    if (plan && !windows_.at(*plan).exact && !passed(*plan, before)) tolerant.at(*plan) = true;
  };
  for (const ChangeEvent& change : transaction.changes) note(planOf(change));
  if (!transaction.stored) return;
  for (const std::size_t plan : transaction.stored->plans()) note(plan);
}

bool WindowTracker::allPassed(const Position& at) {
  for (std::size_t plan = 0; plan < windows_.size(); ++plan) {
    if (!passed(plan, at)) return false;
  }
  return true;
}

}  // namespace drs
