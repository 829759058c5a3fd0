#pragma once

#include "job/task_body.h"
#include "pipeline/interfaces.h"

#include <optional>
#include <string>

namespace drs {

/// Carries what the target notes of the statements of the log over to the store, for the list of statements (see
/// ConflictCopy for why). A line of the job's log tells of each that was not simply carried over. One thread.
class StatementCopy {
 public:
  /// Statements of a job that the store keeps, the newest ones.
  static constexpr std::int64_t kMost = 10'000;

  StatementCopy(const TaskContext& context, Sink& sink) : context_(context), sink_(sink) {}

  /// Carries what is new or has changed. What fails is logged, and carried by the next call.
  void bring();

 private:
  void carry();

  const TaskContext& context_;
  Sink& sink_;
};

/// The document with what a person decided about the statement at which the task stands; empty: nothing.
inline constexpr const char* kDecisionDocument = "statementDecision";

// JSON. Decoding throws Error(storeDamaged).
[[nodiscard]] std::string encodeDecision(const StatementDecision& decision);
[[nodiscard]] std::optional<StatementDecision> decodeDecision(const std::optional<std::string>& document);

}  // namespace drs
