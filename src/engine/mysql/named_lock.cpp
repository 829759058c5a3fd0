#include "engine/mysql/named_lock.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace drs::mysql {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// The server is not asked to wait: an answer that takes longer than the network's time-out would be taken for a lost
/// one.
constexpr std::chrono::milliseconds kPoll = 50ms, kLookEvery = 1s;
/// Whoever holds such a lock has one statement after the other.
constexpr int kLostAfterSeconds = 10;
constexpr std::chrono::seconds kEndPatience{30};
constexpr std::chrono::milliseconds kEndPoll{20};
constexpr unsigned kUnknownThread = 1094;

/// Ends the session that holds the lock if it has been idle for long: its network was lost without a word, and the
/// server would keep it, and the lock, for a day. If it lives after all, its worker tries again.
void endLostHolder(Connection& connection, const std::string& name) {
  const auto thread = connection.value(
      fmt::format("SELECT ID FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK({}) AND COMMAND = 'Sleep' AND "
                  "TIME >= {}",
                  quoteText(name), kLostAfterSeconds));
  if (!thread) return;
  try {
    connection.execute("KILL CONNECTION " + *thread);
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost) throw;  // else it has ended, or belongs to another account
  }
}

}  // namespace

void endHolder(Connection& connection, const std::string& name) {
  const auto patience = steady_clock::now() + kEndPatience;
  const std::string holder = fmt::format("SELECT NULLIF(IS_USED_LOCK({}), CONNECTION_ID())", quoteText(name));
  while (const auto thread = connection.value(holder)) {
    try {
      connection.execute("KILL CONNECTION " + *thread);
    } catch (const Error&) {
      if (connection.lastErrno() != kUnknownThread) throw;
    }
    if (steady_clock::now() > patience)
      throw Error(connection.origin() == Origin::source ? Msg::sourceBusy : Msg::targetBusy,
                  {connection.peer(), fmt::format("session {} of an earlier worker does not end", *thread)},
                  connection.origin());
    std::this_thread::sleep_for(kEndPoll);
  }
}

void takeOver(Connection& connection, const std::string& name) {
  const std::string get = fmt::format("SELECT GET_LOCK({}, 0)", quoteText(name));
  while (connection.value(get) != "1") endHolder(connection, name);
}

NamedLock::NamedLock(Connection& connection, std::string_view name, int seconds)
    : connection_(connection), name_(name) {
  const std::string get = fmt::format("SELECT GET_LOCK({}, 0)", quoteText(name_));
  const auto deadline = steady_clock::now() + std::chrono::seconds(seconds);
  for (auto nextLook = steady_clock::now() + kLookEvery; connection_.value(get) != "1";) {
    std::this_thread::sleep_for(kPoll);
    if (steady_clock::now() > deadline)
      throw Error(Msg::targetBusy, {connection_.peer(), fmt::format("the named lock {} is held", name_)},
                  Origin::target);
    if (steady_clock::now() < nextLook) continue;
    endLostHolder(connection_, name_);
    nextLook = steady_clock::now() + kLookEvery;
  }
}

NamedLock::~NamedLock() {
  try {
    (void)connection_.value(fmt::format("SELECT RELEASE_LOCK({})", quoteText(name_)));
  } catch (const Error&) {  // the session is lost, and the lock with it
  }
}

}  // namespace drs::mysql
