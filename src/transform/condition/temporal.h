#pragma once

#include "transform/condition/value.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drs::condition {

/// Fields of a DATE, DATETIME or TIME; a TIME has no day, its hours go to 838.
struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0;
  bool negative = false;  ///< of TIME
};

/// Packed so that the order of the numbers is that of the values; negative times are negative.
[[nodiscard]] Int128 packTemporal(const Moment& moment);
[[nodiscard]] Moment unpackTemporal(Int128 packed);

/// The texts of columns: "2024-02-00", "2024-02-00 00:00:00[.000]". Nothing if the text is no such thing.
[[nodiscard]] std::optional<Moment> parseDate(std::string_view text);      ///< the date alone
[[nodiscard]] std::optional<Moment> parseDateTime(std::string_view text);  ///< with or without a time
[[nodiscard]] std::optional<Moment> parseTime(std::string_view text);      ///< "-00:00:01.500"

/// Is it a day of the calendar (no zero parts, no 31st of February)? Years from 1 on.
[[nodiscard]] bool isRealDate(const Moment& moment);

void appendDate(std::string& out, const Moment& moment);
void appendDateTime(std::string& out, const Moment& moment, int fraction);
void appendTime(std::string& out, const Moment& moment, int fraction);

/// Days since 0000-01-01 as the servers count them (TO_DAYS); isRealDate() must hold.
[[nodiscard]] std::int64_t dayNumber(const Moment& moment);
/// The date of a day number.
[[nodiscard]] Moment dateOf(std::int64_t days);
[[nodiscard]] int daysInMonth(int year, int month);

}  // namespace drs::condition
