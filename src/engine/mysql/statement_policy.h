#pragma once

#include "model/job_spec.h"
#include "wire/mysql/ddl_statement.h"

#include <string>

namespace drs::mysql {

/// What becomes of a kind of statement on selected objects, by the rules of the request (docs/reference/mysql-ddl.md):
/// a kind that support_ddl_info has a word for is carried over if it is listed, or if nothing is listed and ddl_trans
/// is not false; the others follow ddl_trans; DROP DATABASE follows filter_ddl_policy.
struct StatementVerdict {
  bool carried = true;
  std::string filteredBy;  ///< the member of the request that says so; empty: carried
};

/// Throws Error(ddlNotSupported) for an ALTER TABLE of which a part is to be carried over and another part is not.
[[nodiscard]] StatementVerdict verdictOn(const DdlStatement& ddl, const JobSpec& spec);

/// Throws Error(ddlNotSupported): the statement stops the task.
[[noreturn]] void throwStopped(const std::string& why);

}  // namespace drs::mysql
