#include "engine/mysql/compare_sessions.h"

namespace drs::mysql {

void CompareSessions::connect() {
  if (source_ && target_ && lookup_) return;
  close();
  const auto open = [this](Side side) {
    ConnectOptions options = connectOptions(job_, side);
    options.maxRowBytes = job_.limits.largeRows && !takesAny_ ? LargeRows::kLarge : 0;
    return Connection::open(options);
  };
  auto source = open(Side::source);
  auto target = open(Side::target);
  auto lookup = open(Side::target);
  const std::lock_guard lock(mutex_);
  source_ = std::move(source);
  target_ = std::move(target);
  lookup_ = std::move(lookup);
}

void CompareSessions::withAnyRows(const std::function<void()>& body, const std::function<void()>& undo,
                                  const std::stop_token& stop) {
  try {
    body();
    return;
  } catch (const LargeRowMet&) {
    if (takesAny_ || !job_.limits.largeRows) throw;
  }
  close();
  const auto permit = job_.limits.largeRows->mayRead(stop, LargeRows::kForEver);  // nothing is held meanwhile
  if (!permit) throw Error(Msg::connectionLost, {"the source", "the comparison was stopped"}, Origin::source);
  undo();
  takesAny_ = true;
  try {
    connect();
    if (stop.stop_requested()) shutdown();  // who was told to do so may have found the old ones
    body();
  } catch (...) {
    takesAny_ = false;
    close();
    throw;
  }
  takesAny_ = false;
  close();  // before the next one may
  connect();
  if (stop.stop_requested()) shutdown();
}

void CompareSessions::close() {
  const std::lock_guard lock(mutex_);
  source_.reset();
  target_.reset();
  lookup_.reset();
}

void CompareSessions::shutdown() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& session : {source_.get(), target_.get(), lookup_.get()})
    if (session != nullptr) session->shutdown();
}

}  // namespace drs::mysql
