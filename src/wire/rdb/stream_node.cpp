#include "wire/rdb/stream_node.h"

#include "wire/rdb/rdb_error.h"
#include "wire/rdb/reader.h"

namespace drs::rdb {
namespace {

enum Flag : std::int64_t { kDeleted = 1, kSameFields = 2 };

Packed element(Listpack& in) {
  Packed out;
  if (!in.next(out)) throwCorrupt("a node of a stream is cut off");
  return out;
}

}  // namespace

void StreamNode::read(StreamId begin, std::string_view listpack, const Take& take) {
  Listpack in(listpack);
  const std::int64_t alive = in.number(), deleted = in.number();
  if (alive < 0 || deleted < 0) throwCorrupt("a node of a stream has a negative number of entries");
  common_.clear();
  for (std::int64_t i = in.number(); i > 0; --i) common_.push_back(element(in));
  if (in.number() != 0) throwCorrupt("the head of a node of a stream does not end with 0");
  alive_ = deleted_ = 0;
  // Both counts are claims: the elements run out first if they lie.
  const std::uint64_t entries = static_cast<std::uint64_t>(alive) + static_cast<std::uint64_t>(deleted);
  for (std::uint64_t i = 0; i < entries; ++i) readEntry(in, begin, take);
  if (alive_ != static_cast<std::uint64_t>(alive) || deleted_ != static_cast<std::uint64_t>(deleted))
    throwCorrupt("a node of a stream has another number of entries than it says");
  if (Packed rest; in.next(rest)) throwCorrupt("a node of a stream has more than its entries");
}

void StreamNode::readEntry(Listpack& in, StreamId begin, const Take& take) {
  const std::int64_t flags = in.number();
  const auto ms = static_cast<std::uint64_t>(in.number()), seq = static_cast<std::uint64_t>(in.number());
  fields_.clear();
  if ((flags & kSameFields) != 0) {
    for (const Packed& field : common_) {
      fields_.push_back(field);
      fields_.push_back(element(in));
    }
  } else {
    for (std::int64_t i = in.number(); i > 0; --i) {
      fields_.push_back(element(in));
      fields_.push_back(element(in));
    }
  }
  // Flags, ms and seq, and what came after them: a mistake in reading fields shows here.
  const std::size_t elements = 3 + ((flags & kSameFields) != 0 ? common_.size() : 1 + fields_.size());
  if (fields_.empty() || in.number() != static_cast<std::int64_t>(elements))
    throwCorrupt("an entry of a stream has another number of elements than it says");
  if ((flags & kDeleted) != 0) {
    ++deleted_;
    return;
  }
  ++alive_;
  if (digits_.size() < fields_.size()) digits_.resize(fields_.size());
  texts_.clear();
  for (std::size_t i = 0; i < fields_.size(); ++i) texts_.push_back(fields_[i].text(digits_[i].data()));
  take({begin.ms + ms, begin.seq + seq}, texts_);
}

}  // namespace drs::rdb
