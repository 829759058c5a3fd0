#include "pipeline/source_care.h"

#include "base/task_group.h"

#include <algorithm>

namespace drs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kEvery{1000};
constexpr milliseconds kWait{200};  ///< between two questions whether the source is still busy
constexpr seconds kBetweenNotes{60};
constexpr int kCalmLooks = 3;

}  // namespace

bool SourceCare::pass(LoadGauge& gauge, const std::stop_token& stop, milliseconds patience, const Note& note) {
  const auto end = now_() + patience;
  while (!stop.stop_requested()) {
    look(gauge, stop, note);
    if (!busy_) return !stop.stop_requested();
    const auto left = std::chrono::duration_cast<milliseconds>(end - now_());
    if (left <= milliseconds(0)) return false;
    if (!sleepFor(std::min(kWait, left), stop)) return false;
  }
  return false;
}

void SourceCare::look(LoadGauge& gauge, const std::stop_token& stop, const Note& note) {
  std::unique_lock lock(looking_, std::defer_lock);
  // Before the first answer nobody knows whether he may pass; behind it the last answer holds while another one asks.
  if (!known_)
    lock.lock();
  else if (!lock.try_lock())
    return;
  if (known_ && now_() < nextLook_) return;
  const std::string excess = gauge.excess(stop);
  if (stop.stop_requested()) return;
  nextLook_ = now_() + kEvery;
  conclude(excess, note);
  known_ = true;
}

void SourceCare::conclude(const std::string& excess, const Note& note) {
  const auto now = now_();
  if (!excess.empty()) {
    calmLooks_ = 0;
    if (!busy_) busySince_ = now;
    busy_ = true;
    if (noted_ || (everNoted_ && now - lastNote_ < kBetweenNotes)) return;
    note("The copy is held back: " + excess);
    noted_ = everNoted_ = true;
    lastNote_ = now;
    return;
  }
  if (!busy_ || ++calmLooks_ < kCalmLooks) return;
  busy_ = false;
  if (!noted_) return;
  const auto held = std::chrono::duration_cast<seconds>(now - busySince_).count();
  note("The copy goes on; it was held back for " + std::to_string(held) + " s");
  noted_ = false;
  lastNote_ = now;
}

}  // namespace drs
