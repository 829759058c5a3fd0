#pragma once

#include "base/clock.h"

#include <map>
#include <mutex>
#include <string>

namespace drs::api {

/// Counts failures in a row per key and locks a key after too many. The key contains the address of the client: a
/// stranger who fails on purpose locks itself out, not the owner of the name it uses. Memory is bounded. Threads: any.
class Lockout {
 public:
  Lockout(int failures, UnixMillis span) : limit_(failures), span_(span) {}

  [[nodiscard]] bool locked(const std::string& key, UnixMillis now) const;
  void failed(const std::string& key, UnixMillis now);
  void succeeded(const std::string& key);

 private:
  struct Entry {
    int failures = 0;
    UnixMillis last = 0;
  };

  const int limit_;
  const UnixMillis span_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace drs::api
