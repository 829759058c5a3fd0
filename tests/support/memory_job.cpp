#include "support/memory_job.h"

#include <utility>

namespace drs::testing {
namespace {

class MemoryProber final : public Prober {
 public:
  explicit MemoryProber(const MemoryWorld& world) : world_(world) {}
  std::vector<NetworkResult> network(const std::stop_token&) override {
    const bool ok = world_.reachable;
    return {{"10.0.0.1", true, "", ""}, {"10.0.0.2", ok, ok ? "" : "DRS.M00300", ok ? "" : "no answer"}};
  }
  std::vector<PrecheckItem> precheck(const std::stop_token&) override {
    PrecheckItem item;
    item.item = "dstDbConnection";
    item.group = "connection";
    if (!world_.reachable) item.result = CheckResult::failed;
    return {item};
  }
  std::vector<TableSchemaPtr> sourceTables(const std::stop_token&) override { return world_.schema.tables(); }

 private:
  const MemoryWorld& world_;
};

class MemoryCatalog final : public Catalog {
 public:
  MemoryCatalog(const MemoryWorld& world, Side side) : world_(world), side_(side) {}
  std::vector<std::string> databases() override { return {"db"}; }
  std::vector<TableSchemaPtr> tables(const std::vector<std::string>&) override {
    return side_ == Side::source ? world_.schema.tables() : std::vector<TableSchemaPtr>{};
  }

 private:
  const MemoryWorld& world_;
  const Side side_;
};

class MemoryComparer final : public Comparer {
 public:
  explicit MemoryComparer(const MemoryWorld& world) : world_(world) {}
  TableComparison compareTable(const Plans&, std::size_t plan, std::size_t maxListed,
                               const std::function<void(std::uint64_t rows)>&, const std::stop_token&) override {
    const Rows source = world_.source.content()[plan];
    const Rows target = world_.target.state().content[plan];
    TableComparison out;
    out.plan = plan;
    out.sourceRows = source.size();
    out.targetRows = target.size();
    const auto note = [&](std::int64_t key, RowDifference::Kind kind) {
      ++out.differences;
      if (out.listed.size() < maxListed) out.listed.push_back({kind, {std::to_string(key)}, {}});
    };
    for (const auto& [key, row] : source) {
      const auto other = target.find(key);
      if (other == target.end()) {
        note(key, RowDifference::Kind::missingInTarget);
      } else if (other->second != row) {
        note(key, RowDifference::Kind::different);
      }
    }
    for (const auto& [key, row] : target) {
      if (!source.contains(key)) note(key, RowDifference::Kind::missingInSource);
    }
    return out;
  }

 private:
  const MemoryWorld& world_;
};

class MemoryCleaner final : public Cleaner {
 public:
  explicit MemoryCleaner(MemoryWorld& world) : world_(world) {}
  void reset(const Plans& plans, const std::stop_token&) override {
    world_.target.transact([&](MemoryTarget::State& state) {
      for (std::size_t plan = 0; plan < plans.size(); ++plan) state.content[plan].clear();
      forget(state);
      state.applied.clear();
    });
  }
  std::vector<std::string> release() override {
    world_.target.transact([](MemoryTarget::State& state) { forget(state); });
    return {};
  }

 private:
  static void forget(MemoryTarget::State& state) {
    state.plan = state.epoch = 0;
    state.chunks.clear();
    state.mark.reset();
  }
  MemoryWorld& world_;
};

class MemoryEngine final : public Engine {
 public:
  explicit MemoryEngine(MemoryWorld& world) : world_(world) {}
  std::unique_ptr<Prober> prober(const EngineJob&) const override { return std::make_unique<MemoryProber>(world_); }
  std::unique_ptr<Catalog> catalog(const EngineJob&, Side side) const override {
    return std::make_unique<MemoryCatalog>(world_, side);
  }
  std::unique_ptr<Source> source(const EngineJob&) const override {
    auto source = std::make_unique<MemorySource>(world_.source, world_.crashes, 20);
    source->longestChunk = world_.longestChunk;
    return source;
  }
  std::unique_ptr<Sink> sink(const EngineJob&) const override {
    return std::make_unique<MemorySink>(world_.target, world_.crashes);
  }
  std::unique_ptr<Comparer> comparer(const EngineJob&) const override {
    return std::make_unique<MemoryComparer>(world_);
  }
  std::unique_ptr<Cleaner> cleaner(const EngineJob&) const override { return std::make_unique<MemoryCleaner>(world_); }

 private:
  MemoryWorld& world_;
};

}  // namespace

std::unique_ptr<Engine> makeMemoryEngine(MemoryWorld& world) {
  return std::make_unique<MemoryEngine>(world);
}

std::unique_ptr<Registry> makeMemoryRegistry(MemoryWorld& world) {
  Registry::Engines engines;
  engines.emplace("mysql-to-mysql", makeMemoryEngine(world));
  std::vector<Link> links{{"mysql-to-mysql",
                           "sync",
                           "mysql",
                           "mysql",
                           {"up", "down", "non-dbs"},
                           {"eip", "vpc", "vpn"},
                           {"FULL_TRANS", "FULL_INCR_TRANS", "INCR_TRANS"}}};
  return std::make_unique<Registry>(std::move(engines), std::move(links));
}

}  // namespace drs::testing
