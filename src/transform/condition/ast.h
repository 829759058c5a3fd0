#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace drs::condition {

enum class NodeKind : std::uint8_t {
  null,
  integer,    ///< text: its digits; TRUE and FALSE are 1 and 0
  decimal,    ///< text: digits with a point
  real,       ///< text: with an exponent
  text,       ///< text: the bytes, UTF-8
  date,       ///< DATE'…', TIMESTAMP'…', TIME'…'; name: the word
  column,     ///< name
  operation,  ///< name: the operator in upper case ("AND", "<=>", "IS NULL", "BETWEEN", "-"); of 1 to n operands
  call,       ///< name: the function in upper case
  cast,       ///< name: the type in upper case ("SIGNED", "CHAR", "DECIMAL" …), `sizes`: what stands in parentheses
  collate,    ///< name: the collation in lower case
  choice,     ///< CASE WHEN a THEN b … [ELSE z] END; with `negated`: CASE x WHEN …, x first. The ELSE is always last
  interval,   ///< date + n unit: the date, n; name: the unit; negated: −
};

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Node {
  NodeKind kind = NodeKind::null;
  std::string name;
  std::string text;
  std::size_t offset = 0;
  bool negated = false;  ///< NOT BETWEEN, NOT IN, NOT LIKE; IS NOT …
  std::vector<NodePtr> parts;
  std::vector<unsigned> sizes;
};

}  // namespace drs::condition
