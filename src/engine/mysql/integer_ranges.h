#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace drs::mysql {

/// Any 64-bit integer, signed or unsigned.
__extension__ using WideInt = __int128;

/// One range of keys: above `after`, up to and including `upTo`.
struct IntegerRange {
  WideInt after = 0, upTo = 0;
  std::uint64_t rows = 0;  ///< estimated
};

/// Estimates the rows of a range; costs the server no more than a look at its index.
using RowEstimate = std::function<std::uint64_t(const IntegerRange& range)>;

/// Cuts the keys min … max into neighbouring ranges of about `step` rows, all keys in exactly one of them. Halves what
/// is estimated to be too long, so that keys may be uneven and sparse, and joins what came out short. Asks for a
/// bounded number of estimates; when they are spent, ranges stay long. `step` is at least 1.
[[nodiscard]] std::vector<IntegerRange> cutIntegers(WideInt min, WideInt max, std::uint64_t step,
                                                    const RowEstimate& estimate);

}  // namespace drs::mysql
