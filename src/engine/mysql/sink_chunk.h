#pragma once

#include "engine/mysql/row_sender.h"
#include "engine/mysql/sink_session.h"
#include "pipeline/interfaces.h"

namespace drs::mysql {

/// Writes the rows of one chunk with foreign_key_checks off (nothing may cascade) and unique_checks on.
///
/// A free chunk is one target transaction: guard, rows with REPLACE, the chunk's row, COMMIT. REPLACE, because a row
/// may have moved between chunks while they were read, or collide with one on a unique key; the replay mends it
/// (mysql.md 4.2). Rows that gave way are counted: rows of other chunks may, rows of the chunk itself may not, for no
/// two rows of one snapshot collide unless the target takes different values for equal. So when some gave way, the rows
/// of the chunk's key range are counted before the commit and must be those that were read.
///
/// An exact chunk is a snapshot of whole tables: they are emptied when it is opened (so a redo starts from nothing,
/// whatever an earlier attempt had committed), then filled without REPLACE in transactions of bounded size, each behind
/// the guard; only the last one carries the chunk's row. Nothing can collide there, so a collision is an error.
///
/// Any warning that was not asked for fails the chunk with its text; so does a number of rows that differs from what
/// was read. Errors: Msg::deadlock and connectionLost mean that the chunk must be read and written again.
class MySqlChunkWriter : public ChunkWriter {
 public:
  /// `origin`: of the rows (sourceOrigin()). `plans` outlives the writer.
  MySqlChunkWriter(SinkSession& session, const Fence& fence, Chunk chunk, const Plans& plans, std::string origin);
  ~MySqlChunkWriter() override;
  MySqlChunkWriter(const MySqlChunkWriter&) = delete;
  MySqlChunkWriter& operator=(const MySqlChunkWriter&) = delete;

  void write(std::size_t plan, const RowBatch& batch) override;
  void commit(const ChunkResult& result) override;
  void noteReplaced(ChunkResult& result) const override {
    result.replaced = replaced_;
    result.replacedNear = replacedNear_;
  }

 private:
  void empty(const Plans& plans);
  void begin();
  /// An exact chunk: commits what is there so far and goes on.
  void commitPart();
  /// Throws Error(rowCountMismatch) if a row of the chunk took the place of another one of it.
  void checkReplaced(const ChunkResult& result);
  /// True if the target sorts the table's key as the source does.
  [[nodiscard]] bool sortsAlike(const TablePlan& plan);
  /// Notes that the last error of the target was a table that is gone.
  void noteMissing() noexcept;
  /// After a lost answer to COMMIT: true if the chunk's row is there.
  bool isCommitted();

  SinkSession& session_;
  const Fence fence_;
  const Chunk chunk_;
  const Plans& plans_;
  const std::string origin_;
  Connection& connection_;
  RowSender sender_;
  std::uint64_t committedBytes_ = 0;  ///< of an exact chunk's parts
  std::uint64_t replaced_ = 0;
  std::string replacedNear_;
  bool done_ = false;
  bool isMissing_ = false;
};

}  // namespace drs::mysql
