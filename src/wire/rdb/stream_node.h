#pragma once

#include "wire/rdb/packed.h"
#include "wire/rdb/value_visitor.h"

#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace drs::rdb {

/// Reads the nodes of a stream. A node is a listpack of
///
///     alive, deleted, number of common fields, the common fields, 0
///     of each entry: flags, ms and seq after the node's id, then the values if its fields are the common ones, else
///     number of fields, field, value …; and how many elements the entry has, to be read backwards
///
/// Keeps its memory from one node to the next. One thread.
class StreamNode {
 public:
  using Take = std::function<void(StreamId, std::span<const std::string_view>)>;

  /// Gives the entries that are alive, in order. Throws Error(logCorrupt).
  void read(StreamId begin, std::string_view listpack, const Take& take);

 private:
  void readEntry(Listpack& in, StreamId begin, const Take& take);

  std::vector<Packed> common_, fields_;
  std::vector<std::string_view> texts_;
  std::vector<std::array<char, 24>> digits_;
  std::uint64_t alive_ = 0, deleted_ = 0;
};

}  // namespace drs::rdb
