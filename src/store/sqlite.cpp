#include "base/error.h"
#include "base/failpoint.h"
#include "store/migrations.h"
#include "store/sql.h"

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace drs {
namespace {

// Statements kept prepared for each connection; the code has fewer than 100, lists build some more.
constexpr std::size_t kMaxPrepared = 300;

/// The extended result code as one of our errors. What a later call may cure is storeFailed.
[[noreturn]] void raise(int code, const std::string& text) {
  const int primary = code & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) throw Error(Msg::storeDamaged, {text}, Origin::store);
  const bool environment = primary == SQLITE_FULL || primary == SQLITE_IOERR || primary == SQLITE_BUSY ||
                           primary == SQLITE_LOCKED || primary == SQLITE_READONLY || primary == SQLITE_CANTOPEN ||
                           primary == SQLITE_PERM || primary == SQLITE_NOMEM || primary == SQLITE_PROTOCOL ||
                           primary == SQLITE_INTERRUPT || primary == SQLITE_AUTH;
  if (environment) throw Error(Msg::storeFailed, {text}, Origin::store);
  throw Error(Msg::internal, {"the metadata store refused a statement"}, Origin::store, text);
}

void nowMillis(sqlite3_context* context, int, sqlite3_value**) {
  const auto* clock = static_cast<const Clock*>(sqlite3_user_data(context));
  sqlite3_result_int64(context, clock->now());
}

/// One connection. Threads: one at a time.
class Connection : public SqlSession {
 public:
  Connection(const SqliteOptions& options, bool writer) {
    const int flags =
        SQLITE_OPEN_READWRITE | (writer ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(options.path.c_str(), &db_, flags, nullptr);
    try {
      if (code != SQLITE_OK)
        raise(code, options.path + ": " + (db_ != nullptr ? sqlite3_errmsg(db_) : "out of memory"));
      sqlite3_busy_timeout(db_, options.busyTimeoutMillis);
      sqlite3_create_function(db_, "now_ms", 0, SQLITE_UTF8, const_cast<Clock*>(options.clock.get()), &nowMillis,
                              nullptr, nullptr);
      query("PRAGMA journal_mode = WAL");
      // FULL: the log is forced to the disk at every commit, so that an answer survives a loss of power.
      query("PRAGMA synchronous = FULL");
      query("PRAGMA foreign_keys = ON");
      if (!writer) query("PRAGMA query_only = ON");
    } catch (...) {
      close();
      throw;
    }
  }
  ~Connection() override { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  SqlResult query(std::string_view text, const SqlParams& params = {}) override {
    sqlite3_stmt* statement = prepare(text);
    bind(statement, params);
    SqlResult result;
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) result.rows.push_back(rowOf(statement));
    const std::string message = code == SQLITE_DONE ? "" : sqlite3_errmsg(db_);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (code != SQLITE_DONE) raise(code, message);
    result.changed = sqlite3_changes64(db_);
    return result;
  }

  /// Runs a text of several statements.
  void script(std::string_view text) {
    const std::string copy(text);
    if (const int code = sqlite3_exec(db_, copy.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK)
      raise(code, sqlite3_errmsg(db_));
  }

  /// Ends an open transaction without effect; errors mean that it is ended already.
  void rollback() noexcept {
    if (sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  }

 private:
  void close() noexcept {
    for (const auto& [text, statement] : prepared_) sqlite3_finalize(statement);
    prepared_.clear();
    sqlite3_close(db_);
    db_ = nullptr;
  }

  sqlite3_stmt* prepare(std::string_view text) {
    if (const auto found = prepared_.find(text); found != prepared_.end()) return found->second;
    if (prepared_.size() >= kMaxPrepared) {
      sqlite3_finalize(prepared_.begin()->second);
      prepared_.erase(prepared_.begin());
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) raise(code, sqlite3_errmsg(db_));
    prepared_.emplace(text, statement);
    return statement;
  }

  // `$1` is a named parameter in SQLite, numbered by its first use: bound by name.
  static void bind(sqlite3_stmt* statement, const SqlParams& params) {
    for (std::size_t i = 0; i < params.size(); ++i) {
      const int index = sqlite3_bind_parameter_index(statement, ("$" + std::to_string(i + 1)).c_str());
      if (index == 0) continue;
      const SqlValue& value = params[i];
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        sqlite3_bind_int64(statement, index, *number);
      } else if (const auto* real = std::get_if<double>(&value)) {
        sqlite3_bind_double(statement, index, *real);
      } else if (const auto* text = std::get_if<std::string>(&value)) {
        sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      } else {
        sqlite3_bind_null(statement, index);
      }
    }
  }

  static SqlRow rowOf(sqlite3_stmt* statement) {
    std::vector<SqlValue> cells;
    const int count = sqlite3_column_count(statement);
    cells.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER:
          cells.emplace_back(static_cast<std::int64_t>(sqlite3_column_int64(statement, i)));
          break;
        case SQLITE_FLOAT:
          cells.emplace_back(sqlite3_column_double(statement, i));
          break;
        case SQLITE_NULL:
          cells.emplace_back();
          break;
        default: {
          const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
          cells.emplace_back(std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, i))));
        }
      }
    }
    return SqlRow(std::move(cells));
  }

  sqlite3* db_ = nullptr;
  std::map<std::string, sqlite3_stmt*, std::less<>> prepared_;
};

