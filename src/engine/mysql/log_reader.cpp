#include "engine/mysql/log_reader.h"

#include "base/task_group.h"
#include "engine/mysql/catalog.h"
#include "engine/mysql/log_assembler.h"
#include "engine/mysql/log_dump.h"
#include "engine/mysql/log_expiry.h"
#include "engine/mysql/log_prepared.h"
#include "engine/mysql/log_purge.h"
#include "engine/mysql/log_receiver.h"
#include "engine/mysql/log_source.h"
#include "transform/table_plan.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>

namespace drs::mysql {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int kMaxAttempts = 7;
constexpr auto kFirstReadPause = 250ms, kLongestReadPause = 10000ms;  // about 30 s in all
/// How long groups that change nothing of ours may pass before the pipeline hears of the place reached.
constexpr auto kSilentSpan = 500ms;
constexpr int kReconnectTimeoutSeconds = 5;

/// The dump that a stop must interrupt. Threads: set() from the reader's, interrupt() from any.
class Interruptible {
 public:
  void set(LogDump* dump) {
    const std::lock_guard lock(mutex_);
    dump_ = dump;
  }
  void interrupt() noexcept {
    const std::lock_guard lock(mutex_);
    if (dump_ != nullptr) dump_->interrupt();
  }

 private:
  std::mutex mutex_;
  LogDump* dump_ = nullptr;
};

LogScope makeScope(const EngineJob& job, const Plans& plans, std::string target) {
  std::set<std::string> databases;
  for (const TablePlan& plan : plans) databases.insert(plan.source->name.database);
  const auto selected = selectedDatabases(job.spec);
  if (selected) databases.insert(selected->begin(), selected->end());
  LogScope scope;
  scope.plans = &plans;
  scope.followsGhosts = job.spec.baseInfo.taskType.value_or("") != "FULL_TRANS";
  scope.target = std::move(target);
  scope.covers = [&job](const TableName& name) {
    return !isSystemDatabase(name.database) && isSelected(job.spec, name);
  };
  scope.coversDatabase = [databases = std::move(databases), all = !selected](const std::string& name) {
    return all ? !name.empty() && !isSystemDatabase(name) : databases.contains(name);
  };
  return scope;
}

GroupLimits limitsOf(const EngineJob& job) {
  return {job.limits.transactionMemoryBytes, job.limits.maxTransactionBytes, job.limits.spillFolder};
}

class MysqlLogReader final : public LogReader {
 public:
  MysqlLogReader(const EngineJob& job, const LogPosition& from, const Plans& plans, std::string target,
                 Heartbeat* heartbeat)
      : heartbeat_(heartbeat),
        log_(job.log.with("log reader")),
        options_(connectOptions(job, Side::source)),
        source_(options_, job.note, log_),
        expiry_([this](const std::string& line) { source_.say(true, line); }),
        scope_(makeScope(job, plans, std::move(target))),
        assembler_(scope_, from, limitsOf(job)),
        identity_(DumpIdentity::random(readerName(job.id))) {
    for (const auto& [xid, place] : assembler_.missing()) {
      log_.info("reads the prepared XA transaction {} again at {}", xid, place);
      assembler_.hold(xid, readPrepared(options_, scope_, from, xid, place, limitsOf(job)));
    }
    connect();
    source_.limitConnectTime(kReconnectTimeoutSeconds);
  }

  std::optional<Transaction> next(const std::stop_token& stop) override {
    const std::stop_callback interrupt(stop, [this] { interruptible_.interrupt(); });
    const auto begin = steady_clock::now();
    while (!stop.stop_requested()) {
      try {
        if (dump_ && source_.shouldLeave(assembler_.position())) disconnect();
        if (!dump_) connect();
        if (expiry_.isDue(caughtUpAt_)) expiry_.look(source_.inUse(), assembler_.position(), caughtUpAt_);
        auto transaction = assembler_.feed(receiver_->read());
        if (transaction) {
          attempts_ = 0;
          caughtUpAt_ = std::max(caughtUpAt_, transaction->commitMillis);
          (void)assembler_.takeEmpty();
          return transaction;
        }
        if (assembler_.atHeartbeat() && assembler_.contains(dump_->executedAtStart())) {
          attempts_ = 0;
          caughtUpAt_ = clock_.now();
          (void)assembler_.takeEmpty();
          return std::nullopt;
        }
        if (assembler_.hasEmpty() && steady_clock::now() - begin >= kSilentSpan) {
          if (auto empty = assembler_.takeEmpty()) {
            attempts_ = 0;
            caughtUpAt_ = std::max(caughtUpAt_, empty->commitMillis);
            return empty;
          }
        }
      } catch (const Error& error) {
        if (stop.stop_requested()) break;
        // A server that is behind may catch up. (What a restart has made of its log shows when it is asked again.)
        if (error.msg() != Msg::connectionLost && error.msg() != Msg::cannotConnect && error.msg() != Msg::sourceBehind)
          throw;
        pauseAfter(error, stop);
      }
    }
    disconnect();
    return std::nullopt;
  }

  [[nodiscard]] Position position() const override { return toPosition(assembler_.position()); }
  [[nodiscard]] UnixMillis caughtUpAt() const override { return caughtUpAt_; }

 private:
  void connect() {
    dump_ = source_.start(assembler_.position(), identity_);
    interruptible_.set(dump_.get());
    receiver_ = std::make_unique<LogReceiver>([dump = dump_.get()] { return dump->read(); },
                                              [dump = dump_.get()] { dump->interrupt(); });
    assembler_.restart(dump_->foldsNames());
    assembler_.setServer(dump_->server());
    assembler_.setSystemTimeZone(dump_->systemTimeZone());
    if (heartbeat_ != nullptr && assembler_.position().mariadb) heartbeat_->follow(source_.inUse());
    (void)assembler_.feed(receiver_->read());  // ROTATE names the file; a place that is gone is refused here
    log_.info("reads the log of {} from {}", dump_->peer(), position().text);
  }

  void disconnect() {
    interruptible_.set(nullptr);
    receiver_.reset();
    dump_.reset();
  }

  void pauseAfter(const Error& error, const std::stop_token& stop) {
    disconnect();
    if (++attempts_ > kMaxAttempts) {
      if (error.msg() == Msg::sourceBehind) throw Error(error);
      throw Error(Msg::connectionLost, error.args(), error.origin(), error.detail());
    }
    const auto pause = std::min<std::chrono::milliseconds>(kFirstReadPause * (1 << attempts_) / 2, kLongestReadPause);
    log_.warn("{}; tries again in {} ms", error.text(), pause.count());
    sleepFor(pause, stop);
  }

  Heartbeat* const heartbeat_;
  Log log_;
  Clock clock_;
  const ConnectOptions options_;
  LogSource source_;
  LogExpiry expiry_;
  LogScope scope_;
  LogAssembler assembler_;
  const DumpIdentity identity_;
  std::unique_ptr<LogDump> dump_;
  std::unique_ptr<LogReceiver> receiver_;
  Interruptible interruptible_;
  UnixMillis caughtUpAt_ = 0;
  int attempts_ = 0;
};

}  // namespace

std::unique_ptr<LogReader> openLogReader(const EngineJob& job, const Position& from, const Plans& plans,
                                         std::string target, Heartbeat* heartbeat) {
  return std::make_unique<MysqlLogReader>(job, fromPosition(from), plans, std::move(target), heartbeat);
}

}  // namespace drs::mysql
