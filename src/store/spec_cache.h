#pragma once

#include "model/job_spec.h"

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace drs {

/// The most recently read job specs, parsed. A spec id names one text for ever (each write makes a new id), so nothing
/// here can be stale. Threads: any.
class SpecCache {
 public:
  explicit SpecCache(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] std::shared_ptr<const JobSpec> find(const std::string& specId) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(specId);
    if (found == entries_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second.spec;
  }

  void put(const std::string& specId, std::shared_ptr<const JobSpec> spec) {
    const std::lock_guard lock(mutex_);
    if (entries_.contains(specId)) return;
    order_.push_front(specId);
    entries_.emplace(specId, Entry{std::move(spec), order_.begin()});
    if (entries_.size() > capacity_) {
      entries_.erase(order_.back());
      order_.pop_back();
    }
  }

 private:
  struct Entry {
    std::shared_ptr<const JobSpec> spec;
    std::list<std::string>::iterator place;
  };

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<std::string> order_;  // newest first
  std::map<std::string, Entry> entries_;
};

}  // namespace drs
