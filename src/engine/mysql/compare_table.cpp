#include "engine/mysql/compare_table.h"

#include "base/task_group.h"
#include "engine/mysql/key_range.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace drs::mysql {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kRangeRows = 20000;     ///< of the source, held in memory as hashes
constexpr std::size_t kRowsPerPart = 400000;  ///< of a table whose key cannot be cut
constexpr std::size_t kLookUpRows = 200;      ///< one statement

std::vector<std::string> literalsOf(const TableSchema& schema, const std::vector<std::string>& key) {
  std::vector<std::string> literals;
  literals.reserve(key.size());
  for (std::size_t i = 0; i < key.size(); ++i)
    literals.push_back(keyLiteral(schema.columns[schema.primaryKey[i]], key[i]));
  return literals;
}

/// Reads parts of both sides and matches their rows.
class TableReader {
 public:
  TableReader(CompareSessions& sessions, const TablePlan& plan, const CompareTable& table, Suspects& suspects,
              const std::stop_token& stop, TableComparison& out)
      : sessions_(sessions), plan_(plan), table_(table), suspects_(suspects), stop_(stop), out_(out) {}

  /// Rows of the source, up to the limit; returns the key of the last one, as literals, if the limit was reached.
  std::vector<std::string> readSource(const std::string& condition, const std::string& order, std::size_t limit) {
    std::vector<std::string> last;
    std::size_t rows = 0;
    sessions_.source().stream(selectRows(plan_, table_, true) + condition + order, [&](const Row& fields) {
      ComparedRow row = readRow(table_, fields, false);
      ++out_.sourceRows;
      if (++rows == limit) last = literalsOf(*plan_.source, row.key);
      rows_.insert_or_assign(std::move(row.keyBytes), Held{row.hash, std::move(row.key)});
      return !stop_.stop_requested();
    });
    return last;
  }

  /// The same part of the target; matched rows go, the rest of both sides are suspects.
  void readTarget(const std::string& condition) {
    sessions_.target().stream(selectRows(plan_, table_, false) + condition, [&](const Row& fields) {
      const ComparedRow row = readRow(table_, fields, false);
      ++out_.targetRows;
      const auto found = rows_.find(row.keyBytes);
      if (found == rows_.end() || found->second.hash != row.hash) suspect(row);
      if (found != rows_.end()) rows_.erase(found);
      return !stop_.stop_requested();
    });
    for (auto& [bytes, held] : rows_) suspect({std::move(held.key), bytes, held.hash, {}});
    rows_.clear();
  }

  /// Forgets the rows of a part that will be read again; its suspects stay and are found equal if they are.
  void forget() { rows_.clear(); }

 private:
  struct Held {
    RowHash hash;
    std::vector<std::string> key;
  };

  void suspect(const ComparedRow& row) {
    suspects_.add(row);
    if (suspects_.full()) suspects_.settle(stop_);
  }

  CompareSessions& sessions_;
  const TablePlan& plan_;
  const CompareTable& table_;
  Suspects& suspects_;
  const std::stop_token& stop_;
  TableComparison& out_;
  std::unordered_map<std::string, Held> rows_;
};

/// Which part a row belongs to when the key cannot be cut into ranges.
std::string partCondition(const TableSchema& schema, std::uint64_t parts, std::uint64_t part) {
  if (parts == 1) return "TRUE";
  std::vector<std::string> values;
  values.reserve(schema.primaryKey.size());
  for (const std::size_t i : schema.primaryKey) values.push_back("HEX(" + keyExpression(schema.columns[i]) + ")");
  return fmt::format("CRC32(CONCAT_WS(':', {})) % {} = {}", joinComma(values), parts, part);
}

}  // namespace

std::string selectRows(const TablePlan& plan, const CompareTable& table, bool source) {
  std::vector<std::string> expressions;
  expressions.reserve(table.columns.size());
  for (const CompareColumn& column : table.columns)
    expressions.push_back(source ? column.sourceExpression : column.targetExpression);
  return "SELECT " + joinComma(expressions) + " FROM " + quoteName(source ? plan.source->name : plan.target) +
         (table.keys == 0 ? " WHERE " : " FORCE INDEX (PRIMARY) WHERE ");
}

RowHash hashOf(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

ComparedRow readRow(const CompareTable& table, const Row& fields, bool withColumns) {
  ComparedRow row;
  std::string bytes;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::size_t start = bytes.size();
    appendComparable(bytes, table.columns[i].form, fields.at(i));
    if (withColumns) row.columns.push_back(hashOf(std::string_view(bytes).substr(start)));
    if (i < table.keys) row.key.emplace_back(fields[i]);
    if (i + 1 == table.keys) row.keyBytes = bytes;
  }
  row.hash = hashOf(bytes);
  return row;
}

void Suspects::add(const ComparedRow& row) {
  if (!counted_.contains(row.keyBytes)) waiting_[row.keyBytes].key = row.key;
}

