#include "engine/mysql/sink.h"

#include "engine/mysql/appliers.h"
#include "engine/mysql/conflict_log.h"
#include "engine/mysql/definition_workers.h"
#include "engine/mysql/index_progress.h"
#include "engine/mysql/server_errors.h"
#include "engine/mysql/sink_chunk.h"
#include "engine/mysql/sink_definitions.h"
#include "engine/mysql/sink_session.h"
#include "engine/mysql/statement_records.h"
#include "engine/mysql/two_way.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace drs::mysql {
namespace {

constexpr int kDefinitionTimeoutSeconds = 7 * 24 * 3600;
/// Tables that are noted together and created by one session.
constexpr std::size_t kCreations = 16;

class MySqlSink : public Sink {
 public:
  explicit MySqlSink(const EngineJob& job)
      : job_(job),
        options_(connectOptions(job, Side::target)),
        session_(options_, ControlTables(job.id)),
        definitions_(patient(options_), ControlTables(job.id), job.limits.maxSessions - 1) {}

  std::optional<Mark> fence(const Fence& fence) override {
    try {
      const StoredMark mark = session_.fence(fence);
      furthest_ = mark.sequence;
      definitions_.adopt(fence);
      if (mark.position.empty()) return std::nullopt;
      return Mark{mark.position, mark.epoch};
    } catch (...) {
      session_.drop();
      throw;
    }
  }

  void prepare(const Plans& plans) override {
    TargetDefinitions definitions = describe(plans);
    definitions_.each(1, 1, [&](Connection& connection, std::size_t) { definitions.prepare(connection); });
    definitions_.each((plans.size() + kCreations - 1) / kCreations, 1, [&](Connection& connection, std::size_t i) {
      definitions.create(connection, i * kCreations, std::min(plans.size(), (i + 1) * kCreations));
    });
  }

  void finish(const Plans& plans, const std::function<void(std::size_t plan, bool added)>& indexed) override {
    const TargetDefinitions definitions = describe(plans);
    {
      IndexProgress progress(options_, job_.log, indexesTold_);
      definitions_.each(plans.size(), 1, [&](Connection& connection, std::size_t i) {
        named(plans[i], [&] { indexed(i, definitions.finish(connection, i, progress)); });
      });
    }
    // One after the other: each locks the definitions of its parents too.
    definitions_.each(1, 1, [&](Connection& connection, std::size_t) {
      for (const TablePlan& plan : plans) named(plan, [&] { definitions.addForeignKeys(connection, plan); });
    });
  }

  void watchIndexes(const std::function<void(std::size_t plan, double part)>& told) override { indexesTold_ = told; }

  std::unique_ptr<ChunkWriter> openChunk(const Chunk& chunk, const Fence& fence, const Plans& plans,
                                         ChunkResult& done) override {
    try {
      if (auto result = session_.takeChunk(fence, chunk.number)) {
        done = *result;
        return nullptr;
      }
      if (!session_.loadRefusal().empty())
        job_.log.info("part {} is sent by INSERT, for LOAD DATA is refused: {}", chunk.number, session_.loadRefusal());
      return std::make_unique<MySqlChunkWriter>(session_, fence, chunk, plans, origin());
    } catch (const Error& error) {
      if (error.msg() == Msg::connectionLost) session_.drop();
      throw;
    }
  }

  std::vector<ChunkResult> chunks() override {
    try {
      return session_.control().chunks(session_.connect());
    } catch (...) {
      session_.drop();
      throw;
    }
  }

  DefinitionChanges definitionChanges() override {
    try {
      return StatementRecords(job_.id).definitions(session_.fenced());
    } catch (const Error& error) {
      if (error.msg() == Msg::connectionLost) session_.drop();
      throw;
    }
  }

  void setCollations(const DatabaseCollations& collations) override { collations_ = collations; }

  std::unique_ptr<Appliers> appliers(const Plans& plans) override {
    try {
      return makeAppliers(job_, session_, furthest_, plans, collations_);
    } catch (const Error& error) {
      if (error.msg() == Msg::connectionLost) session_.drop();
      throw;
    }
  }

  std::vector<ConflictRow> conflicts(std::uint64_t after, std::size_t most) override {
    try {
      if (!reader_) reader_ = Connection::open(connectOptions(job_, Side::target));
      return ConflictLog(job_.id).read(*reader_, after, most);
    } catch (...) {
      reader_.reset();
      throw;
    }
  }

  std::vector<StatementRow> statements(std::uint64_t after, std::size_t most) override {
    try {
      if (!reader_) reader_ = Connection::open(connectOptions(job_, Side::target));
      return StatementRecords(job_.id).list(*reader_, after, most);
    } catch (...) {
      reader_.reset();
      throw;
    }
  }

 private:
  /// Of the rows that are copied; asked for once.
  const std::string& origin() {
    if (origin_.empty()) origin_ = sourceOrigin(job_);
    return origin_;
  }

  /// An index on a large table is built for hours without a word from the server.
  static ConnectOptions patient(ConnectOptions options) {
    options.readTimeoutSeconds = kDefinitionTimeoutSeconds;
    return options;
  }

  template <typename Body>
  static void named(const TablePlan& plan, const Body& body) {
    try {
      body();
    } catch (const Error& error) {
      throw withTable(error, plan.target);
    }
  }

  TargetDefinitions describe(const Plans& plans) {
    return {job_, ControlTables(job_.id), plans, definitions_.first().fenced()};
  }

  const EngineJob job_;
  const ConnectOptions options_;
  SinkSession session_;            ///< for rows
  DefinitionWorkers definitions_;  ///< for prepare() and finish()
  DatabaseCollations collations_;
  std::function<void(std::size_t plan, double part)> indexesTold_;
  std::string origin_;
  std::unique_ptr<Connection> reader_;  ///< of conflicts
  std::uint64_t furthest_ = 0;          ///< sequence of the furthest mark when the fence was taken
};

}  // namespace

std::unique_ptr<Sink> makeSink(const EngineJob& job) {
  return std::make_unique<MySqlSink>(job);
}

}  // namespace drs::mysql
