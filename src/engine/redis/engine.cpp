#include "engine/redis/engine.h"

#include "engine/redis/cleaner.h"
#include "engine/redis/lanes.h"
#include "engine/redis/prober.h"

namespace drs::redis {
namespace {

class RedisEngine final : public Engine {
 public:
  [[nodiscard]] std::unique_ptr<Prober> prober(const EngineJob& job) const override { return makeProber(job); }
  [[nodiscard]] std::unique_ptr<LaneRunner> lanes(const EngineJob& job) const override { return makeLaneRunner(job); }
  [[nodiscard]] std::unique_ptr<Cleaner> cleaner(const EngineJob& job) const override { return makeCleaner(job); }
};

}  // namespace

std::unique_ptr<Engine> makeEngine() {
  return std::make_unique<RedisEngine>();
}

}  // namespace drs::redis
