#include "engine/mysql/log_grammar.h"

#include "wire/mysql/wire_error.h"

namespace drs::mysql {
namespace {

[[noreturn]] void outOfOrder(const char* what) {
  throwCorrupt(std::string(what) + " came where no such event can be; does the position lie inside of a transaction?");
}

/// group := [GTID] ( statement
///                 | BEGIN { rows | statement } ( commit | rollback )
///                 | XA START { rows | statement } ( XA_PREPARE | commit ) )
/// A statement after GTID is a definition and commits by itself. Inside of BEGIN it may be SAVEPOINT, or CREATE TABLE …
/// START TRANSACTION, whose rows follow. XA END, XA COMMIT and XA ROLLBACK are statements here; XA_PREPARE of a commit
/// in one phase is a commit.
class MysqlGrammar final : public LogGrammar {
 public:
  GroupStep next(LogSymbol symbol) override {
    switch (state_) {
      case State::idle:
        return whileIdle(symbol);
      case State::announced:
        return whileAnnounced(symbol);
      case State::transaction:
        return whileOpen(symbol);
      case State::xa:
        return whileXa(symbol);
    }
    return GroupStep::inside;
  }
  [[nodiscard]] bool open() const override { return state_ != State::idle; }
  void reset() override { state_ = State::idle; }

 private:
  enum class State : std::uint8_t { idle, announced, transaction, xa };

  GroupStep move(State to, GroupStep step) {
    state_ = to;
    return step;
  }

  GroupStep whileIdle(LogSymbol symbol) {
    switch (symbol) {
      case LogSymbol::gtid:
        return move(State::announced, GroupStep::opens);
      case LogSymbol::begin:
        return move(State::transaction, GroupStep::opens);
      case LogSymbol::xaStart:
        return move(State::xa, GroupStep::opens);
      case LogSymbol::statement:
        return GroupStep::alone;
      case LogSymbol::rows:
        outOfOrder("rows");
      default:
        outOfOrder("the end of a transaction");
    }
  }

  GroupStep whileAnnounced(LogSymbol symbol) {
    switch (symbol) {
      case LogSymbol::begin:
        return move(State::transaction, GroupStep::inside);
      case LogSymbol::xaStart:
        return move(State::xa, GroupStep::inside);
      case LogSymbol::statement:
      case LogSymbol::commit:
        return move(State::idle, GroupStep::commits);
      case LogSymbol::rollback:
        return move(State::idle, GroupStep::rollsBack);
      case LogSymbol::rows:
        outOfOrder("rows");
      default:
        outOfOrder("a second GTID");
    }
  }

  GroupStep whileOpen(LogSymbol symbol) {
    switch (symbol) {
      case LogSymbol::rows:
      case LogSymbol::statement:
        return GroupStep::inside;
      case LogSymbol::commit:
        return move(State::idle, GroupStep::commits);
      case LogSymbol::rollback:
        return move(State::idle, GroupStep::rollsBack);
      default:
        outOfOrder("the start of a transaction");
    }
  }

  GroupStep whileXa(LogSymbol symbol) {
    switch (symbol) {
      case LogSymbol::rows:
      case LogSymbol::statement:
        return GroupStep::inside;
      case LogSymbol::xaPrepare:
        return move(State::idle, GroupStep::prepares);
      case LogSymbol::commit:
        return move(State::idle, GroupStep::commits);
      case LogSymbol::rollback:
        return move(State::idle, GroupStep::rollsBack);
      default:
        outOfOrder("an event that is none of an XA transaction");
    }
  }

  State state_ = State::idle;
};

/// group := standalone GTID statement
///        | GTID { rows | statement } ( commit | rollback | XA_PREPARE )
/// There is no BEGIN. XA START and XA END are statements inside of the group; XA COMMIT and XA ROLLBACK come alone.
class MariadbGrammar final : public LogGrammar {
 public:
  GroupStep next(LogSymbol symbol) override {
    if (symbol == LogSymbol::gtid || symbol == LogSymbol::standaloneGtid) {
      if (state_ != State::idle) outOfOrder("a second GTID");
      state_ = symbol == LogSymbol::gtid ? State::transaction : State::standalone;
      return GroupStep::opens;
    }
    if (state_ == State::idle) outOfOrder("an event without its GTID");
    switch (symbol) {
      case LogSymbol::begin:
      case LogSymbol::xaStart:
      case LogSymbol::rows:
        return GroupStep::inside;
      case LogSymbol::statement:
        return state_ == State::standalone ? end(GroupStep::commits) : GroupStep::inside;
      case LogSymbol::commit:
        return end(GroupStep::commits);
      case LogSymbol::rollback:
        return end(GroupStep::rollsBack);
      case LogSymbol::xaPrepare:
        return end(GroupStep::prepares);
      default:
        outOfOrder("an event");
    }
  }
  [[nodiscard]] bool open() const override { return state_ != State::idle; }
  void reset() override { state_ = State::idle; }

 private:
  enum class State : std::uint8_t { idle, standalone, transaction };

  GroupStep end(GroupStep step) {
    state_ = State::idle;
    return step;
  }

  State state_ = State::idle;
};

}  // namespace

std::unique_ptr<LogGrammar> LogGrammar::make(bool mariadb) {
  if (mariadb) return std::make_unique<MariadbGrammar>();
  return std::make_unique<MysqlGrammar>();
}

}  // namespace drs::mysql
