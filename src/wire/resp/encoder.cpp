#include "wire/resp/encoder.h"

#include <array>
#include <charconv>

namespace drs::resp {
namespace {

/// A sign and the digits of 64 bits.
using Digits = std::array<char, 20>;

template <typename Integer>
std::string_view decimal(Integer value, Digits& digits) {
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end};
}

}  // namespace

Encoder& Encoder::head(char type, std::size_t number) {
  Digits digits{};
  bytes_.append(1, type).append(decimal(number, digits)).append("\r\n");
  return *this;
}

Encoder& Encoder::argument(std::int64_t value) {
  Digits digits{};
  return argument(decimal(value, digits));
}

Encoder& Encoder::argument(std::uint64_t value) {
  Digits digits{};
  return argument(decimal(value, digits));
}

}  // namespace drs::resp
