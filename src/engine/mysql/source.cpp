#include "engine/mysql/source.h"

#include "engine/mysql/connection.h"
#include "engine/mysql/history_watch.h"
#include "engine/mysql/key_range.h"
#include "engine/mysql/log_reader.h"
#include "engine/mysql/named_lock.h"
#include "engine/mysql/position.h"
#include "engine/mysql/select_list.h"
#include "engine/mysql/server_log.h"
#include "engine/mysql/single_snapshot.h"
#include "engine/mysql/snapshot.h"
#include "engine/mysql/table_splitter.h"
#include "engine/mysql/two_way.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace drs::mysql {
namespace {

constexpr std::size_t kBatchRows = 1000;
constexpr std::size_t kBatchBytes = 256U << 10U;  // also the lumps in which a speed limit is kept
/// A chunk of so many times the size that it was planned for is ended where it is.
constexpr std::size_t kLongChunk = 4;
/// A row of a gigabyte takes a quarter of an hour at the slowest speed limit.
constexpr int kLargeRowSeconds = 1800;

/// The key of a row that selectList() read, as literals.
class KeyReader {
 public:
  explicit KeyReader(const TableSchema& schema) : schema_(schema) {
    for (const std::size_t column : schema.primaryKey) {
      std::size_t field = 0;  // generated columns are not read
      for (std::size_t i = 0; i < column; ++i) field += schema.columns[i].generated ? 0 : 1;
      fields_.push_back(field);
    }
  }
  [[nodiscard]] std::vector<std::string> read(const Row& row) const {
    std::vector<std::string> key;
    for (std::size_t i = 0; i < fields_.size(); ++i)
      key.push_back(keyLiteral(schema_.columns[schema_.primaryKey[i]], row.at(fields_[i])));
    return key;
  }

 private:
  const TableSchema& schema_;
  std::vector<std::size_t> fields_;
};

std::size_t sizeOf(const Row& row) {
  std::size_t size = 0;
  for (const Field& field : row) size += field.size();
  return size;
}

/// How long a snapshot has been open.
class SnapshotAge {
 public:
  /// Zero = it may be open for any time.
  explicit SnapshotAge(std::chrono::seconds most) : most_(most) {}
  /// Throws Error(limitExceeded), naming the table that is read.
  void check(const TableName& table) const {
    if (most_.count() == 0 || std::chrono::steady_clock::now() - begun_ < most_) return;
    throw Error(Msg::limitExceeded,
                {"Reading " + table.database + "." + table.table + " in one snapshot",
                 "more time (with a primary key, and without foreign keys that act on rows, it is read in pieces)",
                 fmt::format("mysql.keyless_snapshot_seconds, {} s", most_.count())},
                Origin::source);
  }

 private:
  const std::chrono::seconds most_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// Makes the session's calls end when a stop is requested, as long as this lives.
class StopSession {
 public:
  StopSession(const std::stop_token& stop, Connection& session) : callback_(stop, Shutdown{session}) {}

 private:
  struct Shutdown {
    Connection& session;
    void operator()() const { session.shutdown(); }
  };
  std::stop_callback<Shutdown> callback_;
};

class MysqlSource final : public Source {
 public:
  explicit MysqlSource(const EngineJob& job)
      : job_(job),
        options_(connectOptions(job, Side::source)),
        ordinarySilence_(options_.unreadSeconds),
        heartbeat_(job, options_.addresses.size()) {
    limitRows(ordinaryRow());
  }

  Position currentPosition() override {
    return withSession([&](Connection& session) {
      if (mode_ == LogMode::none && copiesWithoutLog()) return Position();
      return toPosition(currentEnd(session, mode_));
    });
  }

  std::vector<Chunk> split(const Plans& plans) override {
    return withSession([&](Connection& session) {
      if (mode_ == LogMode::none && copiesWithoutLog()) return oneChunk(plans);
      return splitTables(session, plans, job_.limits.chunkBytes);
    });
  }

  ChunkResult readChunk(const Chunk& chunk, const Plans& plans, const BatchConsumer& out,
                        const std::stop_token& stop) override;

