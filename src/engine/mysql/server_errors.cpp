#include "engine/mysql/server_errors.h"

#include <errmsg.h>

namespace drs::mysql {
namespace {

bool isLostNumber(unsigned number) {
  switch (number) {
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case CR_MALFORMED_PACKET:
    case CR_SSL_CONNECTION_ERROR:  // behind the login: the network broke inside of a TLS record
    case 1053:                     // shutdown in progress
    case 1080:                     // forced close
    case 1158:                     // network errors that the server met
    case 1159:
    case 1160:
    case 1161:
    case 1927:  // MariaDB: killed
    case 3169:  // MySQL: killed
    case 4031:  // MySQL: closed for idleness
      return true;
    default:
      return false;
  }
}

/// What a healthy server answers for a while and then no more.
bool isPassing(unsigned number) {
  switch (number) {
    case 1020:  // MariaDB: changed since the snapshot (innodb_snapshot_isolation)
    case 1021:  // disk full: the server's administrator is at work
    case 1047:  // Galera: the node is not ready
    case 1148:  // LOAD DATA LOCAL was switched off in the middle: the next try inserts (3948 MySQL, 4166 MariaDB)
    case 3948:
    case 4166:
    case 1114:  // table full, of a temporary table too
    case 1206:  // the lock table is full
    case 1290:  // read-only during a failover
    case 1317:  // the statement was killed
    case 1637:  // too many active transactions
    case 1836:  // read-only mode
    case 1878:  // no room for the temporary file of an index that is built
    case 3101:  // group replication rolled back
      return true;
    default:
      return false;
  }
}

}  // namespace

Msg messageOf(unsigned number, bool opening) noexcept {
  switch (number) {
    case 1044:
    case 1045:
    case 1130:  // host not allowed
    case 1698:
    case 1862:  // password expired
    case 3118:  // account locked
    case 3955:
    case 4151:  // MariaDB: account locked
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
      return Msg::accessDenied;
    case CR_UNKNOWN_HOST:
      return Msg::cannotResolve;
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
      return Msg::cannotConnect;
    case 1180:
    case 1205:
    case 1213:
    case 1412:  // the table was redefined or emptied after the snapshot: a new one can read it
      return Msg::deadlock;
    default:
      break;
  }
  if (opening && number == CR_SSL_CONNECTION_ERROR) return Msg::tlsFailed;
  // Everything else that keeps a login out (too many connections, a server that starts up …) may pass by itself.
  if (opening) return Msg::cannotConnect;
  if (isLostNumber(number)) return Msg::connectionLost;
  return isPassing(number) ? Msg::databaseNotReady : Msg::databaseError;
}

std::string_view remedyOf(unsigned number) noexcept {
  switch (number) {
    case 1049:  // unknown database
    case 1051:  // unknown table
    case 1054:  // unknown column
    case 1146:  // no such table
    case 1176:  // no such key
      // Not "restore it and resume": a table that was made anew lacks the rows that were copied before.
      return "Restore the definition, then reset the task; or leave the table out of the selection.";
    case 1142:  // a right on a table
    case 1143:  // on a column
    case 1227:  // a global right
    case 1370:  // on a routine
      return "Grant the account the right that is named, then resume the task.";
    case 1021:  // disk full
    case 1030:  // an error of the storage engine, of a full disk too
    case 1114:  // table full
    case 1878:  // no room for a temporary file
      return "Make room at this server, then resume the task.";
    case 1290:
    case 1836:
      return "Let the account write at this server again, then resume the task.";
    case 1180:
    case 1205:
    case 1206:
      return "End the session that holds the locks, then resume the task.";
    default:
      return "";
  }
}

Error withTable(const Error& error, const TableName& table) {
  constexpr std::size_t kText = 2;
  const bool answered =
      error.msg() == Msg::databaseError || error.msg() == Msg::databaseNotReady || error.msg() == Msg::deadlock;
  std::vector<std::string> args = error.args();
  if (!answered || args.size() <= kText || args[kText].find(table.table) != std::string::npos) return error;
  args[kText] = table.database + "." + table.table + ": " + args[kText];
  return Error(error.msg(), std::move(args), error.origin(), error.detail());
}

}  // namespace drs::mysql
