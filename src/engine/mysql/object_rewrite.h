#pragma once

#include "transform/object_plan.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// The setting mysql.definer: what becomes of the DEFINER of views, routines, triggers and events.
struct DefinerRule {
  enum class Mode : std::uint8_t { keep, strip, replace } mode = Mode::keep;
  std::string user, host;  ///< replace
};

/// "keep", "strip" or "'user'@'host'" (quoted with ', " or `, each part). Nothing if it is none of them.
[[nodiscard]] std::optional<DefinerRule> parseDefiner(std::string_view text);

/// What the job calls otherwise at the target.
struct NameChanges {
  std::map<std::string, std::string> databases;  ///< source → target, those that differ
  std::set<TableName> tables;                    ///< source names of tables that get another name in their database
  [[nodiscard]] bool empty() const { return databases.empty() && tables.empty(); }
};

/// A definition as SHOW CREATE gives it.
struct ObjectText {
  ObjectKind kind = ObjectKind::view;
  std::string statement;  ///< bytes in `charset`
  std::string sqlMode;    ///< as the server writes it ("ANSI_QUOTES,…"); decides what quotes mean
  std::string charset;    ///< character_set_client
};

struct Account {
  std::string user, host;  ///< a role has no host
};

struct RewrittenObject {
  std::string statement;
  std::optional<Account> definer;     ///< of the new statement; nothing: whoever creates it
  std::string problem;                ///< why it cannot be rewritten with certainty; empty = it can
  std::vector<TableName> references;  ///< what stands as `database`.`name` in it, with the source's names
};

/// Puts the target's database names, and the DEFINER that the rule asks for, into a definition. Works on tokens: texts
/// and comments keep every byte. A database is only recognised as the first part of a qualified name, and where a
/// statement names a database by itself (ALTER DATABASE a, SHOW TABLES FROM a); where the first part may mean something
/// else (an alias of the same name), where a renamed table is mentioned, or where statements are made at
/// run time, there is a problem instead. FOLLOWS and PRECEDES of a trigger are left out: triggers are created in their
/// order.
[[nodiscard]] RewrittenObject rewriteObject(const ObjectText& object, const NameChanges& changes,
                                            const DefinerRule& definer);

}  // namespace drs::mysql