  std::unique_ptr<LogReader> openLog(const Position& from, const Plans& plans) override {
    LogPosition start = fromPosition(from);
    // A position that a user gave as file and offset does not tell the flavour.
    if (start.gtid.empty()) start.mariadb = withSession([](Connection& session) { return session.server().mariadb; });
    return openLogReader(job_, toPosition(start), plans,
                         isTwoWay(job_.spec) ? identityOf(job_, Side::target) : std::string(), &heartbeat_);
  }

  [[nodiscard]] bool logsWholeRows() override {
    return withSession([](Connection& session) {
      const auto rows = session.query("SHOW GLOBAL VARIABLES LIKE 'binlog\\_row\\_image'");
      return rows.empty() || rows.front().at(1).value_or("FULL") == "FULL";
    });
  }

  void limitSnapshots(std::chrono::seconds most) override { longestSnapshot_ = most; }

  [[nodiscard]] bool reached(const Position& at, const Position& goal) const override {
    return mysql::reached(fromPosition(at), fromPosition(goal));
  }

  [[nodiscard]] bool covers(const Position& position, const Transaction& transaction) const override {
    return mysql::covers(fromPosition(position), transaction.id);
  }

 private:
  Connection& session();
  /// One that refuses large rows, or takes them.
  Connection& sessionFor(const Chunk& chunk);
  void limitRows(std::size_t bytes);
  /// A reader whose network was lost keeps its snapshot, and with it the tables' metadata locks, at the server. It is
  /// ended by who reads the chunk next, or by the server's time-out if nobody does.
  void endPredecessor(Connection& session, const Chunk& chunk) const;
  [[nodiscard]] std::size_t ordinaryRow() const { return job_.limits.largeRows ? LargeRows::kLarge : 0; }
  /// Nothing can be replayed then, so that all tables have to be read in one snapshot.
  [[nodiscard]] bool copiesWithoutLog() const { return job_.spec.baseInfo.taskType == "FULL_TRANS"; }
  /// Runs `body` on the session; one that the server has closed meanwhile is replaced once. Read-only bodies only.
  template <typename Body>
  std::invoke_result_t<Body, Connection&> withSession(const Body& body);
  struct Streamed {
    bool wanted = true;                ///< false: the consumer or `stop` ended it
    std::vector<std::string> endedAt;  ///< as in ChunkResult
  };
  Streamed streamTable(Connection& session, std::size_t plan, const TableSchemaPtr& schema, const Chunk& chunk,
                       const SnapshotAge& age, const BatchConsumer& out, const std::stop_token& stop) const;

