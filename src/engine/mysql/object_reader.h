#pragma once

#include "engine/mysql/connection.h"
#include "engine/mysql/object_rewrite.h"

#include <string>
#include <vector>

namespace drs::mysql {

/// A view, routine, trigger or event as it stands at the source.
struct SourceObject {
  TableName name;
  ObjectText text;
  std::string collation;          ///< collation_connection
  std::string timeZone;           ///< of an event
  std::string databaseCollation;  ///< default of its database when it was created (views: now)
  bool deterministic = true;      ///< of a function: DETERMINISTIC, NO SQL or READS SQL DATA is declared
  std::string problem;            ///< why it cannot be read; empty = it can
};

struct SourceObjects {
  std::vector<SourceObject> objects;  ///< by kind; triggers of one table and moment in the order in which they fire
  std::vector<std::string> others;    ///< kinds that are not copied ("sequence shop.s"): sequences, packages, …
  std::vector<std::string> hidden;    ///< what the account may not see at all, with the right that it lacks
};

/// "VIEW" and so on, as statements name the kind.
[[nodiscard]] std::string sqlWord(ObjectKind kind);

/// "view shop.v", for messages.
[[nodiscard]] std::string printable(ObjectKind kind, const TableName& name);

/// The objects of these databases that the selection covers. Throws what Connection throws; an object that cannot be
/// read has a problem instead. A view is read if SHOW CREATE VIEW answers and a statement on it can be prepared.
[[nodiscard]] SourceObjects readObjects(Connection& source, const JobSpec& spec,
                                        const std::vector<std::string>& databases);

}  // namespace drs::mysql
