#pragma once

#include "engine/engine.h"
#include "support/memory_engine.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace drs::testing {

/// What a memory engine works on; shared by all that it makes.
struct MemoryWorld {
  explicit MemoryWorld(MemorySchema tables) : schema(std::move(tables)) {}
  MemorySchema schema;
  MemoryDatabase source{schema};
  MemoryTarget target{schema};
  Crashes crashes;
  std::atomic<bool> reachable{true};
  std::size_t longestChunk = 0;  ///< of MemorySource
};

/// An engine over memory_engine.h, for tests of what stands above engines.
[[nodiscard]] std::unique_ptr<Engine> makeMemoryEngine(MemoryWorld& world);

/// A registry with that engine as "mysql-to-mysql".
[[nodiscard]] std::unique_ptr<Registry> makeMemoryRegistry(MemoryWorld& world);

}  // namespace drs::testing
