#include "engine/mysql/appliers.h"

#include "engine/mysql/applier.h"
#include "engine/mysql/two_way.h"

#include <algorithm>
#include <vector>

namespace drs::mysql {
namespace {

class MySqlAppliers final : public Appliers {
 public:
  MySqlAppliers(const EngineJob& job, SinkSession& session, std::uint64_t furthest, const Plans& plans,
                const DatabaseCollations& collations)
      : control_(job.id), statements_(job, plans, collations), world_(plans, control_, statements_, sourceOrigin(job)) {
    noteStatements(job, session.fenced());
    world_.base = world_.durable = furthest;
    const auto count = static_cast<std::size_t>(std::max(1, std::min(job.limits.maxAppliers, job.limits.maxSessions)));
    const Fence fence = session.fenceNumbers();
    const std::vector<std::uint64_t> sequences = control_.openMarks(session.fenced(), fence, count);
    for (std::size_t number = 0; number < count; ++number) {
      if (number > 0) {
        sessions_.push_back(std::make_unique<SinkSession>(connectOptions(job, Side::target), control_));
        sessions_.back()->adopt(fence);
      }
      SinkSession& its = number == 0 ? session : *sessions_.back();
      appliers_.push_back(std::make_unique<Applier>(its, world_, number, sequences[number], job.log));
    }
  }

  std::size_t count() const override { return appliers_.size(); }

  void addKeys(const Transaction& transaction, ConflictKeys& keys) override {
    if (transaction.stored) return keys.touchAll();
    for (const ChangeEvent& event : transaction.changes) {
      const auto* change = std::get_if<RowsChange>(&event);
      // The first change of a table runs alone: it is then that its definition is read.
      const TargetTable* table = change == nullptr ? nullptr : world_.tables.find(change->plan);
      if (table == nullptr) return keys.touchAll();
      const std::size_t step = change->op == RowOp::update ? 2 : 1;
      for (std::size_t row = 0; row + step <= change->rows.rows(); row += step) {
        const bool isTold = step == 2 ? table->conflicts.appendUpdate(change->rows, row, keys.list())
                                      : table->conflicts.append(change->rows, row, keys.list());
        if (!isTold) return keys.touchAll();
        if (keys.list().size() > ConflictKeys::kMost) return keys.touchAll();
      }
    }
  }

  ApplyStats apply(std::size_t applier, const ApplyBatch& batch, Turn& turn, const std::stop_token& stop) override {
    return appliers_.at(applier)->apply(batch, turn, stop);
  }

 private:
  const ControlTables control_;
  StatementRunner statements_;
  ApplierWorld world_;
  std::vector<std::unique_ptr<SinkSession>> sessions_;  ///< of all but the first
  std::vector<std::unique_ptr<Applier>> appliers_;
};

}  // namespace

std::unique_ptr<Appliers> makeAppliers(const EngineJob& job, SinkSession& session, std::uint64_t furthest,
                                       const Plans& plans, const DatabaseCollations& collations) {
  return std::make_unique<MySqlAppliers>(job, session, furthest, plans, collations);
}

}  // namespace drs::mysql
