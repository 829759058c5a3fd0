#include "base/task_group.h"

#include <algorithm>
#include <pthread.h>
#include <utility>

namespace drs {

TaskGroup::TaskGroup(std::stop_token parent) : chain_(std::move(parent), [this] { source_.request_stop(); }) {}

TaskGroup::~TaskGroup() {
  stop();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void TaskGroup::start(std::string name, std::function<void(std::stop_token)> body) {
  name.resize(std::min<std::size_t>(name.size(), 15));
  threads_.emplace_back([this, name = std::move(name), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.c_str());
    try {
      body(source_.get_token());
    } catch (...) {
      fail(std::current_exception());
    }
  });
}

void TaskGroup::wait() {
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
  const std::lock_guard lock(mutex_);
  if (first_) std::rethrow_exception(std::exchange(first_, nullptr));
}

void TaskGroup::fail(std::exception_ptr error) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!first_) first_ = std::move(error);
  }
  stop();
}

bool sleepFor(std::chrono::milliseconds span, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any waiting;
  std::unique_lock lock(mutex);
  return !waiting.wait_for(lock, stop, span, [&stop] { return stop.stop_requested(); });
}

}  // namespace drs
