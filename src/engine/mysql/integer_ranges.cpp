#include "engine/mysql/integer_ranges.h"

namespace drs::mysql {
namespace {

/// Leaves in the order of the keys.
void halve(const IntegerRange& range, std::uint64_t step, const RowEstimate& estimate, std::vector<IntegerRange>& out) {
  // A single key, and a range that holds fewer keys than rows are wanted, is never too long.
  if (range.rows <= step + step / 4 || range.upTo - range.after <= static_cast<WideInt>(step)) {
    out.push_back(range);
    return;
  }
  const WideInt middle = range.after + (range.upTo - range.after) / 2;
  IntegerRange low{range.after, middle, 0};
  IntegerRange high{middle, range.upTo, 0};
  low.rows = estimate(low);
  high.rows = estimate(high);
  halve(low, step, estimate, out);
  halve(high, step, estimate, out);
}

}  // namespace

std::vector<IntegerRange> cutIntegers(WideInt min, WideInt max, std::uint64_t step, const RowEstimate& estimate) {
  IntegerRange whole{min - 1, max, 0};
  whole.rows = estimate(whole);
  std::vector<IntegerRange> leaves;
  halve(whole, step, estimate, leaves);
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
