#include "engine/mysql/history_watch.h"

#include <charconv>
#include <exception>

namespace drs::mysql {
namespace {

constexpr std::chrono::seconds kPause{30};
/// From here on queries of the source may become slower (the manual's "Purge Configuration" shows such lengths as a lag
/// worth a delay of writers); said again at each doubling.
constexpr unsigned long long kLong = 1'000'000;

}  // namespace

void HistoryWatch::look() noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (!isOn_ || now < next_) return;
  next_ = now + kPause;
  try {
    ask();
  } catch (const std::exception& error) {
    isOn_ = false;
    log_.info("the source's history list is not watched: {}", error.what());
  }
}

void HistoryWatch::ask() {
  if (!session_) session_ = Connection::open(options_);
  const auto text =
      session_->value("SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'");
  unsigned long long length = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), length);
  if (length < kLong || length < 2 * warnedAt_) return;
  warnedAt_ = length;
  log_.warn(
      "the source's history list has grown to {} row versions, which it keeps for the snapshot of this copy; pause or "
      "end the task if its queries become slow",
      length);
}

}  // namespace drs::mysql
