#pragma once

#include <cstdint>
#include <memory>

namespace drs::mysql {

/// The events that make up groups. Everything else may come anywhere and is no part of the grammar.
enum class LogSymbol : std::uint8_t {
  gtid,            ///< GTID, ANONYMOUS_GTID, GTID_TAGGED; MariaDB: a GTID with a COMMIT or XID at the end
  standaloneGtid,  ///< MariaDB: a GTID before one statement
  begin,
  commit,  ///< XID, or COMMIT as a statement
  rollback,
  xaStart,
  xaPrepare,
  statement,  ///< any other QUERY
  rows,       ///< TABLE_MAP and rows
};

enum class GroupStep : std::uint8_t {
  opens,  ///< a new group begins with this event
  inside,
  commits,    ///< the group is complete
  alone,      ///< a group of this one event, nothing came before it
  rollsBack,  ///< the group is complete and did nothing
  prepares,   ///< the group is complete; a later XA COMMIT decides
};

/// Says where groups (transactions and single statements) begin and end. One for each flavour, because they differ in
/// what opens a group: in MySQL a GTID only announces it and BEGIN opens it, in MariaDB the GTID is the BEGIN. An order
/// that the flavour does not write throws Error(logCorrupt). One thread.
class LogGrammar {
 public:
  virtual ~LogGrammar() = default;
  virtual GroupStep next(LogSymbol symbol) = 0;
  [[nodiscard]] virtual bool open() const = 0;
  /// Forgets an open group: a new file or connection begins.
  virtual void reset() = 0;
  [[nodiscard]] static std::unique_ptr<LogGrammar> make(bool mariadb);
};

}  // namespace drs::mysql
