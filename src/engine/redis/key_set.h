#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drs::redis {

/// The keys of a snapshot, as 64-bit hashes in a file: 8 bytes for each, whatever their number. First add(), then
/// contains(). Two keys with one hash count as one: of 10^9 keys that are not in the set, about one in 20 sets of 10^9
/// would be taken to be in it. Throws Error(spillFailed). One thread.
class KeySet {
 public:
  /// `folder` is made if it is missing; the file has no name there.
  explicit KeySet(const std::string& folder);
  ~KeySet();
  KeySet(const KeySet&) = delete;
  KeySet& operator=(const KeySet&) = delete;

  void add(std::uint64_t db, std::string_view key);
  /// Call it once, behind the last add().
  void close();
  [[nodiscard]] bool contains(std::uint64_t db, std::string_view key) const;

 private:
  void writeRun();
  [[noreturn]] void fail() const;

  const std::string folder_;
  int file_ = -1;
  std::vector<std::uint64_t> run_;         ///< not written yet
  std::vector<std::size_t> runs_;          ///< sorted ones in the file: where each ends, in hashes
  const std::uint64_t* hashes_ = nullptr;  ///< the file in memory, behind close()
  std::size_t mapped_ = 0;                 ///< bytes
};

}  // namespace drs::redis
