#include "pipeline/conflict_keys.h"

#include <algorithm>

namespace drs {

void ConflictKeys::seal() {
  std::sort(keys_.begin(), keys_.end());
  // Of equal hashes the exclusive one stands last, and stays.
  auto end = keys_.begin();
  for (const ConflictKey key : keys_) {
    if (end != keys_.begin() && hashOf(*(end - 1)) == hashOf(key))
      *(end - 1) = key;
    else
      *end++ = key;
  }
  keys_.erase(end, keys_.end());
}

bool ConflictKeys::conflictsWith(const ConflictKeys& other) const {
  if (all_ || other.all_) return true;
  auto a = keys_.begin();
  auto b = other.keys_.begin();
  while (a != keys_.end() && b != other.keys_.end()) {
    if (hashOf(*a) < hashOf(*b)) {
      ++a;
    } else if (hashOf(*b) < hashOf(*a)) {
      ++b;
    } else {
      if (isExclusive(*a) || isExclusive(*b)) return true;
      ++a;
      ++b;
    }
  }
  return false;
}

}  // namespace drs
