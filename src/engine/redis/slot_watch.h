#pragma once

#include "engine/redis/slot_view.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace drs::redis {

/// Looks at the slots of a lane's primary again and again. One thread runs it, one other reads.
class SlotWatch {
 public:
  struct Options {
    std::function<ConnectOptions(const std::stop_token& stop)>
        primary;                             ///< as it is now: another one after a fail-over
    std::function<std::uint64_t()> arrived;  ///< the last byte of the stream that has come
    std::function<void(const std::string& line)> log;
  };
  explicit SlotWatch(Options options) : options_(std::move(options)) {}

  /// Until a stop. A primary that cannot be reached is tried again; what does not pass by itself ends it, and is thrown
  /// by take().
  void run(const std::stop_token& stop);
  /// The slots whose keys are to be counted from now on. `hurries`: somebody waits for the next view.
  void ask(const SlotSet& slots, bool hurries);
  /// The newest view, once; nothing: none since the last call.
  [[nodiscard]] std::unique_ptr<SlotView> take();

 private:
  void look(std::unique_ptr<Connection>& connection, const std::stop_token& stop);

  const Options options_;
  std::string said_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any changed_;
  SlotSet asked_;
  bool hurries_ = true;
  std::unique_ptr<SlotView> view_;
  std::optional<Error> failure_;
};

}  // namespace drs::redis
