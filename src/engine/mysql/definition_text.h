#pragma once

#include "model/table_schema.h"

#include <cstddef>
#include <optional>
#include <string>

namespace drs::mysql {

/// What information_schema does not tell, or tells in other words than the user's: parts of TableSchema::createSql, as
/// they stand there. Threads: any. All throw Error(definitionNotSupported) for a text that does not end properly.

/// "((lower(`a`)))": the parts of an index; empty if the text has no such index.
[[nodiscard]] std::string indexParts(const TableSchema& schema, const std::string& index);

/// "(`a` * 2)": the expression of a generated column with its parentheses; empty for other columns.
[[nodiscard]] std::string generation(const TableSchema& schema, const std::string& column);

/// "'a'", "5", "NULL": what an INSERT that does not name the column stores there, as a literal for a session like
/// Connection's. Nothing: it is made anew for each row (an expression, the time, a counter), or there is no default.
[[nodiscard]] std::optional<std::string> defaultLiteral(const TableSchema& schema, const Column& column);

/// "ON DELETE CASCADE ON UPDATE NO ACTION": what stands behind the columns that a foreign key refers to; empty if there
/// is nothing.
[[nodiscard]] std::string foreignKeyRules(const TableSchema& schema, const std::string& key);

/// True if the primary key or a unique key holds the column, whole, in part or within an expression.
[[nodiscard]] bool isInUniqueKey(const TableSchema& schema, std::size_t column);

/// The column of the primary key that is generated; nullptr if there is none. Such a key cannot be written, and what it
/// becomes may depend on the session that writes the row (the time zone of a TIMESTAMP, for example), so that a row is
/// never found by it alone.
[[nodiscard]] const Column* generatedKey(const TableSchema& schema);

}  // namespace drs::mysql
