#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// The server that a MySQL transaction began on.
struct SourceUuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const SourceUuid&) const = default;
  /// Lower case with dashes.
  [[nodiscard]] std::string text() const;
  /// With or without dashes, any case; nothing for anything else.
  [[nodiscard]] static std::optional<SourceUuid> parse(std::string_view text);
};

/// One MySQL transaction: "uuid:number" or "uuid:tag:number".
struct Gtid {
  SourceUuid source;
  std::string tag;  ///< lower case, empty = none (tags exist since MySQL 8.3)
  std::uint64_t number = 0;
  auto operator<=>(const Gtid&) const = default;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<Gtid> parse(std::string_view text);
};

/// A set of MySQL transactions, held as sorted disjoint intervals, so that equal sets have equal texts.
class GtidSet {
 public:
  /// Accepts what servers and people write: "uuid:1-5:7:tag:1-3,\n uuid2:9"; an empty text is the empty set. Nothing if
  /// it is malformed.
  [[nodiscard]] static std::optional<GtidSet> parse(std::string_view text);
  /// The binary form of PREVIOUS_GTIDS and COM_BINLOG_DUMP_GTID, with or without tags.
  [[nodiscard]] static std::optional<GtidSet> decode(std::string_view bytes);

  /// Canonical: sources and tags sorted, "uuid:1-5:7:tag:1-3,uuid2:9".
  [[nodiscard]] std::string text() const;
  /// The form with tags is chosen only if there are tags: servers before 8.3 do not know it.
  [[nodiscard]] std::string encode() const;

  [[nodiscard]] bool empty() const { return sets_.empty(); }
  [[nodiscard]] bool contains(const Gtid& gtid) const;
  [[nodiscard]] bool contains(const GtidSet& other) const;
  void add(const Gtid& gtid);
  void add(const GtidSet& other);
  void remove(const Gtid& gtid);
  bool operator==(const GtidSet&) const = default;

 private:
  struct Interval {
    std::uint64_t first, last;  ///< both inclusive, 1 ≤ first ≤ last
    bool operator==(const Interval&) const = default;
  };
  struct Key {
    SourceUuid source;
    std::string tag;
    auto operator<=>(const Key&) const = default;
  };
  using Intervals = std::vector<Interval>;
  static void insert(Intervals& into, Interval added);

  std::map<Key, Intervals> sets_;  ///< no entry has an empty list; no two intervals touch
};

/// One MariaDB transaction: "domain-server-sequence".
struct MariadbGtid {
  std::uint32_t domain = 0, server = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(const MariadbGtid&) const = default;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<MariadbGtid> parse(std::string_view text);
};

/// A MariaDB position: the last transaction of each domain.
class MariadbPosition {
 public:
  /// "0-1-100,1-2-5", spaces allowed; nothing if malformed or if a domain stands twice.
  [[nodiscard]] static std::optional<MariadbPosition> parse(std::string_view text);
  /// Sorted by domain.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool empty() const { return last_.empty(); }
  /// Within a domain the sequence orders the transactions.
  [[nodiscard]] bool contains(const MariadbGtid& gtid) const;
  [[nodiscard]] bool contains(const MariadbPosition& other) const;
  /// The transaction becomes the last of its domain.
  void advance(const MariadbGtid& gtid) { last_[gtid.domain] = gtid; }
  bool operator==(const MariadbPosition&) const = default;

 private:
  std::map<std::uint32_t, MariadbGtid> last_;
};

}  // namespace drs::mysql
