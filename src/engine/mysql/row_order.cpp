#include "engine/mysql/row_order.h"

#include <algorithm>
#include <tuple>

namespace drs::mysql {
namespace {

constexpr std::size_t kFirstSlots = 4096;

auto groupOf(const RowOrder::Entry& entry) {
  return std::tuple(entry.level, entry.change->foreignKeyChecks, entry.change->plan, entry.change->op, entry.shape,
                    entry.index);
}

}  // namespace

void RowOrder::clear() {
  entries_.clear();
  used_ = 0;
  floor_ = top_ = 0;
  if (++batch_ == 0) {  // the numbers have gone round
    slots_.clear();
    batch_ = 1;
  }
  if (slots_.empty()) slots_.resize(kFirstSlots);
}

void RowOrder::add(const RowsChange& change, const TargetTable& table) {
  const std::size_t step = change.op == RowOp::update ? 2 : 1;
  for (std::size_t row = 0; row + step <= change.rows.rows(); row += step) {
    keys_.clear();
    const bool isTold = step == 2 ? table.conflicts.appendUpdate(change.rows, row, keys_)
                                  : table.conflicts.append(change.rows, row, keys_);
    entries_.push_back({&change, &table, static_cast<std::uint32_t>(row), levelOf(isTold),
                        static_cast<std::uint32_t>(entries_.size()),
                        step == 2 ? table.merge.shapeOf(change.rows, row, row + 1) : 0});
  }
}

std::uint32_t RowOrder::levelOf(bool isTold) {
  std::uint32_t level = floor_;
  if (!isTold) {
    level = entries_.empty() ? 0 : top_ + 1;
    floor_ = level + 1;
  } else {
    for (const ConflictKey key : keys_) {
      const Slot& found = slot(drs::hashOf(key));
      level = std::max({level, found.owned, isExclusive(key) ? found.shared : 0});
    }
    for (const ConflictKey key : keys_) {
      Slot& found = slot(drs::hashOf(key));
      (isExclusive(key) ? found.owned : found.shared) =
          std::max(level + 1, isExclusive(key) ? found.owned : found.shared);
    }
  }
  top_ = std::max(top_, level);
  return level;
}

RowOrder::Slot& RowOrder::slot(std::uint64_t hash) {
  if (2 * used_ >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& found = slots_[at];
    if (found.batch != batch_) {
      found = {hash, 0, 0, batch_};
      ++used_;
      return found;
    }
    if (found.hash == hash) return found;
  }
}

void RowOrder::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  used_ = 0;
  for (const Slot& entry : old) {
    if (entry.batch != batch_) continue;
    Slot& copy = slot(entry.hash);
    copy.owned = entry.owned;
    copy.shared = entry.shared;
  }
}

const std::vector<RowOrder::Entry>& RowOrder::arrange() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return groupOf(a) < groupOf(b); });
  return entries_;
}

}  // namespace drs::mysql
