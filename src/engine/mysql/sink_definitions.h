#pragma once

#include "engine/mysql/control_tables.h"

namespace drs::mysql {

/// Creates the databases (with the source's charset and collation) and tables of the plans, without secondary indexes
/// unless the job asks for them at once. Each table is noted in the control tables before it is created: a table that
/// stands there without our note, though the plan says that we create it, stops the task (Error schemaDrift), because
/// it may be somebody else's. Tables that the plan found there are checked instead: they must take every row as it is
/// and keep all of them apart (definitionDifference(), and the collations of unique keys), and cascade as the source's
/// do (foreignKeyDifference()). Idempotent.
void prepareTarget(Connection& connection, const ControlTables& control, const EngineJob& job, const Plans& plans);

/// Adds to the tables that we created what prepareTarget() left out: secondary indexes (all of a table in one pass;
/// those that a foreign key needs even without index_trans), the AUTO_INCREMENT value, then the foreign keys to tables
/// of the plans, without checking the rows. A foreign key to a table outside the selection is left out with a warning.
/// Idempotent.
void finishTarget(Connection& connection, const ControlTables& control, const EngineJob& job, const Plans& plans);

}  // namespace drs::mysql
