#pragma once

#include "engine/mysql/connection.h"
#include "engine/mysql/named_lock.h"
#include "engine/mysql/table_ddl.h"
#include "model/table_schema.h"

#include <map>
#include <string>
#include <vector>

namespace drs::mysql {

/// Empty copies of source tables in the control schema of the target, on which a statement of the log is tried: what
/// the server makes of them is the definition behind the statement, without a parser of ours and without asking the
/// source, which may be far ahead. They live as long as this object; what a killed predecessor left goes with the next
/// one. A named lock keeps jobs apart, since names of constraints are unique in a schema. Each object's tables have
/// names of their own: what a predecessor sent may arrive late. One thread.
class ShadowTables {
 public:
  /// `connection`: with our own settings (not the statement's), foreign_key_checks are switched off.
  ShadowTables(Connection& connection, const Collations& collations);
  ~ShadowTables();
  ShadowTables(const ShadowTables&) = delete;
  ShadowTables& operator=(const ShadowTables&) = delete;

  /// The name that stands for a source table; the same for each call. Nothing is made.
  TableName nameFor(const TableName& source);
  /// Makes the copy of a table, without rows, with all indexes and foreign keys. Throws Error(definitionNotSupported)
  /// and what Connection throws.
  void add(const TableSchema& schema);
  /// The definition of what stands under nameFor(source) now, with the names of the source.
  /// Throws Error(schemaDrift) if there is none.
  [[nodiscard]] TableSchema read(const TableName& source);

 private:
  void dropAll();

  Connection& connection_;
  const Collations& collations_;
  NamedLock lock_;
  const std::string prefix_;
  std::map<TableName, TableName> names_;  ///< source → shadow
};

/// The definition of a table behind a statement: what the statement changed between the two readings of its shadow,
/// applied to what is known of the source's table. What it left alone keeps the source's own words, which may be
/// others than those of the target that plays the shadow.
[[nodiscard]] TableSchema applied(const TableSchema& known, const TableSchema& before, TableSchema after);

}  // namespace drs::mysql
