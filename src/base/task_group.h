#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace drs {

/// Threads that belong together: the destructor joins them, the first error wins and asks the others to stop, a stop of
/// the parent token reaches all of them. The only way to start a thread in this code base.
///
///   TaskGroup group(stop);
///   group.start("reader", [&](std::stop_token s) { … });
///   group.start("applier", [&](std::stop_token s) { … });
///   group.wait();               // rethrows the first error
///
/// Threads: start() and wait() from the owner; stop() from any.
class TaskGroup {
 public:
  explicit TaskGroup(std::stop_token parent = {});
  ~TaskGroup();  ///< stops, joins, drops an error that nobody waited for
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Runs `body` on a new thread called `name` (at most 15 characters are shown by the system).
  void start(std::string name, std::function<void(std::stop_token)> body);
  /// Asks all threads to stop; returns at once.
  void stop() noexcept { source_.request_stop(); }
  /// Waits until all threads have ended, then rethrows the first error, if any.
  void wait();
  [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

 private:
  void fail(std::exception_ptr error) noexcept;

  std::stop_source source_;
  std::stop_callback<std::function<void()>> chain_;
  std::mutex mutex_;
  std::exception_ptr first_;
  std::vector<std::thread> threads_;
};

/// Sleeps at most `span`; returns early, with false, when stop is requested.
bool sleepFor(std::chrono::milliseconds span, const std::stop_token& stop);

}  // namespace drs
