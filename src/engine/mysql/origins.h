#pragma once

#include <string>
#include <string_view>

// Where a change was made first, and which servers it passed on its way: what keeps replication in both directions, and
// in rings, from going round. The list stands in our mark in each transaction that we write (drs_ctl.mark,
// drs_ctl.chunk), and in a comment before each statement.

namespace drs::mysql {

/// Stands for a source whose identity is not known: the task that wrote the change is not part of a two-way group.
inline constexpr std::string_view kUnknownOrigin = "?";
/// More servers than this in a row are refused.
inline constexpr std::size_t kMostOrigins = 30;

/// Origins are a list of server identities (two_way.h), separated by commas; empty: made at the server itself.
[[nodiscard]] bool hasOrigin(std::string_view origins, std::string_view identity);
/// Both lists without repetitions. Throws Error(limitExceeded) for more than kMostOrigins.
[[nodiscard]] std::string joinOrigins(std::string_view origins, std::string_view more);

/// A comment that carries the origins over in the text of a statement, which servers log as it was sent (but for
/// MySQL's DROP TABLE).
[[nodiscard]] std::string originTag(std::string_view origins);
struct TaggedStatement {
  std::string origins;   ///< empty: no tag
  std::string_view sql;  ///< behind the tag; a view into the text
};
[[nodiscard]] TaggedStatement withoutTag(std::string_view sql);

}  // namespace drs::mysql
