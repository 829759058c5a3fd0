#pragma once

#include "engine/mysql/sink_session.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace drs::mysql {

/// Sessions on the target that make definitions side by side (tables, indexes), each registered under the job's fence
/// so that a successor can end it. The first one stays open; the others open while there is enough to do. One
/// thread calls.
class DefinitionWorkers {
 public:
  /// `most`: sessions at the same time; one if it is less.
  DefinitionWorkers(const ConnectOptions& options, const ControlTables& control, int most);

  /// Works under the fence that another session took.
  void adopt(const Fence& fence);
  [[nodiscard]] SinkSession& first() { return *sessions_.front(); }

  /// Calls `body` for 0 … count − 1, each once, on as many sessions as there is work for (`perSession` calls are worth
  /// one more). The first error stops the others after their call at hand and is thrown; all sessions are closed then.
  void each(std::size_t count, std::size_t perSession,
            const std::function<void(Connection& connection, std::size_t number)>& body);

 private:
  void drop() noexcept;
  std::vector<std::unique_ptr<SinkSession>> sessions_;
};

}  // namespace drs::mysql
