#pragma once

#include "engine/mysql/log_grammar.h"
#include "engine/mysql/log_group.h"
#include "engine/mysql/log_statements.h"
#include "engine/mysql/log_tables.h"
#include "engine/mysql/position.h"
#include "wire/mysql/control_events.h"
#include "wire/mysql/event.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace drs::mysql {

/// Stands before a place in the files of a server that the lane has left.
inline constexpr std::string_view kElsewhere = "elsewhere ";

/// Makes transactions out of the events of a dump, without any I/O. Positions move only at the end of a group.
///
/// Places are counted in 64 bits: the start of the dump plus the lengths of the events. The header's 32-bit field is
/// only compared: a difference is damage, except where the server leaves events out (groups that a lane by GTID has
/// already, MariaDB's ANNOTATE_ROWS); there the count moves forward to the next place that fits.
///
/// The lane keeps the kind of its start: with a GTID position ids are GTIDs, otherwise "file:offset" of the group's
/// first event. One thread.
class LogAssembler {
 public:
  /// `scope` outlives the assembler.
  LogAssembler(const LogScope& scope, const LogPosition& start, GroupLimits limits);

  /// Takes the next event of the dump. Gives a transaction when its last event has come and it changed something of
  /// ours. Throws Error: logCorrupt, logUnsupported, logPurged, schemaDrift, limitExceeded, spillFailed; the texts name
  /// the place.
  std::optional<Transaction> feed(std::string_view packet);

  /// A new dump begins at position(): forgets the open group and the format. Names in statements are folded as the
  /// server does.
  void restart(bool foldNames);
  /// The dump comes from this server. Places in the files of another one are left behind.
  void setServer(const std::string& server);
  /// See LogStatements.
  void setSystemTimeZone(std::string zone) { statements_.setSystemTimeZone(std::move(zone)); }

  /// Behind the last complete group.
  [[nodiscard]] const LogPosition& position() const { return position_; }
  /// Is everything of the set in position()? True for lanes without MySQL GTIDs.
  [[nodiscard]] bool contains(const GtidSet& set) const { return !mysqlSet_ || mysqlSet_->contains(set); }
  /// Groups that changed nothing of ours have passed since the last transaction came out: one without changes that
  /// stands for all of them.
  [[nodiscard]] std::optional<Transaction> takeEmpty();
  [[nodiscard]] bool hasEmpty() const { return emptyPassed_; }

  /// XA transactions of position().heldXa that were prepared before the lane began: read them again by readPrepared()
  /// and give them to hold(), before the first feed().
  [[nodiscard]] std::map<std::string, std::string> missing() const;
  void hold(const std::string& xid, Transaction prepared) { held_[xid] = std::move(prepared); }
  /// Gives a prepared transaction away; nothing if there is none.
  [[nodiscard]] std::optional<Transaction> takeHeld(const std::string& xid);

  /// The last event was a heartbeat.
  [[nodiscard]] bool atHeartbeat() const { return heartbeat_; }

 private:
  [[nodiscard]] std::optional<Transaction> feedChecked(std::string_view packet);
  [[nodiscard]] bool place(const Event& event, std::size_t bytes);
  void requirePlace() const;
  void onRotate(const Event& event);
  std::optional<Transaction> onEvent(const Event& event);
  std::optional<Transaction> onPayload(const Event& event);
  void onIncident(const Event& event);
  std::optional<Transaction> onGtid(const Event& event);
  std::optional<Transaction> onMariadbGtid(const Event& event);
  std::optional<Transaction> onQuery(const Event& event);
  std::optional<Transaction> onXaPrepare(const Event& event);
  void onStatement(const Statement& statement, const QueryEvent& query);
  void onTableMap(const Event& event);
  void onRows(const Event& event);
  void onMark(const RowsEvent& event, const LogTables::Table& table);
  void openGroup();
  std::optional<Transaction> step(LogSymbol symbol, const Event& event);
  std::optional<Transaction> endGroup(const Event& event);
  std::optional<Transaction> prepare(const Event& event);
  void settleXa(const Statement& statement);
  void moveTo(std::uint64_t offset);

  const LogScope& scope_;
  LogTables tables_;
  LogStatements statements_;
  std::unique_ptr<LogGrammar> grammar_;
  LogGroup group_;
  EventFramer framer_;
  LogPosition position_;
  std::optional<GtidSet> mysqlSet_;                 ///< position_.gtid, parsed
  std::optional<MariadbPosition> mariadbPosition_;  ///< the same
  std::string file_;                                ///< where the dump is
  std::uint64_t eventStart_ = 0, eventEnd_ = 0;
  std::string groupPlace_;                   ///< "file:offset" of the open group's first event
  std::map<std::string, Transaction> held_;  ///< by XID: prepared, with changes of ours
  std::string scratch_;                      ///< of inflated events
  Transaction empty_;                        ///< see takeEmpty()
  bool emptyPassed_ = false;
  bool heartbeat_ = false;
};

}  // namespace drs::mysql
