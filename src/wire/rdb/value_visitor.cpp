#include "wire/rdb/value_visitor.h"

#include <charconv>
#include <cmath>

namespace drs::rdb {

std::string_view scoreText(double score, std::span<char, kScoreBytes> buffer) noexcept {
  constexpr double kAllWhole = 9007199254740992.0;  // 2^53: up to here every whole number is a double
  if (std::isnan(score)) return "nan";
  if (std::isinf(score)) return score > 0 ? "inf" : "-inf";
  if (score == 0) return std::signbit(score) ? "-0" : "0";
  char* const end = buffer.data() + buffer.size();
  const bool whole = std::abs(score) < kAllWhole && std::trunc(score) == score;
  const std::to_chars_result result = whole ? std::to_chars(buffer.data(), end, static_cast<long long>(score))
                                            : std::to_chars(buffer.data(), end, score);
  return {buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data())};
}

}  // namespace drs::rdb
