#include "engine/mysql/integer_ranges.h"

namespace drs::mysql {
namespace {

/// For each range that is wanted, what the way to it through sparse keys may cost.
constexpr std::uint64_t kEstimatesPerRange = 8, kSpareEstimates = 2000;

/// Leaves in the order of the keys. `budget`: estimates that may still be asked for. Without it a server that takes no
/// range for empty (a partitioned table may count one row for each partition) would be asked for ever.
void halve(const IntegerRange& range, std::uint64_t step, const RowEstimate& estimate, std::uint64_t& budget,
           std::vector<IntegerRange>& out) {
  // A single key, and a range that holds fewer keys than rows are wanted, is never too long.
  const bool isShort = range.rows <= step + step / 4 || range.upTo - range.after <= static_cast<WideInt>(step);
  if (isShort || budget < 2) {
    out.push_back(range);
    return;
  }
  budget -= 2;
  const WideInt middle = range.after + (range.upTo - range.after) / 2;
  IntegerRange low{range.after, middle, 0};
  IntegerRange high{middle, range.upTo, 0};
  low.rows = estimate(low);
  high.rows = estimate(high);
  halve(low, step, estimate, budget, out);
  halve(high, step, estimate, budget, out);
}

}  // namespace

std::vector<IntegerRange> cutIntegers(WideInt min, WideInt max, std::uint64_t step, const RowEstimate& estimate) {
  IntegerRange whole{min - 1, max, 0};
  whole.rows = estimate(whole);
  std::vector<IntegerRange> leaves;
  std::uint64_t budget = whole.rows / step * kEstimatesPerRange + kSpareEstimates;
  halve(whole, step, estimate, budget, leaves);
  std::vector<IntegerRange> ranges;
  for (const IntegerRange& leaf : leaves) {
    if (!ranges.empty() && ranges.back().rows + leaf.rows <= step) {
      ranges.back().upTo = leaf.upTo;
      ranges.back().rows += leaf.rows;
    } else {
      ranges.push_back(leaf);
    }
  }
  return ranges;
}

}  // namespace drs::mysql
