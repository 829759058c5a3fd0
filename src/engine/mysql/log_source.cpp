#include "engine/mysql/log_source.h"

#include "engine/mysql/log_continuity.h"
#include "engine/mysql/server_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace drs::mysql {
namespace {

constexpr int kLookSeconds = 2;  // a look must not keep the lane waiting for long

/// Why each address was not taken, and the one error that stands for all.
class Reasons {
 public:
  void add(const Error& error) {
    text_ += (text_.empty() ? "" : "; ") + error.text();
    if (!first_) first_ = error;
    // What may pass decides: the one that is wanted may be it. Else the reason that says most.
    if (error.action() == Action::retry && (!chosen_ || chosen_->msg() != Msg::sourceBehind)) chosen_ = error;
  }
  [[noreturn]] void raise() const {
    const Error& error = chosen_ ? *chosen_ : *first_;
    if (error.msg() == Msg::sourceBehind)
      throw Error(error.msg(), {error.args().at(0), error.args().at(1) + " (all addresses: " + text_ + ")"},
                  error.origin());
    if (error.action() == Action::retry)
      throw Error(Msg::cannotConnect, {"any server of the source", text_}, Origin::source);
    throw Error(error.msg(), error.args(), error.origin(), text_);  // the same, or worse, at each
  }

 private:
  std::string text_;
  std::optional<Error> first_, chosen_;
};

}  // namespace

ConnectOptions LogSource::only(std::size_t address) const {
  ConnectOptions options = options_;
  options.addresses = {options_.addresses[address]};
  return options;
}

void LogSource::say(bool warning, const std::string& line) const {
  warning ? log_.warn("{}", line) : log_.info("{}", line);
  if (note_) note_(warning, line);
}

void LogSource::use(std::size_t address, const LogDump& dump) {
  const std::string line =
      fmt::format("The log is read from the {} (server {}){}", dump.peer(), dump.server(),
                  dump.writable() ? ""
                                  : ", which is read-only: no server of the source's list that can be written to "
                                    "has all that was read before");
  if (!server_.empty() && server_ != dump.server())
    say(true, fmt::format("{}, no longer from the server {}", line, server_));
  else if (server_.empty() && options_.addresses.size() > 1)
    say(false, line);
  else
    log_.info("{}", line);
  current_ = address;
  server_ = dump.server();
  saidReadOnly_ = !dump.writable();
  lostAt_.reset();
  watch_.reset();
  nextLook_ = Clock::now() + kLookEvery;
}

std::unique_ptr<LogDump> LogSource::start(const LogPosition& from, const DumpIdentity& identity) {
  auto dump = startAmong(from);
  dump->begin(identity);
  return dump;
}

std::unique_ptr<LogDump> LogSource::startAmong(const LogPosition& from) {
  const std::size_t count = options_.addresses.size();
  if (count <= 1) {
    auto dump = LogDump::open(options_, from);
    use(0, *dump);
    return dump;
  }
  if (!lostAt_) lostAt_ = Clock::now();
  const bool takesReadOnly = !current_ || Clock::now() - *lostAt_ >= kPatience;
  std::unique_ptr<LogDump> readOnly;
  std::size_t readOnlyAddress = 0;
  Reasons reasons;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t address = (current_.value_or(0) + i) % count;
    try {
      auto dump = LogDump::open(only(address), from);
      if (dump->writable()) {
        use(address, *dump);
        return dump;
      }
      if (!readOnly) {
        readOnlyAddress = address;
        readOnly = std::move(dump);
      }
    } catch (const Error& error) {
      reasons.add(error);
      if (error.msg() == Msg::accessDenied) break;  // the same at each; asking on would lock accounts
    }
  }
  if (!readOnly) reasons.raise();
  if (!takesReadOnly) {
    reasons.add(
        Error(Msg::cannotConnect, {readOnly->peer(), "it is read-only, and may not be the primary"}, Origin::source));
    reasons.raise();
  }
  use(readOnlyAddress, *readOnly);
  return readOnly;
}

bool LogSource::isReadOnly() {
  try {
    if (!watch_) {
      ConnectOptions options = only(*current_);
      options.connectTimeoutSeconds = options.readTimeoutSeconds = kLookSeconds;
      watch_ = Connection::open(options);
    }
    return !isWritable(*watch_);
  } catch (const Error&) {
    watch_.reset();  // if the server is gone, so is the dump
    return false;
  }
}

bool LogSource::shouldLeave(const LogPosition& at) {
  if (options_.addresses.size() <= 1 || !current_ || Clock::now() < nextLook_) return false;
  nextLook_ = Clock::now() + kLookEvery;
  if (!isReadOnly()) {
    saidReadOnly_ = false;
    return false;
  }
  std::string reasons;
  for (std::size_t address = 0; address < options_.addresses.size(); ++address) {
    if (address == *current_) continue;
    try {
      ConnectOptions options = only(address);
      options.connectTimeoutSeconds = options.readTimeoutSeconds = kLookSeconds;
      const auto other = Connection::open(options);
      if (!isWritable(*other)) continue;
      if (other->server().mariadb == at.mariadb) requireContinuity(*other, at);
      log_.info("the server in use is read-only, {} is not: the lane goes on there", other->peer());
      return true;
    } catch (const Error& error) {
      reasons += "; " + error.text();
    }
  }
  nextLook_ = Clock::now() + kLookEvery;
  if (!std::exchange(saidReadOnly_, true))
    say(true,
        "The server whose log is read has become read-only, and no other one of the source's list can be written "
        "to and has all that was read" +
            reasons);
  return false;
}

}  // namespace drs::mysql
