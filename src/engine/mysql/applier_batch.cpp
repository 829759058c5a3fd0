#include "engine/mysql/applier_batch.h"

#include <fmt/format.h>

#include <limits>

namespace drs::mysql {
namespace {

// One SELECT each; a parser's stack has its limits.
constexpr std::size_t kMaxListedKeys = 50;
constexpr std::size_t kFrameBytes = 100;  // the words around names

/// Beside smaller numbers the larger ones make the list one of DECIMALs, for which no index is looked up.
bool isListed(const Cell& key) {
  return key.kind == CellKind::signedInt ||
         (key.kind == CellKind::unsignedInt && key.u <= std::numeric_limits<std::int64_t>::max());
}

}  // namespace

void StatementBatch::begin() {
  close();
  if (!sql_.empty()) sql_ += ';';
}

void StatementBatch::close() {
  if (open_ == Kind::remove) closeRemove();
  if (open_ == Kind::update) {
    if (merged_.rows() > 1)
      merged_.finish(sql_);
    else
      writer_->appendUpdate(sql_, *firstRows_, firstRow_, firstRow_ + 1, *keep_);
  }
  open_ = Kind::none;
  writer_ = nullptr;
}

void StatementBatch::clear() {
  sql_.clear();
  expectations_.clear();
  open_ = Kind::none;
  writer_ = nullptr;
}

void StatementBatch::reserve(const SqlWriter& writer, std::size_t bytes) {
  if (bytes > rowBytes_)
    throw Error(Msg::limitExceeded,
                {"A row of " + writer.table(), fmt::format("{} bytes", bytes),
                 fmt::format("max_allowed_packet of the target, {} bytes", rowBytes_)},
                Origin::target);
  const std::size_t open = open_ == Kind::update ? merged_.bytes() : 0;
  if (empty() || sql_.size() + open + bytes <= packetBytes_) return;
  close();
  flush_();
}

void StatementBatch::add(std::string_view sql, Expect expect, std::uint64_t count, unsigned warnings) {
  begin();
  sql_ += sql;
  expectations_.push_back({expect, count, warnings});
}

void StatementBatch::foreignKeyChecks(bool on) {
  const Known wanted = on ? Known::on : Known::off;
  if (checks_ == wanted) return;
  checks_ = wanted;
  add(on ? "SET foreign_key_checks=1" : "SET foreign_key_checks=0", Expect::nothing);
}

void StatementBatch::strictMode(bool on) {
  const Known wanted = on ? Known::on : Known::off;
  if (strict_ == wanted) return;
  strict_ = wanted;
  add(fmt::format("SET sql_mode='{}'", on ? kStrictMode : kLaxMode), Expect::nothing);
}

void StatementBatch::tuple(Kind kind, const SqlWriter& writer, const RowBatch& rows, std::size_t row) {
  if (kind == Kind::replace && writer.key().empty())  // it would only ever add rows
    throw Error(Msg::internal, {"rows of " + writer.table() + ", which has no key, came without an exact position"});
  scratch_.clear();
  const unsigned zeros = writer.appendTuple(scratch_, rows, row);
  reserve(writer, scratch_.size() + writer.insertHead().size() + 2);
  strictMode(zeros == 0);
  if (open_ == kind && writer_ == &writer && expectations_.back().warnings + zeros <= kMaxZeros) {
    sql_ += ',';
  } else {
    begin();
    sql_ += kind == Kind::insert ? writer.insertHead() : writer.replaceHead();
    expectations_.push_back({kind == Kind::insert ? Expect::rows : Expect::anyRows, 0, 0});
    open_ = kind;
    writer_ = &writer;
  }
  sql_ += scratch_;
  Expectation& expectation = expectations_.back();
  ++expectation.count;
  expectation.warnings += zeros;
}

void StatementBatch::update(const SqlWriter& writer, const RowBatch& rows, std::size_t before, std::size_t after,
                            const std::vector<std::size_t>& keep, bool exact) {
  scratch_.clear();
  const unsigned zeros = writer.appendUpdate(scratch_, rows, before, after, keep);
  reserve(writer, scratch_.size() + 1);
  strictMode(zeros == 0);
  add(scratch_, exact ? Expect::rows : Expect::anyRows, 1, zeros);
}

void StatementBatch::update(const SqlWriter& writer, const UpdateMerge& merge, UpdateShape shape, const RowBatch& rows,
                            std::size_t before, const std::vector<std::size_t>& keep) {
  const std::size_t open = open_ == Kind::update ? merged_.bytes() : 0;
  if (!empty() && sql_.size() + open + UpdateMerge::kMostRowBytes > packetBytes_) {
    close();
    flush_();
  }
  strictMode(true);
  if (open_ == Kind::update && writer_ == &writer && shape_ == shape && merged_.rows() < UpdateMerge::kMostRows) {
    ++expectations_.back().count;
  } else {
    begin();
    expectations_.push_back({Expect::rows, 1, 0});
    merged_.begin(writer, merge, shape, keep);
    open_ = Kind::update;
    writer_ = &writer;
    shape_ = shape;
    firstRows_ = &rows;
    firstRow_ = before;
    keep_ = &keep;
  }
  merged_.add(rows, before, before + 1);
}

void StatementBatch::remove(const SqlWriter& writer, const std::string& index, const RowBatch& rows, std::size_t row,
                            bool exact) {
  scratch_.clear();
  const Expect expect = exact ? Expect::rows : Expect::anyRows;
  if (index.empty() || !isListed(rows.cell(row, writer.key()[0]))) {
    scratch_ += "DELETE FROM " + writer.table() + " WHERE ";
    writer.appendKey(scratch_, rows, row);
    reserve(writer, scratch_.size() + 1);
    add(scratch_, expect, 1);
    return;
  }
  writer.appendKeyValues(scratch_, rows, row);
  reserve(writer, scratch_.size() + 4 * writer.insertHead().size() + index.size() + kFrameBytes);
  if (open_ == Kind::remove && writer_ == &writer && exact_ == exact && listed_ < kMaxListedKeys) {
    sql_ += " UNION ALL SELECT ";
    ++expectations_.back().count;
    ++listed_;
  } else {
    begin();
    removeAt_ = sql_.size();
    sql_ += "DELETE " + writer.table() + " FROM (SELECT ";
    expectations_.push_back({expect, 1, 0});
    open_ = Kind::remove;
    writer_ = &writer;
    index_ = &index;
    exact_ = exact;
    listed_ = 1;
    onlyKey_.clear();
    writer.appendKey(onlyKey_, rows, row);
  }
  sql_ += scratch_;
  if (listed_ == 1) sql_ += " AS k";
}

/// The list comes first and each of its keys is looked up: for DELETE … IN a server with outdated statistics reads the
/// whole table, whatever index it is told to use.
void StatementBatch::closeRemove() {
  if (listed_ == 1) {
    sql_.resize(removeAt_);
    sql_ += "DELETE FROM " + writer_->table() + " WHERE " + onlyKey_;
    return;
  }
  sql_ += ") AS d STRAIGHT_JOIN " + writer_->table() + " FORCE INDEX (" + *index_ + ") ON " + writer_->table() + "." +
          writer_->name(writer_->key()[0]) + "=d.k";
}

}  // namespace drs::mysql
