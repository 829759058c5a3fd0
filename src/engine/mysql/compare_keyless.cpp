#include "engine/mysql/compare_keyless.h"

#include "base/task_group.h"
#include "engine/mysql/compare_sessions.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <string>
#include <unordered_map>

namespace drs::mysql {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBuckets = 1U << 16U;
/// Memory for the rows that are looked at one by one, as hashes; an entry of the map with its node and its share of the
/// buckets.
constexpr std::size_t kPartBytes = 64U << 20U, kEntryBytes = 64;
constexpr std::uint64_t kEntriesPerPart = kPartBytes / kEntryBytes;
/// Whole readings of both sides for one table.
constexpr int kMostReadings = 60;
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

/// A row that one side had more often at the first look.
struct Doubt {
  std::int64_t surplus = 0;             ///< the smallest so far, of one sign; never 0
  std::int64_t source = 0, target = 0;  ///< of the look at hand
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), most = 0;  ///< at the source, over the looks
};
using Doubts = std::unordered_map<RowHash, Doubt, ByLow>;

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
  KeylessComparison(CompareSessions& sessions, const TablePlan& plan, const CompareTable& table, std::size_t maxListed,
                    const std::function<void(std::uint64_t)>& progress, const std::stop_token& stop,
                    TableComparison& out)
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
    if (stop_.stop_requested() || !differs()) return finish();
    const std::vector<Bucket> first = buckets_;
    if (!sleepFor(kPauses.at(1), stop_)) return;
    sumUp();
    for (std::size_t i = 0; i < kBuckets; ++i)
      if (!first[i].differs()) buckets_[i] = {};
    for (std::size_t next = 0; next < kBuckets && !stop_.stop_requested() && out_.error.empty();) {
      const std::uint64_t rows = choose(next);
      if (rows > 0) settle(rows);
    }
    finish();
  }

 private:
  template <typename Each>
  void readSide(bool source, const Each& each) {
    Connection& connection = source ? sessions_.source() : sessions_.target();
    connection.stream(selectRows(plan_, table_, source) + "TRUE", [&](const Row& fields) {
      each(readRow(table_, fields, false).hash, fields);
      return !stop_.stop_requested();
    });
  }

  /// Reads both sides whole, another one first than the last time.
  template <typename Each>
  void readBoth(const Each& each) {
    ++readings_;
    for (const bool source : {sourceFirst_, !sourceFirst_})
      readSide(source, [&](const RowHash& hash, const Row&) { each(source, hash); });
    sourceFirst_ = !sourceFirst_;
  }

  void sumUp() {
    std::fill(buckets_.begin(), buckets_.end(), Bucket{});
    out_.sourceRows = out_.targetRows = 0;
    readBoth([&](bool source, const RowHash& hash) {
      Bucket& bucket = buckets_[bucketOf(hash)];
      bucket.high += source ? hash.high : -hash.high;
      bucket.low += source ? hash.low : -hash.low;
      ++(source ? bucket.sourceRows : bucket.targetRows);
      const std::uint64_t rows = ++(source ? out_.sourceRows : out_.targetRows);
      if (rows % kProgressRows == 0 && progress_) progress_(std::max(out_.sourceRows, out_.targetRows));
    });
    if (progress_) progress_(std::max(out_.sourceRows, out_.targetRows));
  }

  [[nodiscard]] bool differs() const {
    return std::any_of(buckets_.begin(), buckets_.end(), [](const Bucket& bucket) { return bucket.differs(); });
  }

  /// The sides were counted at different moments; what was found settles by how much they differ.
  void finish() {
    if (out_.error.empty() && !stop_.stop_requested())
      out_.targetRows = static_cast<std::uint64_t>(static_cast<std::int64_t>(out_.sourceRows) - surplus_);
  }

  void giveUp(const std::string& why) {
    out_.error = quoteName(plan_.source->name) + " has no key, and " + why +
                 "; differences found before that: " + std::to_string(out_.differences);
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
      if (rows > 0 && rows + more > kEntriesPerPart) break;
      chosen_[next] = true;
      rows += more;
    }
    return rows;
  }

  /// The rows of the chosen buckets that one side has more often. Nothing, and an error, if they are too many.
  [[nodiscard]] Doubts firstLook() {
    Surplus surplus;
    readBoth([&](bool source, const RowHash& hash) {
      if (!chosen_[bucketOf(hash)] || !out_.error.empty()) return;
      const auto at = surplus.try_emplace(hash, 0).first;
      at->second += source ? 1 : -1;
      if (at->second == 0) surplus.erase(at);
      // Equal rows come at different places of both sides, so that nearly all of a part may wait for their twins.
      if (surplus.size() <= 2 * kEntriesPerPart) return;
      giveUp("more than " + std::to_string(2 * kEntriesPerPart) +
             " of its rows differ at a time, which is what memory is "
             "set aside for");
      surplus.clear();
    });
    Doubts doubts;
    for (const auto& [hash, count] : surplus) doubts[hash].surplus = count;
    return doubts;
  }

  void lookAgain(Doubts& doubts) {
    for (auto& [hash, doubt] : doubts) doubt.source = doubt.target = 0;
    readBoth([&](bool source, const RowHash& hash) {
      const auto at = doubts.find(hash);
      if (at != doubts.end()) ++(source ? at->second.source : at->second.target);
    });
    for (auto at = doubts.begin(); at != doubts.end();)
      at = staysDoubtful(at->second) ? std::next(at) : doubts.erase(at);
  }

  static bool staysDoubtful(Doubt& doubt) {
    doubt.least = std::min(doubt.least, doubt.source);
    doubt.most = std::max(doubt.most, doubt.source);
    std::int64_t now = 0;
    if (doubt.target < doubt.least) now = doubt.least - doubt.target;
    if (doubt.target > doubt.most) now = doubt.most - doubt.target;
    if (now == 0 || (now > 0) != (doubt.surplus > 0)) return false;
    if (std::abs(now) < std::abs(doubt.surplus)) doubt.surplus = now;
    return true;
  }

  void settle(std::uint64_t rows) {
    const std::size_t tries = hopeless_ ? kHastyTries : kPauses.size();
    if (readings_ + static_cast<int>(tries) > kMostReadings)
      return giveUp("differs in so many rows that " + std::to_string(readings_) +
                    " whole readings did not settle them");
    Doubts doubts = firstLook();
    for (std::size_t i = 1; i < tries && !doubts.empty(); ++i) {
      if (!sleepFor(kPauses.at(i), stop_)) return;
      lookAgain(doubts);
    }
    if (stop_.stop_requested()) return;
    std::uint64_t differences = 0;
    Surplus surplus;
    for (const auto& [hash, doubt] : doubts) {
      surplus[hash] = doubt.surplus;
      surplus_ += doubt.surplus;
      differences += static_cast<std::uint64_t>(std::abs(doubt.surplus));
    }
    out_.differences += differences;
    // Tables that simply differ need no patience with every row.
    hopeless_ = hopeless_ || differences > rows - rows / 10;
    list(std::move(surplus));
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

  CompareSessions& sessions_;
  const TablePlan& plan_;
  const CompareTable& table_;
  const std::size_t maxListed_;
  const std::function<void(std::uint64_t)>& progress_;
  const std::stop_token& stop_;
  TableComparison& out_;
  std::vector<Bucket> buckets_;
  std::vector<bool> chosen_;
  bool sourceFirst_ = true;
  int readings_ = 0;
  std::int64_t surplus_ = 0;  ///< rows that the source has more, of what was found
  bool hopeless_ = false;
};

}  // namespace

void compareKeyless(CompareSessions& sessions, const TablePlan& plan, const CompareTable& table, std::size_t maxListed,
                    const std::function<void(std::uint64_t rows)>& progress, const std::stop_token& stop,
                    TableComparison& out) {
  const TableComparison before = out;
  sessions.withAnyRows([&] { KeylessComparison(sessions, plan, table, maxListed, progress, stop, out).run(); },
                       [&] { out = before; }, stop);
}

}  // namespace drs::mysql
