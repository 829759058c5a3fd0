#pragma once

#include "engine/mysql/connection.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// What an account may do, as SHOW GRANTS tells it; rights on single tables, columns and routines are left out, and so
/// are partial revokes: what counts in the end is what the server allows.
class Grants {
 public:
  /// Of the connection's account with its active roles. Throws what Connection throws.
  [[nodiscard]] static Grants read(Connection& connection);
  /// Adds one line of SHOW GRANTS; a line of another kind changes nothing.
  void addLine(std::string_view line);

  /// True if the right (upper case, e.g. "LOCK TABLES") is held on everything.
  [[nodiscard]] bool onServer(std::string_view right) const;
  /// True if it is held on all of the database.
  [[nodiscard]] bool onDatabase(std::string_view right, std::string_view database) const;

 private:
  struct Scope {
    std::string pattern;  ///< of the database's name: `_` and `%` match as in LIKE, `\` takes their meaning
    std::set<std::string, std::less<>> rights;
  };
  std::set<std::string, std::less<>> global_;
  std::vector<Scope> databases_;
};

/// True if `name` matches a LIKE pattern with the escape character `\`.
[[nodiscard]] bool likeMatches(std::string_view pattern, std::string_view name);

}  // namespace drs::mysql
