#pragma once

#include "engine/mysql/account_text.h"
#include "engine/mysql/connection.h"
#include "model/job_spec.h"

#include <optional>
#include <string>
#include <vector>

namespace drs::mysql {

/// Where rights hold at the target. With partial_revokes ON a server takes the database of a grant for a name, else for
/// a pattern. One thread.
class GrantScopes {
 public:
  /// `databases`: those of the source that the selection touches. `spec` outlives this.
  GrantScopes(const JobSpec& spec, std::vector<std::string> databases, Connection& source, Connection& target);
  /// As above, for tests.
  GrantScopes(const JobSpec& spec, std::vector<std::string> databases, bool sourceTakesNames, bool targetTakesNames)
      : spec_(spec),
        databases_(std::move(databases)),
        sourceTakesNames_(sourceTakesNames),
        targetTakesNames_(targetTakesNames) {}

  /// "*.*", "`db`.*" and so on with the target's names; nothing if it is outside of the selection.
  [[nodiscard]] std::optional<std::string> atTarget(const GrantLine& line) const;
  /// True if the line's database stands for several, which the target cannot express.
  [[nodiscard]] bool losesPattern(const GrantLine& line) const;
  /// True if the target can revoke rights on a database from an account that has them on everything.
  [[nodiscard]] bool takesRevokes() const { return targetTakesNames_; }

 private:
  [[nodiscard]] std::optional<std::string> nameOf(const GrantLine& line) const;
  [[nodiscard]] bool isChosen(const std::string& database) const;
  [[nodiscard]] std::string targetOf(const std::string& database) const;
  [[nodiscard]] std::optional<std::string> objectAtTarget(const GrantLine& line) const;

  const JobSpec& spec_;
  std::vector<std::string> databases_;
  bool sourceTakesNames_ = false, targetTakesNames_ = false;
};

}  // namespace drs::mysql
