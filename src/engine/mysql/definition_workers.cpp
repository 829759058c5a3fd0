#include "engine/mysql/definition_workers.h"

#include "base/task_group.h"

#include <algorithm>
#include <atomic>

namespace drs::mysql {

DefinitionWorkers::DefinitionWorkers(const ConnectOptions& options, const ControlTables& control, int most) {
  for (int i = 0; i < std::max(most, 1); ++i) sessions_.push_back(std::make_unique<SinkSession>(options, control));
}

void DefinitionWorkers::adopt(const Fence& fence) {
  for (const auto& session : sessions_) session->adopt(fence);
}

void DefinitionWorkers::each(std::size_t count, std::size_t perSession,
                             const std::function<void(Connection& connection, std::size_t number)>& body) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](SinkSession& session, const std::stop_token& stop) {
    Connection& connection = session.fenced();
    connection.execute("SET foreign_key_checks = 0");
    for (std::size_t i = next++; i < count && !stop.stop_requested(); i = next++) body(connection, i);
    connection.execute("SET foreign_key_checks = 1");
  };
  const std::size_t wanted =
      std::min(sessions_.size(), std::max<std::size_t>(1, count / std::max<std::size_t>(1, perSession)));
  try {
    TaskGroup group;
    for (std::size_t i = 1; i < wanted; ++i)
      group.start("definitions", [&, i](const std::stop_token& stop) { work(*sessions_[i], stop); });
    work(first(), group.token());
    group.wait();
    // What follows may take days.
    for (std::size_t i = 1; i < sessions_.size(); ++i) sessions_[i]->drop();
  } catch (...) {
    drop();  // with the state that the error left them in
    throw;
  }
}

void DefinitionWorkers::drop() noexcept {
  for (const auto& session : sessions_) session->drop();
}

}  // namespace drs::mysql
