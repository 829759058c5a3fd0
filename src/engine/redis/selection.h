#pragma once

#include "model/job_spec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::redis {

/// What the names of our own keys begin with at the target: fences, marks, scratch keys. They are nobody's data.
inline constexpr std::string_view kControlPrefix = "__drs:";

/// The largest number of a database: servers count them with an int.
inline constexpr std::uint64_t kLargestDatabase = 0x7FFFFFFF;

/// The keys that one name of `tables` stands for. A text without any of `* ? [ \` is a prefix: "order:" covers every
/// key that begins so. With one of them it is a pattern for the whole key, as SCAN … MATCH takes it: "*:2024",
/// "user:?", and, since `\` takes the next character as it is, "\order" for the one key order and "a\**" for all that
/// begin with a*.
[[nodiscard]] bool isKeyPattern(std::string_view name) noexcept;

/// db_object compiled for a Redis: which keys of which databases are copied, and to which database. A database has the
/// name of its number. Threads: any, once made.
class Selection {
 public:
  /// A database that db_object names.
  struct Database {
    std::uint32_t source = 0, target = 0;
    bool whole = false;                 ///< every key of it, but ours
    std::vector<std::string> prefixes;  ///< sorted; none begins with another one
    std::vector<std::string> patterns;  ///< sorted
  };

  /// Throws Error(valueNotAllowed) or Error(crossField) with the path of the member: a name that is no number, two
  /// databases that would share one of the target, nothing selected, other names for keys, …
  explicit Selection(const JobSpec& spec);

  /// Are all databases selected, each to the one of the same number (object_scope all)? databases() is empty then.
  [[nodiscard]] bool all() const { return all_; }
  /// What db_object names, by number at the source.
  [[nodiscard]] const std::vector<Database>& databases() const { return databases_; }

  /// Where the database's keys go; nothing: it is not selected at all. Throws Error(logCorrupt) for a number that no
  /// server has.
  [[nodiscard]] std::optional<std::uint32_t> targetDb(std::uint64_t sourceDb) const;
  /// Is the key copied? Never one of ours (kControlPrefix). Does not allocate. Time: the logarithm of the number of
  /// prefixes, and each pattern of the database once.
  [[nodiscard]] bool covers(std::uint64_t sourceDb, std::string_view key) const noexcept;
  /// Is every key of the database copied (but ours)? A FLUSHDB there empties all that is copied from it.
  [[nodiscard]] bool coversWhole(std::uint64_t sourceDb) const noexcept;
  /// The database of the source whose keys go to this one of the target; nothing: none.
  [[nodiscard]] std::optional<std::uint32_t> sourceDb(std::uint64_t targetDb) const noexcept;

 private:
  [[nodiscard]] const Database* find(std::uint64_t sourceDb) const noexcept;

  bool all_ = false;
  std::vector<Database> databases_;
};

}  // namespace drs::redis
