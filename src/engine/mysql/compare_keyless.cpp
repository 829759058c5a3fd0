#include "engine/mysql/compare_keyless.h"

#include "base/task_group.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <unordered_map>

namespace drs::mysql {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBuckets = 1U << 16U;
constexpr std::uint64_t kRowsPerPart = 1000000;  ///< looked at one by one, in memory as hashes
constexpr std::array kPauses = {milliseconds(0),    milliseconds(500),  milliseconds(1000),
                                milliseconds(1500), milliseconds(2000), milliseconds(3000)};
constexpr std::size_t kHastyTries = 3;
constexpr std::size_t kListedColumns = 8, kListedBytes = 64;
constexpr std::uint64_t kProgressRows = 100000;

struct Bucket {
  std::uint64_t sourceRows = 0, targetRows = 0;
  std::uint64_t high = 0, low = 0;  ///< sums of the source's hashes less those of the target's
  [[nodiscard]] bool differs() const { return sourceRows != targetRows || high != 0 || low != 0; }
};

struct ByLow {
  std::size_t operator()(const RowHash& hash) const noexcept { return static_cast<std::size_t>(hash.low); }
};
/// How many more rows of this hash the source has than the target; never 0.
using Surplus = std::unordered_map<RowHash, std::int64_t, ByLow>;

std::size_t bucketOf(const RowHash& hash) {
  return static_cast<std::size_t>(hash.high % kBuckets);
}

std::vector<std::string> printableRow(const Row& fields) {
  std::vector<std::string> out;
  for (const Field& field : fields) {
    if (out.size() == kListedColumns) break;
    out.push_back(field.data() == nullptr ? "NULL" : printableKey(field.substr(0, kListedBytes)));
  }
  return out;
}

class KeylessComparison {
 public:
  KeylessComparison(const CompareSessions& sessions, const TablePlan& plan, const CompareTable& table,
                    std::size_t maxListed, const std::function<void(std::uint64_t)>& progress,
                    const std::stop_token& stop, TableComparison& out)
      : sessions_(sessions),
        plan_(plan),
        table_(table),
        maxListed_(maxListed),
        progress_(progress),
        stop_(stop),
        out_(out),
        buckets_(kBuckets),
        chosen_(kBuckets) {}

  void run() {
    sumUp();
    for (std::size_t next = 0; next < kBuckets && !stop_.stop_requested();) {
      const std::uint64_t rows = choose(next);
      if (rows > 0) settle(rows);
    }
  }

 private:
  template <typename Each>
  void readSide(bool source, const Each& each) {
    Connection& connection = source ? sessions_.source : sessions_.target;
    connection.stream(selectRows(plan_, table_, source) + "TRUE", [&](const Row& fields) {
      each(readRow(table_, fields, false).hash, fields);
      return !stop_.stop_requested();
    });
  }

  void sumUp() {
    readSide(true, [&](const RowHash& hash, const Row&) {
      Bucket& bucket = buckets_[bucketOf(hash)];
      ++bucket.sourceRows;
      bucket.high += hash.high;
      bucket.low += hash.low;
      if (++out_.sourceRows % kProgressRows == 0 && progress_) progress_(out_.sourceRows);
    });
    readSide(false, [&](const RowHash& hash, const Row&) {
      Bucket& bucket = buckets_[bucketOf(hash)];
      ++bucket.targetRows;
      bucket.high -= hash.high;
      bucket.low -= hash.low;
      ++out_.targetRows;
    });
    if (progress_) progress_(std::max(out_.sourceRows, out_.targetRows));
  }

  /// Chooses buckets that differ, from `next` on, as many as fit into memory; returns their rows. `next` is then behind
  /// them.
  std::uint64_t choose(std::size_t& next) {
    std::fill(chosen_.begin(), chosen_.end(), false);
    std::uint64_t rows = 0;
    for (; next < kBuckets; ++next) {
      const Bucket& bucket = buckets_[next];
      if (!bucket.differs()) continue;
      const std::uint64_t more = bucket.sourceRows + bucket.targetRows;
      if (rows > 0 && rows + more > kRowsPerPart) break;
      chosen_[next] = true;
      rows += more;
    }
    return rows;
  }

  [[nodiscard]] Surplus look() {
    Surplus surplus;
    for (const bool source : {true, false}) {
      readSide(source, [&](const RowHash& hash, const Row&) {
        if (!chosen_[bucketOf(hash)]) return;
        const auto at = surplus.try_emplace(hash, 0).first;
        at->second += source ? 1 : -1;
        if (at->second == 0) surplus.erase(at);
      });
    }
    return surplus;
  }

  void settle(std::uint64_t rows) {
    Surplus surplus = look();
    const std::size_t tries = hopeless_ ? kHastyTries : kPauses.size();
    for (std::size_t i = 1; i < tries && !surplus.empty(); ++i) {
      if (!sleepFor(kPauses.at(i), stop_)) return;
      keepCommon(surplus, look());
    }
    if (stop_.stop_requested()) return;
    std::uint64_t differences = 0;
    for (const auto& [hash, count] : surplus) differences += static_cast<std::uint64_t>(std::abs(count));
    out_.differences += differences;
    // Tables that simply differ need no patience with every row.
    hopeless_ = hopeless_ || differences > rows - rows / 10;
    list(std::move(surplus));
  }

  /// Keeps of `surplus` what is still too many at the same side.
  static void keepCommon(Surplus& surplus, const Surplus& now) {
    for (auto at = surplus.begin(); at != surplus.end();) {
      const auto found = now.find(at->first);
      if (found == now.end() || (found->second > 0) != (at->second > 0)) {
        at = surplus.erase(at);
        continue;
      }
      if (std::abs(found->second) < std::abs(at->second)) at->second = found->second;
      ++at;
    }
  }

  /// One more reading, for the values.
  void list(Surplus surplus) {
    for (const bool source : {true, false}) {
      if (surplus.empty() || out_.listed.size() >= maxListed_) return;
      readSide(source, [&](const RowHash& hash, const Row& fields) {
        const auto at = surplus.find(hash);
        if (at == surplus.end() || (at->second > 0) != source || out_.listed.size() >= maxListed_) return;
        RowDifference& difference = out_.listed.emplace_back();
        difference.kind = source ? RowDifference::Kind::missingInTarget : RowDifference::Kind::missingInSource;
        difference.key = printableRow(fields);
        at->second += source ? -1 : 1;
        if (at->second == 0) surplus.erase(at);
      });
    }
  }

  const CompareSessions& sessions_;
  const TablePlan& plan_;
  const CompareTable& table_;
  const std::size_t maxListed_;
  const std::function<void(std::uint64_t)>& progress_;
  const std::stop_token& stop_;
  TableComparison& out_;
  std::vector<Bucket> buckets_;
  std::vector<bool> chosen_;
  bool hopeless_ = false;
};

}  // namespace

void compareKeyless(const CompareSessions& sessions, const TablePlan& plan, const CompareTable& table,
                    std::size_t maxListed, const std::function<void(std::uint64_t rows)>& progress,
                    const std::stop_token& stop, TableComparison& out) {
  KeylessComparison(sessions, plan, table, maxListed, progress, stop, out).run();
}

}  // namespace drs::mysql
