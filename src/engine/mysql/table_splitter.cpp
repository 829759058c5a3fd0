#include "engine/mysql/table_splitter.h"

#include "engine/mysql/column_types.h"
#include "engine/mysql/key_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace drs::mysql {
namespace {

/// Statistics can be far off; a chunk of this many rows is still a sane transaction.
constexpr std::uint64_t kMaxRows = 200000;
constexpr std::uint64_t kUnknownRowBytes = 128;

std::uint64_t tableBytes(const TableSchema& schema) {
  return std::max(schema.dataBytes, schema.estimatedRows * schema.averageRowBytes);
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

void splitTable(Connection& connection, const TableSchema& schema, std::size_t plan, std::size_t chunkBytes,
                std::vector<Chunk>& out) {
  const std::uint64_t step = rowsPerChunk(schema, chunkBytes);
  std::vector<std::string> after;
  std::uint64_t walked = 0;
  while (canCut(schema)) {
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
  out.push_back(chunkOf(plan, schema, canCut(schema) ? std::min(rest, step) : rest));
  out.back().after = std::move(after);
}

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
  if (schema.primaryKey.empty()) return "it has no primary key";
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
  for (const auto& [bytes, members] : units) {
    if (plans[members.front()].group >= 0)
      chunks.push_back(groupChunk(plans, members));
    else
      splitTable(connection, *plans[members.front()].source, members.front(), chunkBytes, chunks);
  }
  std::uint32_t number = 0;
  for (Chunk& chunk : chunks) chunk.number = ++number;
  return chunks;
}

}  // namespace drs::mysql