void Suspects::settle(const std::stop_token& stop) {
  const std::size_t before = waiting_.size();
  const std::size_t tries = hopeless_ ? kHastyTries : kPauses.size();
  for (std::size_t i = 0; i < tries && !waiting_.empty(); ++i) {
    if (kPauses.at(i).count() > 0 && !sleepFor(kPauses.at(i), stop)) break;
    look(stop);
  }
  if (!stop.stop_requested()) {
    out_.differences += waiting_.size();
    for (auto& [key, suspect] : waiting_) {
      counted_.insert(key);
      if (out_.listed.size() < maxListed_) out_.listed.push_back(std::move(suspect.difference));
    }
    // Tables that simply differ need no patience with every row.
    hopeless_ = hopeless_ || (before >= kMost && waiting_.size() > before - before / 10);
  }
  waiting_.clear();
}

void Suspects::look(const std::stop_token& stop) {
  for (auto at = waiting_.begin(); at != waiting_.end() && !stop.stop_requested();) {
    const auto first = at;
    std::vector<const Suspect*> some;
    for (; at != waiting_.end() && some.size() < kLookUpRows; ++at) some.push_back(&at->second);
    const Found source = lookUp(sessions_.source(), true, some);
    const Found target = lookUp(sessions_.lookup(), false, some);
    for (auto one = first; one != at;) {
      if (agrees(one->second, one->first, source, target))
        one = waiting_.erase(one);
      else
        ++one;
    }
  }
}

Suspects::Found Suspects::lookUp(Connection& connection, bool atSource,
                                 const std::vector<const Suspect*>& suspects) const {
  const std::vector<std::string> columns = keyColumns(*plan_.source);
  std::string condition;
  for (const Suspect* suspect : suspects) {
    const std::vector<std::string> literals = literalsOf(*plan_.source, suspect->key);
    std::string one;
    for (std::size_t i = 0; i < columns.size(); ++i) one += (i == 0 ? "" : " AND ") + columns[i] + " = " + literals[i];
    condition += (condition.empty() ? "(" : " OR (") + one + ")";
  }
  Found found;
  connection.stream(selectRows(plan_, table_, atSource) + condition, [&](const Row& fields) {
    ComparedRow row = readRow(table_, fields, true);
    std::string key = row.keyBytes;
    found.insert_or_assign(std::move(key), std::move(row));
    return true;
  });
  return found;
}

bool Suspects::agrees(Suspect& suspect, const std::string& key, const Found& source, const Found& target) const {
  const auto here = source.find(key);
  const auto there = target.find(key);
  if (here == source.end() && there == target.end()) return true;
  if (here != source.end() && there != target.end()) {
    // A row that keeps changing is caught up with if the target shows any state that the source had since the first
    // look.
    suspect.seen.insert(here->second.hash);
    if (suspect.seen.contains(there->second.hash)) return true;
  }
  RowDifference& difference = suspect.difference;
  difference = {};
  for (const std::string& field : suspect.key) difference.key.push_back(printableKey(field));
  if (there == target.end()) {
    difference.kind = RowDifference::Kind::missingInTarget;
  } else if (here == source.end()) {
    difference.kind = RowDifference::Kind::missingInSource;
  } else {
    for (std::size_t i = 0; i < table_.columns.size(); ++i)
      if (here->second.columns[i] != there->second.columns[i]) difference.columns.push_back(table_.columns[i].name);
  }
  return false;
}

void compareRows(CompareSessions& sessions, const TablePlan& plan, const CompareTable& table, std::size_t maxListed,
                 const std::function<void(std::uint64_t rows)>& progress, const std::stop_token& stop,
                 TableComparison& out) {
  Suspects suspects(sessions, plan, table, maxListed, out);
  TableReader reader(sessions, plan, table, suspects, stop, out);
  const TableSchema& schema = *plan.source;
  // What settled suspects have added to `out` stays when a part is read again; its rows are counted anew.
  const auto part = [&](const std::function<void()>& body) {
    const auto counts = std::pair(out.sourceRows, out.targetRows);
    suspects.beginPart();
    sessions.withAnyRows(
        body,
        [&] {
          std::tie(out.sourceRows, out.targetRows) = counts;
          reader.forget();
        },
        stop);
    if (progress) progress(std::max(out.sourceRows, out.targetRows));
  };
  if (canCut(schema)) {
    const std::string order = fmt::format(" ORDER BY {} LIMIT {}", joinComma(keyColumns(schema)), kRangeRows);
    std::vector<std::string> after;
    do {
      std::vector<std::string> upTo;
      part([&] {
        upTo = reader.readSource(rangeCondition(schema, after, {}), order, kRangeRows);
        if (!stop.stop_requested()) reader.readTarget(rangeCondition(schema, after, upTo));
      });
      if (!upTo.empty() && upTo == after)
        throw Error(Msg::internal, {"the primary key of " + quoteName(schema.name) + " does not advance"},
                    Origin::source);
      after = upTo;
    } while (!after.empty() && !stop.stop_requested());
  } else {
    const std::uint64_t parts = schema.estimatedRows / kRowsPerPart + 1;
    for (std::uint64_t number = 0; number < parts && !stop.stop_requested(); ++number) {
      const std::string condition = partCondition(schema, parts, number);
      part([&] {
        reader.readSource(condition, "", 0);
        if (!stop.stop_requested()) reader.readTarget(condition);
      });
    }
  }
  sessions.withAnyRows([&] { suspects.settle(stop); }, [] {}, stop);
}

}  // namespace drs::mysql
