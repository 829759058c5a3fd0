#pragma once

#include "engine/mysql/object_rewrite.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What SHOW CREATE USER and SHOW GRANTS say, taken apart. The sessions of drsd have neither ANSI_QUOTES nor
// NO_BACKSLASH_ESCAPES. Pure functions; nothing throws.

namespace drs::mysql {

/// "`user`@`host`"; a role without a host: "`role`".
[[nodiscard]] std::string quoteAccount(const Account& account);
/// "'user'@'host'" or "'role'", for messages and as the name of an ObjectPlan; parseAccount() reads it back.
[[nodiscard]] std::string accountText(const Account& account);
/// An account as users write it: parts in ', " or `, or bare. Without a host: `defaultHost`.
[[nodiscard]] std::optional<Account> parseAccount(std::string_view text, const std::string& defaultHost);
/// A text literal for any bytes that are valid in the session's character set.
[[nodiscard]] std::string literal(std::string_view bytes);

/// One way to log in.
struct Credential {
  std::string plugin, secret;  ///< secret: the hashed string, bytes
};

/// One statement of SHOW CREATE USER.
struct CreateUser {
  Account account;
  std::vector<Credential> credentials;  ///< none: no password
  bool factors = false;                 ///< all credentials are asked for (MySQL); else any of them (MariaDB)
  std::vector<Account> defaultRoles;
  std::vector<std::string> clauses;  ///< "REQUIRE SSL", "ACCOUNT LOCK", …, without those that only say the default
  std::string problem;               ///< what could not be understood; empty = nothing
};
[[nodiscard]] CreateUser parseCreateUser(std::string_view statement);

/// One line of SHOW GRANTS.
struct GrantLine {
  enum class Kind { privileges, revoke, roles, proxy, defaultRole, unknown } kind = Kind::unknown;
  struct Privilege {
    std::string name;                  ///< upper case
    std::vector<std::string> columns;  ///< none: of the whole object
  };
  std::vector<Privilege> privileges;
  std::string objectType;               ///< "", "PROCEDURE", "FUNCTION", …
  std::optional<std::string> database;  ///< a pattern if there is no object; nothing: everything
  std::optional<std::string> object;
  std::vector<Account> roles;  ///< roles, defaultRole; proxy: the account that may be taken
  Account grantee;
  bool passOn = false;  ///< WITH GRANT OPTION, WITH ADMIN OPTION
};
[[nodiscard]] GrantLine parseGrant(std::string_view line);

/// A database pattern of a grant that names just one database (`shop\_x`, `shop`): that name. Nothing if `_` or `%`
/// stand for others. An unescaped `_` counts as itself if `known` says that a database has exactly this name.
[[nodiscard]] std::optional<std::string> databaseOf(std::string_view pattern, const std::vector<std::string>& known);
/// The name as a pattern that matches nothing else.
[[nodiscard]] std::string patternOf(std::string_view database);

}  // namespace drs::mysql