  EngineJob job_;
  ConnectOptions options_;
  const int ordinarySilence_;  ///< seconds
  Heartbeat heartbeat_;
  std::unique_ptr<Connection> session_;
  LogMode mode_ = LogMode::mysqlFile;
  std::chrono::seconds longestSnapshot_{0};
};

Connection& MysqlSource::session() {
  if (!session_) {
    session_ = Connection::open(options_);
    mode_ = logMode(*session_);
  }
  return *session_;
}

Connection& MysqlSource::sessionFor(const Chunk& chunk) {
  const std::size_t wanted = chunk.largeRows ? 0 : ordinaryRow();
  if (options_.maxRowBytes != wanted) session_.reset();
  limitRows(wanted);
  return session();
}

void MysqlSource::limitRows(std::size_t bytes) {
  options_.maxRowBytes = bytes;
  options_.unreadSeconds = bytes != 0 ? ordinarySilence_ : std::max(ordinarySilence_, kLargeRowSeconds);
  options_.idleSeconds = options_.unreadSeconds;
}

void MysqlSource::endPredecessor(Connection& session, const Chunk& chunk) const {
  try {
    takeOver(session, fmt::format("drs.read.{}.{}", job_.id, chunk.number));
  } catch (const Error& error) {
    if (error.action() == Action::retry) throw;  // else this cluster has no named locks, and the time-out is left
  }
}

template <typename Body>
std::invoke_result_t<Body, Connection&> MysqlSource::withSession(const Body& body) {
  const bool kept = session_ != nullptr;
  try {
    return body(session());
  } catch (const Error& error) {
    session_.reset();
    if (!kept || error.msg() != Msg::connectionLost) throw;
  }
  return body(session());
}

/// A read that was stopped returns early; only the caller who stopped it can tell, and does (Source::readChunk()).
ChunkResult MysqlSource::readChunk(const Chunk& chunk, const Plans& plans, const BatchConsumer& out,
                                   const std::stop_token& stop) {
  Connection& session = sessionFor(chunk);
  ChunkResult result;
  result.number = chunk.number;
  try {
    std::optional<StopSession> onStop(std::in_place, stop, session);
    endPredecessor(session, chunk);
    SnapshotRequest request{mode_, {}, chunk.exact};
    if (job_.startPosition) request.notBefore = fromPosition(*job_.startPosition);
    for (const std::size_t plan : chunk.plans) request.tables.push_back(plans.at(plan).source->name);
    const SnapshotPositions positions = beginSnapshot(session, options_, request, stop);
    const SnapshotAge age(chunk.exact && mode_ != LogMode::none ? longestSnapshot_ : std::chrono::seconds(0));
    for (std::size_t i = 0; i < chunk.plans.size() && result.endedAt.empty(); ++i) {
      const std::size_t plan = chunk.plans[i];
      const Streamed streamed = streamTable(session, plan, plans.at(plan).source, chunk, age, out, stop);
      // Also if the log was switched on behind the plan: such a plan replays nothing.
      if (chunk.exact && copiesWithoutLog() && streamed.wanted) requireSameDefinition(session, *plans.at(plan).source);
      result.endedAt = streamed.endedAt;
      result.endedIn = i;
      if (!streamed.wanted) {
        onStop.reset();  // it must not outlive the session
        session_.reset();
        return result;
      }
    }
    if (result.endedAt.empty()) {
      session.execute("ROLLBACK");
    } else {
      onStop.reset();
      session_.reset();  // with the rows that were not read
    }
    if (mode_ != LogMode::none) {
      result.low = toPosition(positions.low);
      result.high = toPosition(positions.high);
    }
    return result;
  } catch (...) {
    session_.reset();
    if (!stop.stop_requested()) throw;
    return result;
  }
}

MysqlSource::Streamed MysqlSource::streamTable(Connection& session, std::size_t plan, const TableSchemaPtr& schema,
                                               const Chunk& chunk, const SnapshotAge& age, const BatchConsumer& out,
                                               const std::stop_token& stop) const {
  const bool mayEnd = !chunk.exact && canCut(*schema);
  const KeyReader keys(*schema);
  const std::size_t most = kLongChunk * job_.limits.chunkBytes;
  RowBatch batch(schema);
  std::size_t bytes = 0;
  // Other snapshots are short: a free chunk is ended before it has been read for long.
  HistoryWatch history(options_, job_.log, chunk.exact || mode_ == LogMode::none);
  Streamed streamed;
  const char* const index = schema->primaryKey.empty() ? "" : " FORCE INDEX (PRIMARY)";
  std::string sql = "SELECT " + selectList(*schema) + " FROM " + quoteName(schema->name) + index + " WHERE " +
                    rangeCondition(*schema, chunk.after, chunk.upTo);
  if (mayEnd) sql += " ORDER BY " + joinComma(keyColumns(*schema));
  const auto send = [&] {
    bytes += batch.volume();
    history.look();
    age.check(schema->name);
    streamed.wanted = out(plan, std::exchange(batch, RowBatch(schema)));
    return streamed.wanted;
  };
  session.stream(sql, [&](const Row& row) {
    if (const std::size_t size = sizeOf(row); size >= LargeRows::kLarge) {
      if (batch.rows() > 0 && !send()) return false;
      if (job_.limits.largeRows) batch.hold(job_.limits.largeRows->enter(stop));
      batch.reserve(size);
    }
    appendRow(batch, row);
    if (batch.rows() < kBatchRows && batch.bytes() < kBatchBytes) return true;
    if (send() && mayEnd && bytes >= most) streamed.endedAt = keys.read(row);
    return streamed.wanted && streamed.endedAt.empty();
  });
  if (streamed.wanted && batch.rows() > 0) streamed.wanted = out(plan, std::move(batch));
  return streamed;
}

}  // namespace

std::unique_ptr<Source> makeSource(const EngineJob& job) {
  return std::make_unique<MysqlSource>(job);
}

}  // namespace drs::mysql
