#include "wire/rdb/crc64.h"

#include <array>
#include <bit>
#include <cstring>

namespace drs::rdb {
namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes are taken at once");

constexpr std::uint64_t kPolynomial = 0x95ac9329ac4bc9b5;  // of Jones, reflected
constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint64_t, 256>, kSlices>;

constexpr Tables makeTables() {
  Tables tables{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1U ^ kPolynomial : crc >> 1U;
    tables[0][i] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint64_t before = tables[slice - 1][i];
      tables[slice][i] = tables[0][before & 0xffU] ^ before >> 8U;
    }
  }
  return tables;
}

constexpr Tables kTables = makeTables();

std::uint64_t wordAt(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

[[gnu::always_inline]] inline std::uint64_t stepWord(std::uint64_t crc) {
  return kTables[7][crc & 0xffU] ^ kTables[6][crc >> 8U & 0xffU] ^ kTables[5][crc >> 16U & 0xffU] ^
         kTables[4][crc >> 24U & 0xffU] ^ kTables[3][crc >> 32U & 0xffU] ^ kTables[2][crc >> 40U & 0xffU] ^
         kTables[1][crc >> 48U & 0xffU] ^ kTables[0][crc >> 56U];
}

// One stream of bytes waits for its own last step. Three at a time do not: blocks of kLane bytes, each from 0, whose
// sums are put together by the linear function "followed by kLane zero bytes".
constexpr unsigned kLaneBits = 11;
constexpr std::size_t kLane = std::size_t{1} << kLaneBits;

/// A linear function of 64 bits: what each bit becomes.
using Linear = std::array<std::uint64_t, 64>;

constexpr std::uint64_t image(const Linear& function, std::uint64_t bits) {
  std::uint64_t out = 0;
  for (std::size_t bit = 0; bit < 64; ++bit) {
    if ((bits >> bit & 1U) != 0) out ^= function[bit];
  }
  return out;
}

constexpr Tables makeShift() {
  Linear shift{};
  for (std::size_t bit = 0; bit < 64; ++bit) {
    const std::uint64_t crc = std::uint64_t{1} << bit;
    shift[bit] = kTables[0][crc & 0xffU] ^ crc >> 8U;  // one zero byte
  }
  for (unsigned doubling = 0; doubling < kLaneBits; ++doubling) {
    Linear twice{};
    for (std::size_t bit = 0; bit < 64; ++bit) twice[bit] = image(shift, shift[bit]);
    shift = twice;
  }
  Tables tables{};
  for (std::size_t byte = 0; byte < 8; ++byte) {
    for (std::size_t value = 0; value < 256; ++value)
      tables[byte][value] = image(shift, std::uint64_t{value} << 8 * byte);
  }
  return tables;
}

constexpr Tables kShift = makeShift();

std::uint64_t followedByLane(std::uint64_t crc) {
  std::uint64_t out = 0;
  for (std::size_t byte = 0; byte < 8; ++byte) out ^= kShift[byte][crc >> 8 * byte & 0xffU];
  return out;
}

}  // namespace

std::uint64_t crc64(std::uint64_t crc, std::string_view bytes) noexcept {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= static_cast<std::ptrdiff_t>(3 * kLane); at += 3 * kLane) {
    std::uint64_t second = 0, third = 0;
    for (std::size_t i = 0; i < kLane; i += 8) {
      crc = stepWord(crc ^ wordAt(at + i));
      second = stepWord(second ^ wordAt(at + kLane + i));
      third = stepWord(third ^ wordAt(at + 2 * kLane + i));
    }
    crc = followedByLane(followedByLane(crc) ^ second) ^ third;
  }
  for (; end - at >= 8; at += 8) crc = stepWord(crc ^ wordAt(at));
  for (; at < end; ++at) crc = kTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xffU] ^ crc >> 8U;
  return crc;
}

}  // namespace drs::rdb
