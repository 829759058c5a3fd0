#include "engine/redis/key_set.h"

#include "base/error.h"
#include "base/system_text.h"

#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <unistd.h>

namespace drs::redis {
namespace {

constexpr std::size_t kRun = std::size_t{1} << 20U;  ///< hashes: 8 MiB of memory

std::uint64_t hashOf(std::uint64_t db, std::string_view key) {
  return XXH3_64bits_withSeed(key.data(), key.size(), db);
}

}  // namespace

KeySet::KeySet(const std::string& folder) : folder_(folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  std::string name = folder + "/keys-XXXXXX";
  file_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0) fail();
  (void)::unlink(name.c_str());
  run_.reserve(kRun);
}

KeySet::~KeySet() {
  if (hashes_ != nullptr) (void)::munmap(const_cast<std::uint64_t*>(hashes_), mapped_);
  if (file_ >= 0) (void)::close(file_);
}

void KeySet::fail() const {
  throw Error(Msg::spillFailed, {folder_, systemText(errno)}, Origin::internal);
}

void KeySet::add(std::uint64_t db, std::string_view key) {
  run_.push_back(hashOf(db, key));
  if (run_.size() == kRun) writeRun();
}

void KeySet::writeRun() {
  std::ranges::sort(run_);
  const char* from = reinterpret_cast<const char*>(run_.data());
  for (std::size_t left = run_.size() * sizeof(std::uint64_t); left > 0;) {
    const ssize_t wrote = ::write(file_, from, left);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail();
    from += wrote;
    left -= static_cast<std::size_t>(wrote);
  }
  runs_.push_back((runs_.empty() ? 0 : runs_.back()) + run_.size());
  run_.clear();
}

void KeySet::close() {
  if (!run_.empty()) writeRun();
  run_.shrink_to_fit();
  if (runs_.empty()) return;
  mapped_ = runs_.back() * sizeof(std::uint64_t);
  void* memory = ::mmap(nullptr, mapped_, PROT_READ, MAP_PRIVATE, file_, 0);
  if (memory == MAP_FAILED) fail();
  hashes_ = static_cast<const std::uint64_t*>(memory);
}

bool KeySet::contains(std::uint64_t db, std::string_view key) const {
  const std::uint64_t hash = hashOf(db, key);
  std::size_t first = 0;
  for (const std::size_t end : runs_) {
    if (std::binary_search(hashes_ + first, hashes_ + end, hash)) return true;
    first = end;
  }
  return false;
}

}  // namespace drs::redis
