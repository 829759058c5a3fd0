#include "transform/condition/functions.h"
#include "transform/condition/operators.h"
#include "transform/condition/temporal.h"

#include <algorithm>
#include <array>

// Dates. Zero parts and days that no calendar has are compared here, but what they are counted as is asked for.

namespace drs::condition {
namespace {

using Args = std::vector<Expr>;
using Result = std::optional<Expr>;

enum Part : std::int64_t {
  year,
  month,
  day,
  hour,
  minute,
  second,
  micro,
  quarter,
  yearMonth,
  dayOfWeek,
  weekday,
  dayOfYear,
  days
};

Int128 partOf(const Moment& m, Part part) {
  constexpr std::int64_t kSaturday = 6, kWeek = 7;
  switch (part) {
    case year:
      return m.year;
    case month:
      return m.month;
    case day:
      return m.day;
    case hour:
      return m.hour;
    case minute:
      return m.minute;
    case second:
      return m.second;
    case micro:
      return m.micro;
    case quarter:
      return (m.month + 2) / 3;
    case yearMonth:
      return m.year * 100 + m.month;
    case dayOfWeek:  // day 0 was a Saturday; Sunday is 1
      return (dayNumber(m) + kSaturday) % kWeek + 1;
    case weekday:  // Monday is 0
      return (dayNumber(m) + kSaturday - 1) % kWeek;
    case dayOfYear: {
      Moment first;
      first.year = m.year;
      first.month = first.day = 1;
      return dayNumber(m) - dayNumber(first) + 1;
    }
    case days:
      break;
  }
  return dayNumber(m);
}

Value evaluatePart(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  const Moment moment = unpackTemporal(value.integer);
  if (expr.args[0].type.kind == TypeKind::time) {
    if (moment.negative) return askServer();
  } else if (!isRealDate(moment)) {
    return askServer();
  }
  return integerOf(partOf(moment, static_cast<Part>(expr.number)));
}

Value evaluateDateDiff(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const Moment a = unpackTemporal(v[0].integer);
  const Moment b = unpackTemporal(v[1].integer);
  if (!isRealDate(a) || !isRealDate(b)) return askServer();
  return integerOf(dayNumber(a) - dayNumber(b));
}

Value evaluateLastDay(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  Moment moment = unpackTemporal(value.integer);
  if (!isRealDate(moment)) return askServer();
  moment.day = daysInMonth(moment.year, moment.month);
  moment.hour = moment.minute = moment.second = moment.micro = 0;
  return temporalOf(packTemporal(moment));
}

Value evaluateUnixTime(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  const Moment m = unpackTemporal(value.integer);
  // Before, and behind 2038, versions differ.
  if (!isRealDate(m) || m.year < 1971 || m.year > 2037) return askServer();
  constexpr std::int64_t kEpochDay = 719528, kDay = 86400, kHour = 3600, kMinute = 60;
  return integerOf((dayNumber(m) - kEpochDay) * kDay + m.hour * kHour + m.minute * kMinute + m.second);
}

Value evaluateSeconds(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  const Moment m = unpackTemporal(value.integer);
  constexpr std::int64_t kHour = 3600, kMinute = 60;
  const std::int64_t seconds = m.hour * kHour + m.minute * kMinute + m.second;
  return integerOf(m.negative ? -seconds : seconds);
}

/// number: the unit in months (below 0) or seconds, times the sign.
Value evaluateInterval(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  Moment m = unpackTemporal(v[0].integer);
  constexpr Int128 kMost = 1'000'000'000;
  if (!isRealDate(m) || v[1].integer > kMost || v[1].integer < -kMost) return askServer();
  const auto count = static_cast<std::int64_t>(v[1].integer);
  const bool months = expr.text == "MONTH";
  constexpr std::int64_t kDay = 86400, kHour = 3600, kMinute = 60, kYear = 12, kLastYear = 9999;
  const std::int64_t step = count * expr.number;
  if (months) {
    const std::int64_t total = m.year * kYear + (m.month - 1) + step;
    if (total < kYear || total >= (kLastYear + 1) * kYear) return askServer();
    m.year = static_cast<int>(total / kYear);
    m.month = static_cast<int>(total % kYear) + 1;
    m.day = std::min(m.day, daysInMonth(m.year, m.month));
    return temporalOf(packTemporal(m));
  }
  std::int64_t seconds = dayNumber(m) * kDay + m.hour * kHour + m.minute * kMinute + m.second + step;
  constexpr std::int64_t kFirst = 366 * kDay, kLast = 3652424 * kDay;  // 0001-01-01 and 9999-12-31
  if (seconds < kFirst || seconds >= kLast + kDay) return askServer();
  Moment out = dateOf(seconds / kDay);
  seconds %= kDay;
  out.hour = static_cast<int>(seconds / kHour);
  out.minute = static_cast<int>(seconds % kHour / kMinute);
  out.second = static_cast<int>(seconds % kMinute);
  out.micro = m.micro;
  return temporalOf(packTemporal(out));
}

Result partOfDate(Args args, Part part) {
  const TypeKind kind = args[0].type.kind;
  const bool clock = part == hour || part == minute || part == second || part == micro;
  const bool fits = clock ? kind == TypeKind::datetime || kind == TypeKind::time : args[0].type.hasDate();
  if (!fits) return std::nullopt;
  Expr out = expressionOf(TypeKind::integer, evaluatePart, std::move(args));
  out.number = part;
  return out;
}
template <Part part>
Result buildPart(Args args, const Context&) {
  return partOfDate(std::move(args), part);
}

Result buildDate(Args args, const Context& context) {
  return makeCast(std::move(args[0]), "DATE", {}, context);
}
Result buildDateDiff(Args args, const Context&) {
  if (!args[0].type.hasDate() || !args[1].type.hasDate()) return std::nullopt;
  return expressionOf(TypeKind::integer, evaluateDateDiff, std::move(args));
}
Result buildLastDay(Args args, const Context&) {
  if (!args[0].type.hasDate()) return std::nullopt;
  return expressionOf(TypeKind::date, evaluateLastDay, std::move(args));
}
Result buildUnixTime(Args args, const Context&) {
  if (args[0].type.kind != TypeKind::datetime || args[0].type.scale != 0) return std::nullopt;
  return expressionOf(TypeKind::integer, evaluateUnixTime, std::move(args));
}
Result buildSeconds(Args args, const Context&) {
  if (args[0].type.kind != TypeKind::time || args[0].type.scale != 0) return std::nullopt;
  return expressionOf(TypeKind::integer, evaluateSeconds, std::move(args));
}

constexpr Function kDateFunctions[] = {
    {"YEAR", 1, 1, buildPart<year>},         {"MONTH", 1, 1, buildPart<month>},
    {"DAY", 1, 1, buildPart<day>},           {"DAYOFMONTH", 1, 1, buildPart<day>},
    {"HOUR", 1, 1, buildPart<hour>},         {"MINUTE", 1, 1, buildPart<minute>},
    {"SECOND", 1, 1, buildPart<second>},     {"MICROSECOND", 1, 1, buildPart<micro>},
    {"QUARTER", 1, 1, buildPart<quarter>},   {"DAYOFWEEK", 1, 1, buildPart<dayOfWeek>},
    {"WEEKDAY", 1, 1, buildPart<weekday>},   {"DAYOFYEAR", 1, 1, buildPart<dayOfYear>},
    {"TO_DAYS", 1, 1, buildPart<days>},      {"DATE", 1, 1, buildDate},
    {"DATEDIFF", 2, 2, buildDateDiff},       {"LAST_DAY", 1, 1, buildLastDay},
    {"UNIX_TIMESTAMP", 1, 1, buildUnixTime}, {"TIME_TO_SEC", 1, 1, buildSeconds},
};

}  // namespace

std::span<const Function> dateFunctions() {
  return kDateFunctions;
}

std::optional<Expr> makeExtract(Expr date, std::string_view unit) {
  static constexpr std::array<std::pair<std::string_view, Part>, 9> kUnits = {{{"YEAR", year},
                                                                               {"MONTH", month},
                                                                               {"DAY", day},
                                                                               {"HOUR", hour},
                                                                               {"MINUTE", minute},
                                                                               {"SECOND", second},
                                                                               {"MICROSECOND", micro},
                                                                               {"QUARTER", quarter},
                                                                               {"YEAR_MONTH", yearMonth}}};
  for (const auto& [name, part] : kUnits) {
    if (name != unit) continue;
    Args args;
    args.push_back(std::move(date));
    return partOfDate(std::move(args), part);
  }
  return std::nullopt;
}

Expr makeInterval(Expr date, Expr count, std::string_view unit, int sign) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> kUnits = {{{"MONTH", 1},
                                                                                       {"QUARTER", 3},
                                                                                       {"YEAR", 12},
                                                                                       {"DAY", 86400},
                                                                                       {"WEEK", 604800},
                                                                                       {"HOUR", 3600},
                                                                                       {"MINUTE", 60},
                                                                                       {"SECOND", 1}}};
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& each) { return each.first == unit; });
  if (!date.type.hasDate() || count.type.kind != TypeKind::integer || found == kUnits.end()) return opaque();
  const bool months = found - kUnits.begin() < 3;
  const bool clock = unit == "HOUR" || unit == "MINUTE" || unit == "SECOND";
  const TypeKind kind = clock ? TypeKind::datetime : date.type.kind;
  const int scale = date.type.scale;
  Args args;
  args.push_back(std::move(date));
  args.push_back(std::move(count));
  Expr out = expressionOf(kind, evaluateInterval, std::move(args));
  out.type.scale = scale;
  out.number = sign * found->second;
  out.text = months ? "MONTH" : "";
  return out;
}

}  // namespace drs::condition
