#include "engine/mysql/named_lock.h"

#include <fmt/format.h>

namespace drs::mysql {

NamedLock::NamedLock(Connection& connection, std::string_view name, int seconds)
    : connection_(connection), name_(name) {
  const auto got = connection_.value(fmt::format("SELECT GET_LOCK({}, {})", quoteText(name_), seconds));
  if (got != "1")
    throw Error(Msg::targetBusy, {connection_.peer(), fmt::format("the named lock {} is held", name_)}, Origin::target);
}

NamedLock::~NamedLock() {
  try {
    (void)connection_.value(fmt::format("SELECT RELEASE_LOCK({})", quoteText(name_)));
  } catch (const Error&) {  // the session is lost, and the lock with it
  }
}

}  // namespace drs::mysql
