#pragma once

#include "engine/mysql/grants.h"
#include "engine/mysql/object_reader.h"

#include <map>
#include <optional>
#include <string>

namespace drs::mysql {

/// What the target lets its account do with objects and their definers; each question is asked once. Throws what
/// Connection throws. One thread.
class ObjectRights {
 public:
  ObjectRights(Connection& target, const DefinerRule& rule);
  /// Why the account may not create the object in the target's database; empty = it may.
  [[nodiscard]] std::string problem(const SourceObject& object, const std::string& database) const;
  /// Why it may not create it for this definer (nothing: itself), or the target does not have him; empty = it may. An
  /// account that may not read mysql.user does not learn of a missing one before the object is used.
  [[nodiscard]] std::string definerProblem(const std::optional<Account>& definer);

  /// The job creates this account before it creates objects.
  void expect(const Account& account);

 private:
  [[nodiscard]] bool exists(const Account& account);

  Connection& target_;
  Grants grants_;
  bool keeps_, setsDefiner_ = false, logsUnsafe_ = false;
  std::string self_;
  std::map<std::string, bool> accounts_;
};

}  // namespace drs::mysql
