#include "engine/mysql/table_splitter.h"

#include "engine/mysql/column_types.h"
#include "engine/mysql/definition_text.h"
#include "engine/mysql/integer_ranges.h"
#include "engine/mysql/key_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

namespace drs::mysql {
namespace {

/// Statistics can be far off; a chunk of this many rows is still a sane transaction.
constexpr std::uint64_t kMaxRows = 200000;
constexpr std::uint64_t kUnknownRowBytes = 128;
/// Small tables that share a chunk: its snapshot, its transaction and its two sessions are then paid for once.
constexpr std::size_t kMaxTablesOfChunk = 64;

std::uint64_t tableBytes(const TableSchema& schema) {
  return std::max(schema.dataBytes, schema.estimatedRows * schema.averageRowBytes);
}

/// Statistics may lag behind, so that a table counts as small only far below the size of a chunk.
bool isSmall(const TableSchema& schema, std::size_t chunkBytes) {
  return tableBytes(schema) * 8 <= chunkBytes;
}

/// The key of the n-th row behind `after`, as literals; empty if there are fewer.
std::vector<std::string> keyBehind(Connection& connection, const TableSchema& schema,
                                   const std::vector<std::string>& after, std::uint64_t n) {
  std::vector<std::string> expressions;
  for (const std::size_t i : schema.primaryKey) expressions.push_back(keyExpression(schema.columns[i]));
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM {} FORCE INDEX (PRIMARY) WHERE {} ORDER BY {} LIMIT {}, 1", joinComma(expressions),
                  quoteName(schema.name), rangeCondition(schema, after, {}), joinComma(keyColumns(schema)), n - 1));
  std::vector<std::string> key;
  if (rows.empty()) return key;
  for (std::size_t i = 0; i < schema.primaryKey.size(); ++i)
    key.push_back(keyLiteral(schema.columns[schema.primaryKey[i]], rows.front().at(i).value_or("")));
  return key;
}

Chunk chunkOf(std::size_t plan, const TableSchema& schema, std::uint64_t rows) {
  Chunk chunk;
  chunk.plans = {plan};
  chunk.estimatedRows = rows;
  chunk.estimatedBytes = rows * std::max<std::uint64_t>(schema.averageRowBytes, 1);
  return chunk;
}

/// Boundaries found by walking the key: for keys that only the server can order.
void walkTable(Connection& connection, const TableSchema& schema, std::size_t plan, std::uint64_t step,
               std::vector<Chunk>& out) {
  std::vector<std::string> after;
  std::uint64_t walked = 0;
  while (true) {
    std::vector<std::string> upTo = keyBehind(connection, schema, after, step);
    if (upTo.empty()) break;
    if (upTo == after)  // a comparison that the server does not keep: never loop, never guess
      throw Error(Msg::internal, {"the primary key of " + quoteName(schema.name) + " does not advance"},
                  Origin::source);
    out.push_back(chunkOf(plan, schema, step));
    out.back().after = std::move(after);
    out.back().upTo = upTo;
    after = std::move(upTo);
    walked += step;
  }
  const std::uint64_t rest = schema.estimatedRows > walked ? schema.estimatedRows - walked : 0;
  out.push_back(chunkOf(plan, schema, std::min(rest, step)));
  out.back().after = std::move(after);
}

std::string textOf(WideInt value) {
  // One below the smallest, and every other value, fits one of the two.
  return value < 0 ? fmt::format("{}", static_cast<std::int64_t>(value))
                   : fmt::format("{}", static_cast<std::uint64_t>(value));
}

std::optional<WideInt> integerOf(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const char* const end = text->data() + text->size();
  std::int64_t number = 0;
  if (std::from_chars(text->data(), end, number).ec == std::errc()) return number;
  std::uint64_t large = 0;
  if (std::from_chars(text->data(), end, large).ec == std::errc()) return static_cast<WideInt>(large);
  return std::nullopt;
}

/// What the optimiser expects of a range: it dives into the index at both ends and counts nothing. (With FORCE INDEX
/// MySQL would not even dive, and say 1.)
std::uint64_t estimateRows(Connection& connection, const TableSchema& schema, const std::string& condition) {
  const auto rows = connection.records("EXPLAIN FORMAT=TRADITIONAL SELECT 1 FROM " + quoteName(schema.name) +
                                       " USE INDEX (PRIMARY) WHERE " + condition);
  if (rows.empty()) return 0;
  const auto found = rows.front().find("rows");  // without a value for a range that holds nothing
  std::uint64_t count = 0;
  if (found != rows.front().end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), count);
  return count;
}

