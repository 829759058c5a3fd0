#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What one field of the request may hold, and what becomes of it. The tables (spec_tables_*.cpp) are written with the
// small functions below, so that a row reads like the contract: text(4, 50).only(kNameLetters).required().

namespace drs {

/// What this version does with a field; shown in docs/reference/request.md.
enum class Use {
  enacted,    ///< changes what the program does
  placement,  ///< decides on which node work runs, once there are several
  stored,     ///< checked, stored and shown, nothing else
  later,      ///< checked and stored; the validation refuses a value that would have to be enacted
};

/// Characters that a text may hold; the first other one is DRS.M00273.
struct Letters {
  bool (*allowed)(char32_t);
  std::string_view words;
  std::string_view pattern;  ///< the same as an ECMA-262 expression, for openapi.yaml
};

/// The shape of a text.
struct Format {
  bool (*fits)(std::string_view);
  std::string_view words;
  std::string_view pattern;  ///< ECMA-262 expression, empty if there is no short one
};

struct Rule {
  bool mandatory = false;
  /// Text: characters; integer and text of a number: the value; array and map: elements.
  std::int64_t min = 0, max = 0;
  std::vector<std::string_view> values{};  ///< enumeration; empty = none
  std::vector<std::int64_t> numbers{};     ///< enumeration of an integer
  bool list = false;                       ///< the text is a comma-separated list of `values`, each at most once
  bool numeric = false;                    ///< the text is a decimal integer from min to max
  bool acceptNumber = false;               ///< a JSON integer is taken for the text, because real clients send it
  bool notInAnswer = false;                ///< has a call of its own
  const Letters* letters = nullptr;
  const Format* format = nullptr;
  Msg tooLong = Msg::valueNotAllowed;
  std::string_view fallback{};  ///< what absent means; empty = no default

  [[nodiscard]] Rule required() const;
  [[nodiscard]] Rule only(const Letters& what) const;
  [[nodiscard]] Rule shaped(const Format& what) const;
  [[nodiscard]] Rule whenLong(Msg msg) const;
  [[nodiscard]] Rule orNumber() const;
  [[nodiscard]] Rule hidden() const;
  [[nodiscard]] Rule defaultsTo(std::string_view what) const;
};

/// Bounds of our own where the contract names none, in characters.
inline constexpr std::int64_t kShortText = 256;     // names and ids
inline constexpr std::int64_t kLongText = 4096;     // address lists, values
inline constexpr std::int64_t kFileText = 524'288;  // a certificate bundle in Base64

inline constexpr std::int64_t kMaxSpeedWindows = 3;  // table 15

[[nodiscard]] Rule text(std::int64_t min = 0, std::int64_t max = kShortText);
[[nodiscard]] Rule numberText(std::int64_t min, std::int64_t max);
[[nodiscard]] Rule oneOf(std::vector<std::string_view> values);
[[nodiscard]] Rule listOf(std::vector<std::string_view> values);
[[nodiscard]] Rule flag();
[[nodiscard]] Rule integer(std::int64_t min, std::int64_t max);
[[nodiscard]] Rule oneOfNumbers(std::vector<std::int64_t> numbers);
[[nodiscard]] Rule object();
/// An array or map of `min` to `max` elements; for an array of texts each element has 0–512 characters.
[[nodiscard]] Rule elements(std::int64_t min, std::int64_t max);

/// For people: "a, b, c" · "4 to 50 characters: letters, digits, - and _" · "1 to 16".
[[nodiscard]] std::string allowedText(const Rule& rule);
/// The whole rule as one ECMA-262 expression, empty if it has none.
[[nodiscard]] std::string patternOf(const Rule& rule);

std::string_view toText(Use use) noexcept;

}  // namespace drs
