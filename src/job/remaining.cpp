#include "job/remaining.h"

#include "base/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace drs {
namespace {

using Json = nlohmann::json;

constexpr UnixMillis kHourMillis = 3'600'000;
constexpr int kHoursAhead = 24 * 365;

// Of estimatedVolume(). Pages are filled to fifteen sixteenths; a row has a header, its transaction and its undo.
constexpr std::int64_t kRowOverhead = 20;
constexpr std::int64_t kIntegerAsText = 2, kRealAsText = 6, kTimeAsText = 12;  ///< longer than stored
// Estimates are never off by more than this, or nothing can be learnt of them.
constexpr double kMostWrong = 20;

// Index work: one row in one index costs as much as reading this many bytes.
constexpr std::uint64_t kIndexedRow = 200;
constexpr std::uint64_t kFulltextFactor = 10;
constexpr double kUsualIndexRate = 100e6;  ///< bytes of work per second, until it is measured

double real(std::uint64_t number) {
  return static_cast<double>(number);
}

std::int64_t longerAsText(const Column& column) {
  switch (column.kind) {
    case ColumnKind::integer:
      return kIntegerAsText;
    case ColumnKind::real:
      return kRealAsText;
    case ColumnKind::temporal:
      return kTimeAsText;
    default:
      return 0;
  }
}

bool isDone(const TableRecord& table) {
  return table.chunks > 0 && table.chunksDone >= table.chunks;
}

/// How many times the source's estimates the widths of rows turned out to be.
double widthFactor(const std::vector<TableWork>& tables) {
  double read = 0;
  double estimated = 0;
  for (const TableWork& work : tables) {
    if (work.rows() == 0 || work.table.estimatedRows == 0) continue;
    read += real(work.bytes());
    estimated += real(work.rows()) * real(work.table.estimatedBytes) / real(work.table.estimatedRows);
  }
  return estimated > 0 ? std::clamp(read / estimated, 1 / kMostWrong, kMostWrong) : 1;
}

/// Bytes per second under the limit of one hour; 0 = not known.
double speedUnder(std::uint64_t limit, const JobRate& rate) {
  const double measured = real(rate.bytes);
  if (rate.bytes == 0) return real(limit);
  if (limit == rate.limit) return limit == 0 ? measured : std::min(measured, real(limit));
  const double free = std::max(measured, real(rate.unlimited));
  return limit == 0 ? free : std::min(free, real(limit));
}

}  // namespace

std::uint64_t estimatedVolume(const TableSchema& schema) {
  if (schema.estimatedRows == 0) return schema.dataBytes;
  const auto stored = static_cast<std::int64_t>(schema.dataBytes / schema.estimatedRows);
  std::int64_t width = stored - stored / 16 - kRowOverhead;
  for (const Column& column : schema.columns) width += longerAsText(column);
  // Where the figures of the source do not go together, at least something is sent for each column.
  width = std::max(width, static_cast<std::int64_t>(schema.columns.size()));
  return schema.estimatedRows * static_cast<std::uint64_t>(width);
}

std::uint64_t expectedRows(const TableWork& work) {
  const TableRecord& table = work.table;
  const bool lastIsRead = work.read && table.chunksDone + 1 >= table.chunks;
  if (isDone(table) || lastIsRead) return work.rows();
  double rows = real(table.estimatedRows);
  if (table.chunksDone > 0) {
    // Pieces are of about one size: the more of them are complete, the more they say.
    const double done = real(static_cast<std::uint64_t>(table.chunksDone)) / static_cast<double>(table.chunks);
    rows = real(table.rows) + (1 - done) * ((1 - done) * rows + real(table.rows));
  }
  return std::max(static_cast<std::uint64_t>(std::llround(rows)), work.rows());
}

std::vector<std::uint64_t> expectedBytes(const std::vector<TableWork>& tables) {
  const double factor = widthFactor(tables);
  std::vector<std::uint64_t> out;
  out.reserve(tables.size());
  for (const TableWork& work : tables) {
    double bytes = real(work.table.estimatedBytes) * factor;
    if (work.rows() > 0)
      bytes = real(work.bytes()) / real(work.rows()) * real(expectedRows(work));
    else if (isDone(work.table) || work.read)
      bytes = 0;
    out.push_back(std::max(static_cast<std::uint64_t>(std::llround(bytes)), work.bytes()));
  }
  return out;
}

std::optional<double> secondsOfCopy(std::uint64_t bytes, const JobRate& rate, const std::vector<SpeedRule>& rules,
                                    UnixMillis now) {
  if (bytes == 0) return 0;
  double left = real(bytes);
  double seconds = 0;
  for (int hour = 0; hour < kHoursAhead; ++hour) {
    const double speed = speedUnder(speedAt(rules, now), rate);
    if (speed == 0) return std::nullopt;
    const double span = static_cast<double>(kHourMillis - now % kHourMillis) / 1000;
    if (rules.empty() || left <= speed * span) return seconds + left / speed;
    left -= speed * span;
    seconds += span;
    now += kHourMillis - now % kHourMillis;
  }
  return seconds;
}

std::vector<IndexWork> indexWork(const std::vector<TablePlan>& plans, const JobSpec& spec) {
  std::vector<IndexWork> out;
  if (spec.policyConfig.isCreateTableWithIndex.value_or(false)) return out;
  const bool ofStandingTables = !syncTypesOf(spec).structure;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!plans[i].createTable && !ofStandingTables) continue;
    const TableSchema& schema = *plans[i].source;
    IndexWork work{i, 0};
    for (const Index& index : schema.indexes) {
      if (index.unique || !plans[i].secondaryIndexes) continue;  // unique ones come with the table
      if (work.bytes == 0) work.bytes = schema.dataBytes + 1;    // read once for all of them
      work.bytes += index.type == "FULLTEXT" ? schema.dataBytes * kFulltextFactor : schema.estimatedRows * kIndexedRow;
    }
    if (work.bytes > 0) out.push_back(work);
  }
  return out;
}

std::string encodeIndexWork(const std::vector<IndexWork>& work) {
  Json out = Json::array();
  for (const IndexWork& one : work) out.push_back({one.plan, one.bytes});
  return out.dump();
}

std::vector<IndexWork> decodeIndexWork(const std::string& text) {
  try {
    std::vector<IndexWork> out;
    for (const Json& one : Json::parse(text))
      out.push_back({one.at(0).get<std::size_t>(), one.at(1).get<std::uint64_t>()});
    return out;
  } catch (const Json::exception& e) {
    throw Error(Msg::storeDamaged, {"the work of indexes is not readable"}, Origin::store, e.what());
  }
}

double secondsOfIndexes(std::uint64_t bytes, std::uint64_t measured) {
  return real(bytes) / (measured > 0 ? real(measured) : kUsualIndexRate);
}

}  // namespace drs