class SqliteDatabase : public SqlDatabase {
 public:
  explicit SqliteDatabase(SqliteOptions options) : options_(std::move(options)) {
    if (!options_.clock) options_.clock = std::make_shared<Clock>();
    writer_ = std::make_unique<Connection>(options_, true);
    if (options_.checkIntegrity) checkIntegrity();
    migrate();
  }

  SqlResult query(std::string_view text, const SqlParams& params = {}) override {
    std::unique_ptr<Connection> reader = takeReader();
    try {
      SqlResult result = reader->query(text, params);
      giveReader(std::move(reader));
      return result;
    } catch (...) {
      giveReader(std::move(reader));
      throw;
    }
  }

  void transaction(const std::function<void(SqlSession&)>& body) override {
    // A transaction within a transaction would wait for itself for ever.
    if (writerThread_ == std::this_thread::get_id())
      throw Error(Msg::internal, {"transactions of the store must not be nested"});
    const std::lock_guard lock(writing_);
    const ThreadMark mark(writerThread_);
    try {
      writer_->query("BEGIN IMMEDIATE");
      body(*writer_);
      failpoint("store.before_commit");
      writer_->query("COMMIT");
    } catch (...) {
      writer_->rollback();
      throw;
    }
  }

 private:
  void checkIntegrity() {
    const SqlResult result = writer_->query("PRAGMA quick_check(1)");
    const std::string verdict = result.rows.empty() ? "no answer" : result.rows[0].text(0);
    if (verdict != "ok") throw Error(Msg::storeDamaged, {options_.path + ": " + verdict}, Origin::store);
  }

  void migrate() {
    const auto newest = static_cast<std::int64_t>(migrations().size());
    writer_->query("BEGIN IMMEDIATE");
    try {
      std::int64_t version = writer_->query("PRAGMA user_version").rows.at(0).integer(0);
      if (version > newest) {
        throw Error(
            Msg::storeDamaged,
            {"it has schema version " + std::to_string(version) + ", this program knows " + std::to_string(newest)},
            Origin::store);
      }
      for (; version < newest; ++version) writer_->script(migrations()[static_cast<std::size_t>(version)]);
      writer_->query("PRAGMA user_version = " + std::to_string(newest));
      writer_->query("COMMIT");
    } catch (...) {
      writer_->rollback();
      throw;
    }
  }

  std::unique_ptr<Connection> takeReader() {
    std::unique_lock lock(readersMutex_);
    freed_.wait(lock, [&] { return !idle_.empty() || open_ < options_.readers; });
    if (!idle_.empty()) {
      std::unique_ptr<Connection> reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
    ++open_;
    lock.unlock();
    try {
      return std::make_unique<Connection>(options_, false);
    } catch (...) {
      giveReader(nullptr);
      throw;
    }
  }

  void giveReader(std::unique_ptr<Connection> reader) {
    const std::lock_guard lock(readersMutex_);
    if (reader) {
      idle_.push_back(std::move(reader));
    } else {
      --open_;
    }
    freed_.notify_one();
  }

  /// Names the thread that writes, for as long as it does.
  class ThreadMark {
   public:
    explicit ThreadMark(std::atomic<std::thread::id>& thread) : thread_(thread) {
      thread_ = std::this_thread::get_id();
    }
    ~ThreadMark() { thread_ = std::thread::id(); }
    ThreadMark(const ThreadMark&) = delete;
    ThreadMark& operator=(const ThreadMark&) = delete;

   private:
    std::atomic<std::thread::id>& thread_;
  };

  SqliteOptions options_;
  std::mutex writing_;
  std::atomic<std::thread::id> writerThread_;
  std::unique_ptr<Connection> writer_;
  std::mutex readersMutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t open_ = 0;
};

}  // namespace

std::unique_ptr<SqlDatabase> openSqlite(const SqliteOptions& options) {
  return std::make_unique<SqliteDatabase>(options);
}

}  // namespace drs
