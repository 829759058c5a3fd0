#include "pipeline/spill_file.h"

#include "base/error.h"
#include "base/system_text.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <type_traits>
#include <unistd.h>

namespace drs {

/// What stands before the cells and bytes of a change. The file never leaves the process that wrote it.
struct SpillFile::Head {
  std::uint64_t plan = 0, cells = 0, bytes = 0;
  RowOp op = RowOp::insert;
  bool foreignKeyChecks = true;
};
static_assert(std::is_trivially_copyable_v<Cell>);

SpillFile::SpillFile(const std::string& folder, const Plans& plans) : folder_(folder), plans_(plans) {
  constexpr mode_t kOwnerOnly = 0700;
  if (::mkdir(folder.c_str(), kOwnerOnly) != 0 && errno != EEXIST) fail();
  std::string name = folder + "/transaction-XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) fail();
  (void)::unlink(name.c_str());
  file_.reset(::fdopen(descriptor, "w+b"));
  if (!file_) {
    (void)::close(descriptor);
    fail();
  }
}

void SpillFile::fail() const {
  throw Error(Msg::spillFailed, {folder_, systemText(errno)}, Origin::internal);
}

void SpillFile::put(const void* data, std::size_t bytes) {
  if (bytes > 0 && std::fwrite(data, 1, bytes, file_.get()) != bytes) fail();
}

void SpillFile::get(void* data, std::size_t bytes) const {
  errno = 0;
  if (bytes > 0 && std::fread(data, 1, bytes, file_.get()) != bytes) fail();
}

void SpillFile::append(const RowsChange& change) {
  const auto cells = change.rows.rawCells();
  const auto bytes = change.rows.rawBytes();
  const Head head{change.plan, cells.size(), bytes.size(), change.op, change.foreignKeyChecks};
  if (moved_ && ::fseeko(file_.get(), static_cast<off_t>(size_), SEEK_SET) != 0) fail();
  moved_ = false;
  put(&head, sizeof head);
  put(cells.data(), cells.size_bytes());
  put(bytes.data(), bytes.size_bytes());
  size_ += sizeof head + cells.size_bytes() + bytes.size_bytes();
  touched_.insert(change.plan);
}

void SpillFile::truncate(std::uint64_t size) {
  if (std::fflush(file_.get()) != 0 || ::ftruncate(::fileno(file_.get()), static_cast<off_t>(size)) != 0) fail();
  size_ = size;
  moved_ = true;
}

void SpillFile::read(std::uint64_t from, const std::function<bool(const RowsChange&)>& take) const {
  moved_ = true;
  if (std::fflush(file_.get()) != 0 || ::fseeko(file_.get(), static_cast<off_t>(from), SEEK_SET) != 0) fail();
  for (std::uint64_t at = from; at < size_;) {
    Head head;
    get(&head, sizeof head);
    std::vector<Cell> cells(head.cells);
    get(cells.data(), cells.size() * sizeof(Cell));
    std::vector<char> bytes(head.bytes);
    get(bytes.data(), bytes.size());
    at += sizeof head + cells.size() * sizeof(Cell) + bytes.size();
    if (!touched_.contains(head.plan)) continue;
    RowsChange change{head.op, RowBatch(plans_.at(head.plan).source), head.plan, head.foreignKeyChecks};
    change.rows.setRaw(std::move(cells), std::move(bytes));
    if (!take(change)) return;
  }
}

}  // namespace drs
