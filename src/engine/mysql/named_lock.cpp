#include "engine/mysql/named_lock.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

constexpr int kStepSeconds = 5;
/// Whoever holds such a lock has one statement after the other.
constexpr int kLostAfterSeconds = 10;

/// Ends the session that holds the lock if it has been idle for long: its network was lost without a word, and the
/// server would keep it, and the lock, for a day. If it lives after all, its worker tries again. True if it was ended.
bool endLostHolder(Connection& connection, const std::string& name) {
  const auto thread = connection.value(
      fmt::format("SELECT ID FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK({}) AND COMMAND = 'Sleep' AND "
                  "TIME >= {}",
                  quoteText(name), kLostAfterSeconds));
  if (!thread) return false;
  try {
    connection.execute("KILL CONNECTION " + *thread);
    return true;
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost) throw;
    return false;  // it has ended, or belongs to another account
  }
}

}  // namespace

NamedLock::NamedLock(Connection& connection, std::string_view name, int seconds)
    : connection_(connection), name_(name) {
  const int step = std::min(kStepSeconds, seconds);
  const std::string get = fmt::format("SELECT GET_LOCK({}, {})", quoteText(name_), step);
  for (int waited = step; connection_.value(get) != "1"; waited += step) {
    const bool ended = endLostHolder(connection_, name_);
    if (waited >= seconds && !ended)
      throw Error(Msg::targetBusy, {connection_.peer(), fmt::format("the named lock {} is held", name_)},
                  Origin::target);
  }
}

NamedLock::~NamedLock() {
  try {
    (void)connection_.value(fmt::format("SELECT RELEASE_LOCK({})", quoteText(name_)));
  } catch (const Error&) {  // the session is lost, and the lock with it
  }
}

}  // namespace drs::mysql
