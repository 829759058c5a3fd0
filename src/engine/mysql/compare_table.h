#pragma once

#include "engine/mysql/compare_columns.h"
#include "engine/mysql/compare_sessions.h"
#include "pipeline/compare.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::mysql {

/// 128 bits over a row's comparable bytes: equal for equal rows; for different rows equal once in 2^64 comparisons or
/// rarer.
struct RowHash {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const RowHash&) const = default;
};
[[nodiscard]] RowHash hashOf(std::string_view bytes);

/// A row as it was read for comparing.
struct ComparedRow {
  std::vector<std::string> key;  ///< what the server said, for literals and people
  std::string keyBytes;          ///< comparable
  RowHash hash;                  ///< of all columns, key included
  std::vector<RowHash> columns;  ///< of each column; only when asked for
};
[[nodiscard]] ComparedRow readRow(const CompareTable& table, const Row& fields, bool withColumns);

/// "SELECT … FROM … WHERE " of one side, along the primary key if there is one; a condition must follow.
[[nodiscard]] std::string selectRows(const TablePlan& plan, const CompareTable& table, bool source);

/// Looks suspects up at both sides until they agree or have differed for long enough, and counts and lists the rest.
class Suspects {
 public:
  Suspects(CompareSessions& sessions, const TablePlan& plan, const CompareTable& table, std::size_t maxListed,
           TableComparison& out)
      : sessions_(sessions), plan_(plan), table_(table), maxListed_(maxListed), out_(out) {}

  void add(const ComparedRow& row);
  /// A part of the table begins. It may be read twice (CompareSessions): what was counted in it is not counted again.
  void beginPart() { counted_.clear(); }
  [[nodiscard]] bool full() const { return waiting_.size() >= kMost; }
  /// Ends early when stopped; what was not settled is then dropped.
  void settle(const std::stop_token& stop);

 private:
  /// Bounds the memory: keys only.
  static constexpr std::size_t kMost = 20000;

  struct Suspect {
    std::vector<std::string> key;
    std::set<RowHash> seen;  ///< at the source, over the tries
    RowDifference difference;
  };
  using Found = std::map<std::string, ComparedRow>;

  [[nodiscard]] Found lookUp(Connection& connection, bool atSource, const std::vector<const Suspect*>& suspects) const;
  /// One look at everybody; removes who agrees.
  void look(const std::stop_token& stop);
  /// True if the suspect's rows agree; otherwise its difference is noted.
  [[nodiscard]] bool agrees(Suspect& suspect, const std::string& key, const Found& source, const Found& target) const;

  CompareSessions& sessions_;
  const TablePlan& plan_;
  const CompareTable& table_;
  const std::size_t maxListed_;
  TableComparison& out_;
  std::map<std::string, Suspect> waiting_;      ///< by keyBytes
  std::set<std::string, std::less<>> counted_;  ///< keyBytes of the differences of the part at hand
  bool hopeless_ = false;                       ///< nearly all of many suspects differed to the last
};

/// Compares all rows of a table with a primary key. Throws what Connection throws.
void compareRows(CompareSessions& sessions, const TablePlan& plan, const CompareTable& table, std::size_t maxListed,
                 const std::function<void(std::uint64_t rows)>& progress, const std::stop_token& stop,
                 TableComparison& out);

}  // namespace drs::mysql
