#include "engine/mysql/engine.h"

#include "engine/mysql/catalog.h"
#include "engine/mysql/cleaner.h"
#include "engine/mysql/comparer.h"
#include "engine/mysql/load_gauge.h"
#include "engine/mysql/object_copier.h"
#include "engine/mysql/parameters.h"
#include "engine/mysql/prober.h"
#include "engine/mysql/read_only.h"
#include "engine/mysql/sink.h"
#include "engine/mysql/source.h"
#include "engine/mysql/source_freezer.h"

namespace drs::mysql {
namespace {

class MysqlEngine final : public Engine {
 public:
  [[nodiscard]] std::unique_ptr<Prober> prober(const EngineJob& job) const override { return makeProber(job); }
  [[nodiscard]] std::unique_ptr<Catalog> catalog(const EngineJob& job, Side side) const override {
    return makeCatalog(job, side);
  }
  [[nodiscard]] std::unique_ptr<Source> source(const EngineJob& job) const override { return makeSource(job); }
  [[nodiscard]] std::unique_ptr<Sink> sink(const EngineJob& job) const override { return makeSink(job); }
  [[nodiscard]] std::unique_ptr<Comparer> comparer(const EngineJob& job) const override { return makeComparer(job); }
  [[nodiscard]] std::unique_ptr<Cleaner> cleaner(const EngineJob& job) const override { return makeCleaner(job); }
  [[nodiscard]] std::unique_ptr<ObjectCopier> objects(const EngineJob& job) const override {
    return makeObjectCopier(job);
  }
  [[nodiscard]] std::unique_ptr<SourceFreezer> freezer(const EngineJob& job) const override {
    return makeSourceFreezer(job);
  }
  [[nodiscard]] std::unique_ptr<LoadGauge> loadGauge(const EngineJob& job, const SourceLimits& limits) const override {
    return makeLoadGauge(job, limits);
  }
  [[nodiscard]] std::vector<std::string> setParameters(const EngineJob& job) const override {
    return mysql::setParameters(job);
  }
  [[nodiscard]] std::vector<std::string> setReadOnly(const EngineJob& job, const Fence& fence) const override {
    return mysql::setReadOnly(job, fence);
  }
  void becomeStandby(const EngineJob& job, const Fence& fence, const std::string& setting) const override {
    mysql::becomeStandby(job, fence, setting);
  }
};

}  // namespace

std::unique_ptr<Engine> makeEngine() {
  return std::make_unique<MysqlEngine>();
}

}  // namespace drs::mysql