/// Boundaries found by the optimiser's estimates, without reading the table.
void cutByIntegers(Connection& connection, const TableSchema& schema, std::size_t plan, std::uint64_t step,
                   std::vector<Chunk>& out) {
  const std::string name = keyColumns(schema).front();
  const auto ends = connection.query(fmt::format("SELECT MIN({0}), MAX({0}) FROM {1}", name, quoteName(schema.name)));
  const auto min = integerOf(ends.at(0).at(0));
  const auto max = integerOf(ends.at(0).at(1));
  std::vector<IntegerRange> ranges(1);
  if (min && max) {
    ranges = cutIntegers(*min, *max, step, [&](const IntegerRange& range) {
      // "above one less than the smallest" may not be a value of the type.
      return estimateRows(connection, schema,
                          fmt::format("{0} >= {1} AND {0} <= {2}", name, textOf(range.after + 1), textOf(range.upTo)));
    });
  }
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    // Rows that come in beyond the ends meanwhile belong to the first and the last chunk.
    out.push_back(chunkOf(plan, schema, ranges[i].rows));
    if (i > 0) out.back().after = {textOf(ranges[i].after)};
    if (i + 1 < ranges.size()) out.back().upTo = {textOf(ranges[i].upTo)};
  }
}

void splitTable(Connection& connection, const TableSchema& schema, std::size_t plan, std::size_t chunkBytes,
                std::vector<Chunk>& out) {
  const std::uint64_t step = rowsPerChunk(schema, chunkBytes);
  if (!canCut(schema))
    out.push_back(chunkOf(plan, schema, schema.estimatedRows));
  else if (schema.primaryKey.size() == 1 && schema.columns[schema.primaryKey[0]].kind == ColumnKind::integer)
    cutByIntegers(connection, schema, plan, step, out);
  else
    walkTable(connection, schema, plan, step, out);
}

/// Collects small tables into chunks.
class Packer {
 public:
  Packer(std::size_t chunkBytes, std::vector<Chunk>& out) : chunkBytes_(chunkBytes), out_(out) {}

  void add(const TableSchema& schema, std::size_t plan) {
    const std::uint64_t bytes = tableBytes(schema);
    if (open_.plans.size() == kMaxTablesOfChunk || open_.estimatedBytes + bytes > chunkBytes_) close();
    open_.plans.push_back(plan);
    open_.estimatedRows += schema.estimatedRows;
    open_.estimatedBytes += bytes;
  }
  void close() {
    if (!open_.plans.empty()) out_.push_back(std::exchange(open_, Chunk()));
  }

 private:
  const std::size_t chunkBytes_;
  std::vector<Chunk>& out_;
  Chunk open_;
};

Chunk groupChunk(const Plans& plans, const std::vector<std::size_t>& members) {
  Chunk chunk;
  chunk.exact = true;
  for (const std::size_t i : members) {
    chunk.plans.push_back(i);
    chunk.estimatedRows += plans[i].source->estimatedRows;
    chunk.estimatedBytes += tableBytes(*plans[i].source);
  }
  return chunk;
}

}  // namespace

std::uint64_t rowsPerChunk(const TableSchema& schema, std::size_t chunkBytes) {
  const std::uint64_t row = schema.averageRowBytes == 0 ? kUnknownRowBytes : schema.averageRowBytes;
  return std::clamp<std::uint64_t>(chunkBytes / row, 1, kMaxRows);
}

std::string cannotCopy(const TableSchema& schema) {
  for (const Column& column : schema.columns) {
    const std::string reason = unsupportedType(column);
    if (!reason.empty()) return "column " + column.name + ": " + reason;
  }
  return {};
}

std::vector<Chunk> splitTables(Connection& connection, const Plans& plans, std::size_t chunkBytes) {
  // One entry for each group and each free table, with its size.
  std::map<int, std::vector<std::size_t>> groups;
  std::vector<std::pair<std::uint64_t, std::vector<std::size_t>>> units;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const std::string reason = cannotCopy(*plans[i].source);
    if (!reason.empty())
      throw Error(Msg::precheckFailed, {quoteName(plans[i].source->name) + ": " + reason}, Origin::source);
    const bool isKeyless = plans[i].source->primaryKey.empty() || generatedKey(*plans[i].source) != nullptr;
    if (isKeyless && plans[i].group < 0)
      throw Error(Msg::internal, {quoteName(plans[i].source->name) + " has no primary key and no exact snapshot"},
                  Origin::source);
    if (plans[i].group >= 0)
      groups[plans[i].group].push_back(i);
    else
      units.push_back({tableBytes(*plans[i].source), {i}});
  }
  for (const auto& [group, members] : groups) {
    std::uint64_t bytes = 0;
    for (const std::size_t i : members) bytes += tableBytes(*plans[i].source);
    units.emplace_back(bytes, members);
  }
  std::stable_sort(units.begin(), units.end(), [](const auto& a, const auto& b) { return a.first > b.first; });

  std::vector<Chunk> chunks;
  Packer packer(chunkBytes, chunks);
  for (const auto& [bytes, members] : units) {
    const std::size_t first = members.front();
    if (plans[first].group >= 0)
      chunks.push_back(groupChunk(plans, members));
    else if (isSmall(*plans[first].source, chunkBytes))
      packer.add(*plans[first].source, first);
    else
      splitTable(connection, *plans[first].source, first, chunkBytes, chunks);
  }
  packer.close();
  std::uint32_t number = 0;
  for (Chunk& chunk : chunks) chunk.number = ++number;
  return chunks;
}

}  // namespace drs::mysql
