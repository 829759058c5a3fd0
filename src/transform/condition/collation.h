#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drs::condition {

/// How a collation orders the characters that we can prove.
enum class Weights : std::uint8_t {
  unknown,  ///< nothing is known but that equal bytes are equal
  bytes,    ///< binary and *_bin of character sets whose bytes are in the order of their code points
  upper,    ///< ASCII in byte order with a = A (*_general_ci, latin1_swedish_ci)
  uca4,     ///< printable ASCII in the order of utf8mb4_unicode_ci
  uca9,     ///< … of utf8mb4_0900_ai_ci
};

struct Collation {
  std::string name, charset;
  Weights weights = Weights::unknown;
  bool pads = true;          ///< shorter texts are filled with spaces
  bool isUtf8 = false;       ///< the character set is utf8mb3 or utf8mb4
  bool singleByte = false;   ///< latin1, ascii, binary: a byte is a character
  bool isAsciiBased = true;  ///< bytes below 0x80 are ASCII; false: nothing can be said without the server

  bool operator==(const Collation&) const = default;
};

/// What is known of a collation; never fails.
[[nodiscard]] Collation describeCollation(std::string_view charset, std::string_view name);

[[nodiscard]] bool isAscii(std::string_view text) noexcept;

/// < 0, 0, > 0 as the servers compare the two; nothing if the weight of a character is not known.
[[nodiscard]] std::optional<int> compareTexts(std::string_view a, std::string_view b, const Collation& collation);

/// `text LIKE pattern ESCAPE escape`; nothing as above.
[[nodiscard]] std::optional<bool> isLike(std::string_view text, std::string_view pattern, char escape,
                                         const Collation& collation);

/// Where `part` begins in `text`, in bytes, at or behind `from`; npos: nowhere. Nothing as above.
[[nodiscard]] std::optional<std::size_t> findText(std::string_view text, std::string_view part, std::size_t from,
                                                  const Collation& collation);

/// Characters of `text`; nothing if its bytes are not ours to count.
[[nodiscard]] std::optional<std::size_t> countOf(std::string_view text, const Collation& collation);
/// The byte at which character `index` begins; the end if there are fewer. countOf() must have an answer.
[[nodiscard]] std::size_t byteOf(std::string_view text, std::size_t index, const Collation& collation);

}  // namespace drs::condition
