#include "engine/redis/slot_watch.h"

#include <chrono>

namespace drs::redis {
namespace {

constexpr std::chrono::milliseconds kHurried{100};
constexpr std::chrono::milliseconds kCalm{500};

}  // namespace

void SlotWatch::run(const std::stop_token& stop) {
  std::unique_ptr<Connection> connection;
  while (!stop.stop_requested()) {
    try {
      look(connection, stop);
      said_.clear();
    } catch (const Error& error) {
      connection.reset();
      if (stop.stop_requested()) return;
      if (error.action() != Action::retry) {
        const std::lock_guard failing(mutex_);
        failure_ = error;
        return;
      }
      if (error.text() != said_) options_.log("the slots of the source cannot be looked at: " + error.text());
      said_ = error.text();  // a fail-over, perhaps
    }
    std::unique_lock lock(mutex_);
    const bool hurried = changed_.wait_for(lock, stop, kHurried, [] { return false; }) || hurries_;
    if (!hurried) changed_.wait_for(lock, stop, kCalm - kHurried, [this] { return hurries_; });
  }
}

void SlotWatch::look(std::unique_ptr<Connection>& connection, const std::stop_token& stop) {
  if (!connection) connection = Connection::open(options_.primary(stop));
  SlotSet asked;
  {
    const std::lock_guard lock(mutex_);
    asked = asked_;
  }
  // What has come was done there before, so that the view is younger than it.
  const std::uint64_t arrived = options_.arrived();
  auto view = std::make_unique<SlotView>(viewOf(*connection, asked));
  view->arrived = arrived;
  const std::lock_guard lock(mutex_);
  view_ = std::move(view);
}

void SlotWatch::ask(const SlotSet& slots, bool hurries) {
  {
    const std::lock_guard lock(mutex_);
    asked_ = slots;
    hurries_ = hurries;
  }
  if (hurries) changed_.notify_all();
}

std::unique_ptr<SlotView> SlotWatch::take() {
  const std::lock_guard lock(mutex_);
  if (failure_) throw Error(*failure_);
  return std::move(view_);
}

}  // namespace drs::redis
