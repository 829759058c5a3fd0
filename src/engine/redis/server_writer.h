#pragma once

#include "engine/redis/target_writer.h"
#include "wire/resp/reply_scanner.h"

namespace drs::redis {

/// A lane's data on one server. Each batch becomes one transaction together with the lane's mark:
///
///     WATCH owner · GET owner · GET mark · MULTI · the commands · SET mark            EXEC
///
/// EXEC is sent when the replies to all that stands before it have come: the owner is still this run (WATCH sees who
/// takes the lane over in between, or replaces all data, and EXEC does nothing then), the newest mark is that of the
/// batch before (the target's data has not gone back), every command was queued, and the batch before is done. So a
/// batch is done wholly or not at all, in order, by the owner alone; and while the target works on one batch, the next
/// is on its way. One connection, since a server has one thread for its data. One thread.
class ServerWriter final : public TargetWriter {
 public:
  /// As TargetWriter::takeOver().
  static std::unique_ptr<TargetWriter> takeOver(Options options, const std::stop_token& stop);

  void removeAll(std::uint32_t db, const std::function<bool(std::string_view key)>& covers, LaneMark mark,
                 const CommandPlace& place, const std::stop_token& stop) override;
  void commit(LaneMark mark, const std::stop_token& stop) override;
  void drain(const std::stop_token& stop) override;
  void verify(const std::stop_token& stop) override;
  std::vector<resp::Reply> ask(std::size_t server, std::uint32_t db, std::string_view commands, std::size_t count,
                               const std::stop_token& stop) override;

 private:
  struct Mark {
    std::uint32_t db = 0;
    std::string text;  ///< empty: none
  };
  explicit ServerWriter(Options options);
  void claim(const std::stop_token& stop);
  void findMark(const std::stop_token& stop);
  void send(std::string_view bytes, const std::stop_token& stop);
  void receive();
  void takeReplies(std::uint64_t count, std::string* text, const std::stop_token& stop);
  std::size_t sendBatch(const Batch& batch, const std::stop_token& stop);
  void queue(const Batch& batch, std::size_t heads, const std::stop_token& stop);
  void settle(const std::stop_token& stop);
  void discard(const std::stop_token& stop);
  void exec(const Batch& batch, const std::stop_token& stop);
  [[noreturn]] void refuse(const resp::ReplyProblem& problem, std::string_view command, std::uint64_t offset) const;
  [[noreturn]] void refusedWithin(const Batch& batch, std::size_t queued, const std::stop_token& stop);

  const ControlKeys keys_;
  std::unique_ptr<net::Stream> stream_;
  std::string rest_;       ///< bytes that were read
  std::size_t taken_ = 0;  ///< of rest_
  resp::ReplyScanner scanner_;
  std::vector<resp::ReplyProblem> problems_;
  bool inFlight_ = false;       ///< EXEC of sent_ is on its way
  std::uint32_t selected_ = 0;  ///< of the connection
  resp::Encoder head_;
  std::string heads_;           ///< replies that must stand before those to the commands of a batch
  std::optional<Mark> newest_;  ///< what was written last; nothing: not known
};

}  // namespace drs::redis
