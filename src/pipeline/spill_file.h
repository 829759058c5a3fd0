#pragma once

#include "pipeline/interfaces.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <set>
#include <string>

namespace drs {

/// The changes of one large transaction in a file without a name, which is gone with this object or with the process,
/// however it ends. First one thread writes, then (StoredChanges) one at a time reads. All functions throw
/// Error(spillFailed) with the system's words, for a full disk too.
class SpillFile final : public StoredChanges {
 public:
  /// Makes the folder if it is missing. `plans` outlives the file.
  SpillFile(const std::string& folder, const Plans& plans);

  void append(const RowsChange& change);
  /// Bytes so far: where the next change will stand.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Takes back what was appended since size() was `size`.
  void truncate(std::uint64_t size);
  /// As forEach(), from the place `from`.
  void read(std::uint64_t from, const std::function<bool(const RowsChange&)>& take) const;

  void forEach(const std::function<bool(const RowsChange&)>& take) const override { read(0, take); }
  [[nodiscard]] std::vector<std::size_t> plans() const override { return {touched_.begin(), touched_.end()}; }
  void drop(std::size_t plan) override { touched_.erase(plan); }

 private:
  struct Head;
  struct Closer {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  void put(const void* data, std::size_t bytes);
  void get(void* data, std::size_t bytes) const;
  [[noreturn]] void fail() const;

  std::string folder_;
  const Plans& plans_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::uint64_t size_ = 0;
  mutable bool moved_ = false;     ///< the file does not stand at its end
  std::set<std::size_t> touched_;  ///< also what was taken back
};

}  // namespace drs
