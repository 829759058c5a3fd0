#include "engine/redis/spool.h"

#include "base/error.h"
#include "base/system_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace drs::redis {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSegmentBytes = std::uint64_t{16} << 20U;
constexpr const char* kMeta = "history";
constexpr const char* kLock = "lock";
constexpr const char* kEnding = ".bytes";

/// Differs after each start of the machine: what the page cache held is lost then, and files may end in zeroes.
std::string bootId() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

std::optional<std::uint64_t> firstOf(const fs::path& path) {
  if (path.extension() != kEnding) return std::nullopt;
  const std::string name = path.stem().string();
  std::uint64_t first = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), first);
  if (failure != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return first;
}

}  // namespace

Spool::Spool(std::string folder, std::uint64_t maxBytes)
    : folder_(std::move(folder)), maxBytes_(std::max(maxBytes, 2 * kSegmentBytes)) {
  std::error_code failure;
  fs::create_directories(folder_, failure);
  if (!failure) fs::permissions(folder_, fs::perms::owner_all, failure);
  if (failure) throw Error(Msg::spillFailed, {folder_, failure.message()}, Origin::internal);
  // A run that has lost the lane and does not know it yet still writes here.
  lock_ = ::open((folder_ + "/" + kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) fail();
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    (void)::close(lock_);
    throw Error(Msg::spillFailed, {folder_, "another run of the same task still uses it"}, Origin::internal);
  }
}

Spool::~Spool() {
  for (Segment& segment : segments_) close(segment);
  (void)::close(lock_);
}

void Spool::fail() const {
  throw Error(Msg::spillFailed, {folder_, systemText(errno)}, Origin::internal);
}

void Spool::close(Segment& segment) const {
  if (segment.file >= 0) (void)::close(segment.file);
  segment.file = -1;
}

std::string Spool::pathOf(std::uint64_t first) const {
  return fmt::format("{}/{:020}{}", folder_, first, kEnding);
}

void Spool::drop() {
  for (Segment& segment : segments_) close(segment);
  segments_.clear();
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder_, failure))
    if (entry.path().filename() != kLock) (void)fs::remove(entry.path(), failure);
}

void Spool::writeMeta() const {
  const std::string path = folder_ + "/" + kMeta;
  const std::string next = path + ".new";
  {
    std::ofstream out(next, std::ios::trunc);
    out << bootId() << '\n' << history_ << '\n';
    if (!out.flush()) fail();
  }
  std::error_code failure;
  fs::rename(next, path, failure);
  if (failure) throw Error(Msg::spillFailed, {folder_, failure.message()}, Origin::internal);
}

void Spool::start(const std::string& history, std::uint64_t first) {
  const std::lock_guard lock(mutex_);
  drop();
  history_ = history;
  end_ = first;
  closed_ = false;
  writeMeta();
}

bool Spool::reopen(const std::string& history, std::uint64_t from) {
  const std::lock_guard lock(mutex_);
  for (Segment& segment : segments_) close(segment);
  segments_.clear();
  std::string boot;
  std::string stored;
  std::ifstream meta(folder_ + "/" + kMeta);
  if (!std::getline(meta, boot) || !std::getline(meta, stored) || boot != bootId() || stored != history) return false;

  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder_, failure)) {
    const auto first = firstOf(entry.path());
    if (first) segments_.push_back({*first, entry.file_size(failure), -1});
    if (failure) return false;
  }
  std::ranges::sort(segments_, {}, &Segment::first);
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i)
    if (segments_[i].first + segments_[i].size != segments_[i + 1].first) return false;
  if (segments_.empty() || from < segments_.front().first || from > segments_.back().first + segments_.back().size)
    return false;
  for (Segment& segment : segments_) {
    segment.file = ::open(pathOf(segment.first).c_str(), O_RDWR | O_CLOEXEC);
    if (segment.file < 0) fail();
  }
  history_ = history;
  end_ = segments_.back().first + segments_.back().size;
  closed_ = false;
  return true;
}

void Spool::rename(const std::string& history) {
  const std::lock_guard lock(mutex_);
  history_ = history;
  writeMeta();
}

std::uint64_t Spool::end() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

std::string Spool::history() const {
  const std::lock_guard lock(mutex_);
  return history_;
}

std::uint64_t Spool::bytes() const {
  const std::lock_guard lock(mutex_);
  return segments_.empty() ? 0 : end_ - segments_.front().first;
}

bool Spool::isClosed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void Spool::openSegment() {
  Segment segment{end_, 0, ::open(pathOf(end_).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (segment.file < 0) fail();
  segments_.push_back(segment);
}

bool Spool::append(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t kept = segments_.empty() ? 0 : end_ - segments_.front().first;
  if (kept > 0 && kept + bytes.size() > maxBytes_) return false;
  if (segments_.empty() || segments_.back().size >= kSegmentBytes) openSegment();
  Segment& segment = segments_.back();
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t wrote = ::pwrite(segment.file, left.data(), left.size(), static_cast<off_t>(segment.size));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      (void)::ftruncate(segment.file, static_cast<off_t>(end_ - segment.first));
      segment.size = end_ - segment.first;
      fail();
    }
    left.remove_prefix(static_cast<std::size_t>(wrote));
    segment.size += static_cast<std::uint64_t>(wrote);
  }
  end_ += bytes.size();
  changed_.notify_all();
  return true;
}

void Spool::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void Spool::awaitRoom(std::chrono::milliseconds most, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const std::uint64_t first = segments_.empty() ? end_ : segments_.front().first;
  (void)changed_.wait_for(lock, stop, most, [&] { return segments_.empty() || segments_.front().first != first; });
}

std::size_t Spool::read(std::uint64_t from, char* to, std::size_t size, std::chrono::milliseconds most,
                        const std::stop_token& stop) {
  int file = -1;
  std::uint64_t at = 0;
  std::uint64_t there = 0;
  {
    std::unique_lock lock(mutex_);
    (void)changed_.wait_for(lock, stop, most, [&] { return closed_ || from < end_; });
    if (from >= end_) return 0;
    const auto behind = std::ranges::upper_bound(segments_, from, {}, &Segment::first);
    if (behind == segments_.begin()) throw Error(Msg::internal, {"the spool was released before it was read"});
    const Segment& segment = *std::prev(behind);
    file = segment.file;
    at = from - segment.first;
    there = segment.size - at;
  }
  // The one who reads is the one who releases, so that the file stays open.
  for (;;) {
    const ssize_t got = ::pread(file, to, std::min<std::uint64_t>(size, there), static_cast<off_t>(at));
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;
    fail();
  }
}

void Spool::release(std::uint64_t before) {
  const std::lock_guard lock(mutex_);
  while (!segments_.empty()) {
    Segment& oldest = segments_.front();
    // The newest one is appended to.
    if (oldest.first + oldest.size > before || segments_.size() == 1) return;
    close(oldest);
    (void)::unlink(pathOf(oldest.first).c_str());
    segments_.pop_front();
    changed_.notify_all();
  }
}

void Spool::remove(const std::string& folder) {
  std::error_code failure;
  (void)fs::remove_all(folder, failure);
}

}  // namespace drs::redis
