#include "transform/condition/temporal.h"

#include <chrono>

namespace drs::condition {
namespace {

// DATETIME as MySQL packs it: months of a year in 13, then 5, 5, 6, 6 and 24 bits.
constexpr int kMonths = 13;
constexpr std::int64_t kDays = 32, kHours = 1024, kSixty = 64, kMicros = 1 << 24;
/// TO_DAYS('1970-01-01').
constexpr std::int64_t kEpochDay = 719528;
constexpr int kMaxFraction = 6;

/// Takes digits between `least` and `most`; false if there are fewer.
bool take(std::string_view& text, std::size_t least, std::size_t most, int& out) {
  std::size_t count = 0;
  int value = 0;
  while (count < most && count < text.size() && text[count] >= '0' && text[count] <= '9')
    value = value * 10 + (text[count++] - '0');
  if (count < least) return false;
  text.remove_prefix(count);
  out = value;
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool takeClock(std::string_view& text, std::size_t hourDigits, Moment& out) {
  if (!take(text, 2, hourDigits, out.hour) || !take(text, ':') || !take(text, 2, 2, out.minute) || !take(text, ':') ||
      !take(text, 2, 2, out.second))
    return false;
  if (!take(text, '.')) return true;
  const std::size_t before = text.size();
  if (!take(text, 1, kMaxFraction, out.micro)) return false;
  for (std::size_t digits = before - text.size(); digits < kMaxFraction; ++digits) out.micro *= 10;
  return true;
}

bool takeDate(std::string_view& text, Moment& out) {
  return take(text, 4, 4, out.year) && take(text, '-') && take(text, 2, 2, out.month) && take(text, '-') &&
         take(text, 2, 2, out.day);
}

void appendPadded(std::string& out, int value, std::size_t digits) {
  const std::string text = std::to_string(value);
  for (std::size_t i = text.size(); i < digits; ++i) out += '0';
  out += text;
}

void appendClock(std::string& out, const Moment& moment, int fraction) {
  appendPadded(out, moment.hour, 2);
  out += ':';
  appendPadded(out, moment.minute, 2);
  out += ':';
  appendPadded(out, moment.second, 2);
  if (fraction <= 0) return;
  int micro = moment.micro;
  for (int i = fraction; i < kMaxFraction; ++i) micro /= 10;
  out += '.';
  appendPadded(out, micro, static_cast<std::size_t>(fraction));
}

}  // namespace

Int128 packTemporal(const Moment& m) {
  const Int128 days = (static_cast<Int128>(m.year) * kMonths + m.month) * kDays + m.day;
  const Int128 packed = (((days * kHours + m.hour) * kSixty + m.minute) * kSixty + m.second) * kMicros + m.micro;
  return m.negative ? -packed : packed;
}

Moment unpackTemporal(Int128 packed) {
  Moment m;
  m.negative = packed < 0;
  if (m.negative) packed = -packed;
  const auto split = [&](std::int64_t by) {
    const auto rest = static_cast<int>(packed % by);
    packed /= by;
    return rest;
  };
  m.micro = split(kMicros);
  m.second = split(kSixty);
  m.minute = split(kSixty);
  m.hour = split(kHours);
  m.day = split(kDays);
  m.month = split(kMonths);
  m.year = static_cast<int>(packed);
  return m;
}

std::optional<Moment> parseDate(std::string_view text) {
  Moment out;
  if (!takeDate(text, out) || !text.empty()) return std::nullopt;
  return out;
}

std::optional<Moment> parseDateTime(std::string_view text) {
  Moment out;
  if (!takeDate(text, out)) return std::nullopt;
  if (text.empty()) return out;
  if (!take(text, ' ') || !takeClock(text, 2, out) || !text.empty()) return std::nullopt;
  return out;
}

std::optional<Moment> parseTime(std::string_view text) {
  Moment out;
  out.negative = take(text, '-');
  if (!takeClock(text, 3, out) || !text.empty()) return std::nullopt;
  return out;
}

bool isRealDate(const Moment& m) {
  return m.year >= 1 && m.month >= 1 && m.month <= 12 && m.day >= 1 && m.day <= daysInMonth(m.year, m.month);
}

void appendDate(std::string& out, const Moment& m) {
  appendPadded(out, m.year, 4);
  out += '-';
  appendPadded(out, m.month, 2);
  out += '-';
  appendPadded(out, m.day, 2);
}

void appendDateTime(std::string& out, const Moment& m, int fraction) {
  appendDate(out, m);
  out += ' ';
  appendClock(out, m, fraction);
}

void appendTime(std::string& out, const Moment& m, int fraction) {
  if (m.negative) out += '-';
  appendClock(out, m, fraction);
}

std::int64_t dayNumber(const Moment& m) {
  using namespace std::chrono;
  const sys_days date = year_month_day(std::chrono::year(m.year), std::chrono::month(static_cast<unsigned>(m.month)),
                                       std::chrono::day(static_cast<unsigned>(m.day)));
  return date.time_since_epoch().count() + kEpochDay;
}

Moment dateOf(std::int64_t days) {
  using namespace std::chrono;
  const year_month_day date{sys_days{std::chrono::days{days - kEpochDay}}};
  Moment out;
  out.year = static_cast<int>(date.year());
  out.month = static_cast<int>(static_cast<unsigned>(date.month()));
  out.day = static_cast<int>(static_cast<unsigned>(date.day()));
  return out;
}

int daysInMonth(int year, int month) {
  constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kLengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

}  // namespace drs::condition
