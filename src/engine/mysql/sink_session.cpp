#include "engine/mysql/sink_session.h"

#include "base/ids.h"
#include "engine/mysql/named_lock.h"
#include "engine/mysql/read_only.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace drs::mysql {
namespace {

// A worker's statements wait only for its own siblings; who waits longer is better off rolled back and redone.
constexpr int kRowLockSeconds = 10;
// Room in a packet for its header and for the statements around the rows.
constexpr std::size_t kPacketRoom = 16U << 10U;

std::size_t packetBytes(Connection& connection) {
  const std::string text = connection.value("SELECT @@session.max_allowed_packet").value_or("0");
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::max<std::size_t>(value, 1024);
}

/// Galera may commit in the middle of a LOAD DATA; then a chunk's rows would stand there without its result.
bool splitsLoads(Connection& connection) {
  const auto rows = connection.query("SHOW VARIABLES LIKE 'wsrep_load_data_splitting'");
  return !rows.empty() && rows[0].at(1) == "ON";
}

}  // namespace

bool logRows(Connection& connection) {
  const auto rows = connection.query("SHOW VARIABLES LIKE 'binlog_format'");
  if (rows.empty() || rows[0].at(1) != "STATEMENT") return true;
  try {
    connection.execute("SET SESSION binlog_format = 'ROW'");
    return true;
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost) throw;
    return false;
  }
}

void SinkSession::prepare(Connection& connection) {
  connection.execute(fmt::format(
      "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "
      "innodb_lock_wait_timeout = {}, lock_wait_timeout = {}, unique_checks = 1, foreign_key_checks = 1, "
      "completion_type = 0",
      kRowLockSeconds, options_.lockWaitSeconds));
  // READ COMMITTED takes no locks on gaps, so that chunks and transactions of different rows do not wait for each
  // other. A session that logs statements is refused to write under it, and warned at every LOAD DATA.
  const bool statements = !logRows(connection);
  if (!statements) connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  loadsData_ = loadRefusal_.empty() && !statements && !splitsLoads(connection) &&
               connection.value("SELECT @@global.local_infile") == "1";
  const std::size_t packet = packetBytes(connection);
  rowBytes_ = packet > 2 * kPacketRoom ? packet - kPacketRoom : packet / 2;
  statementBytes_ = std::min(kStatementBytes, rowBytes_);
}

Connection& SinkSession::connect() {
  if (connection_) return *connection_;
  std::unique_ptr<Connection> fresh = Connection::open(options_);
  prepare(*fresh);
  if (!name_.empty()) endHolder(*fresh, name_);
  name_ = "drs-" + randomHex(16);
  if (fresh->value(fmt::format("SELECT GET_LOCK({}, 0)", quoteText(name_))) != "1")
    throw Error(Msg::targetBusy, {fresh->peer(), "a named lock was refused"}, Origin::target);
  const std::lock_guard lock(mutex_);
  connection_ = std::move(fresh);
  registered_ = false;
  return *connection_;
}

Connection& SinkSession::fenced() {
  const Fence numbers = fenceNumbers();
  Connection& connection = connect();
  if (registered_) return connection;
  control_.registerSession(connection, numbers, name_);
  keepReadOnly();
  registered_ = true;
  return connection;
}

StoredMark SinkSession::fence(const Fence& fence) {
  Connection& connection = connect();
  const StoredMark mark = control_.fence(connection, fence, name_);
  fence_ = fence;
  keepReadOnly();
  registered_ = true;
  return mark;
}

void SinkSession::keepReadOnly() {
  ReadOnlyNotes(control_.jobId()).keep(*connection_);
}

std::optional<ChunkResult> SinkSession::takeChunk(const Fence& fence, std::uint32_t number) {
  auto done = control_.takeChunk(connect(), fence, number, name_);
  if (done) return done;
  keepReadOnly();
  if (!loadsData_ || loadGetsThrough()) return done;
  if (connection_) return done;
  return control_.takeChunk(connect(), fence, number, name_);  // what refused it has closed the session too
}

bool SinkSession::loadGetsThrough() {
  try {
    connection_->loadData(
        fmt::format("LOAD DATA LOCAL INFILE 'rows' INTO TABLE {}.chunk IGNORE 1 LINES", kControlSchema), "\n");
    return true;
  } catch (const Error& error) {
    loadRefusal_ = error.text();
    loadsData_ = false;
    if (error.msg() == Msg::connectionLost) drop();
    return false;
  }
}

const Fence& SinkSession::fenceNumbers() const {
  if (!fence_) throw Error(Msg::internal, {"the target was written to before the fence was taken"}, Origin::target);
  return *fence_;
}

void SinkSession::drop() noexcept {
  const std::lock_guard lock(mutex_);
  connection_.reset();
}

void SinkSession::rollback() noexcept {
  if (!connection_) return;
  try {
    connection_->execute("ROLLBACK");
  } catch (const Error&) {
    drop();
  }
}

void SinkSession::shutdown() noexcept {
  const std::lock_guard lock(mutex_);
  if (connection_) connection_->shutdown();
}

}  // namespace drs::mysql
