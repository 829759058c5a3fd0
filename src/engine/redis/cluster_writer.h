#pragma once

#include "engine/redis/node_link.h"
#include "engine/redis/slot_state.h"
#include "engine/redis/target_writer.h"
#include "wire/resp/command_parser.h"
#include "wire/resp/command_table.h"

#include <map>

namespace drs::redis {

/// A lane's data on a cluster. The commands of a batch are grouped by slot, in their order; each slot gets one
/// transaction, all of them on their way at the same time:
///
///     WATCH state · ZADD state GT n-½ owner · MULTI · the commands · ZADD state n' owner offset mark · EXEC
///
/// The first ZADD changes nothing if the slot's state is what this run has left there, and EXEC runs. If the owner was
/// replaced, or the slot's last batch is missing, it does change something, and WATCH keeps EXEC from running. So a
/// slot's commands are done wholly or not at all, in order, by the owner alone, on top of what was there before
/// (docs/adr/2026-11-28-cluster-targets.md). The next batch is sent when all of the one before is done; what a node
/// could not do, since slots moved or a node failed over, is sent again to whom has the slot then, after a look at the
/// slot's state. One thread.
class ClusterWriter final : public TargetWriter {
 public:
  /// As TargetWriter::takeOver(). All slots of the lane are claimed when it returns.
  static std::unique_ptr<TargetWriter> takeOver(Options options, const std::stop_token& stop);

  void select(std::uint32_t db) override;
  void added(const CommandPlace& place) override;
  void transaction(bool begins) override;
  [[nodiscard]] std::uint64_t dividedTransactions() const override { return divided_; }
  void removeAll(std::uint32_t db, const std::function<bool(std::string_view key)>& covers, LaneMark mark,
                 const CommandPlace& place, const std::stop_token& stop) override;
  void commit(LaneMark mark, const std::stop_token& stop) override;
  void drain(const std::stop_token& stop) override;
  void drop() override;
  void verify(const std::stop_token& stop) override;
  [[nodiscard]] std::size_t servers() const override { return map_.masters.size(); }
  std::vector<resp::Reply> ask(std::size_t server, std::uint32_t db, std::string_view commands, std::size_t count,
                               const std::stop_token& stop) override;
  std::uint64_t layout(const std::stop_token& stop) override;
  [[nodiscard]] std::uint64_t needed() const override { return written_.mark.offset; }

 private:
  using Slot = std::uint16_t;
  /// A command of the batch, or a part of one, for one slot.
  struct Piece {
    std::size_t begin = 0, size = 0;  ///< in Batch::commands
    std::uint32_t place = 0;          ///< in Batch::places
    Slot slot = 0;
  };
  /// What a slot gets of a batch.
  struct Share {
    Slot slot = 0;
    std::uint32_t first = 0, count = 0;  ///< of the sorted pieces
    std::uint64_t replies = 0;           ///< of the link, before its own
    std::uint64_t link = 0;              ///< serial of the link that it was sent over; 0: it was not
    bool done = false;
  };
  struct SlotInfo {
    std::uint64_t sequence = 0;    ///< of the last batch that is done here
    std::uint64_t offset = 0;      ///< of the stream; up to here commands were done by runs before
    std::uint64_t link = 0;        ///< serial of the link over which it was claimed; 0: none
    std::uint64_t generation = 0;  ///< that `offset` counts in
    std::uint32_t seat = 0;
    bool known = false;  ///< claimed by this run at some time
  };
  struct Pieces {
    std::vector<Piece> list;
    std::vector<Share> shares;
  };

  explicit ClusterWriter(Options options);

  // cluster_writer.cpp
  void divide(const resp::CommandInfo& command, const CommandPlace& place);
  void addPiece(Slot slot, std::size_t begin, const CommandPlace& place);
  [[nodiscard]] bool isDone(Slot slot, const CommandPlace& place) const;
  void bringEverywhere(const std::stop_token& stop);
  void appendMark(const LaneMark& mark);
  void share();
  void clearNext();
  [[noreturn]] void diverged(const std::stop_token& stop);

  // cluster_shares.cpp
  void send();
  void append(NodeLink& link, Share& share);
  void settle(const std::stop_token& stop);
  void judge(const NodeLink& link, Share& share);
  void redo(const std::stop_token& stop);
  void judgeAll();
  void advance(Share& share);
  [[nodiscard]] bool allDone() const;
  [[nodiscard]] std::vector<NodeLink*> links();

  // cluster_claims.cpp
  void readMap(const std::stop_token& stop);
  void takeMap(ClusterMap map);
  NodeLink* linkOf(Slot slot);
  void openLinks();
  void claim(const std::vector<Slot>& slots, const std::stop_token& stop);
  void claimOn(const ClusterMap::Node& node, const std::vector<Slot>& slots, const std::stop_token& stop);
  void claimed(Slot slot, const SlotState& state);
  [[nodiscard]] std::vector<Slot> unclaimed() const;
  void findMark(const std::stop_token& stop);
  void requireWhole(const std::stop_token& stop);
  void pause(std::chrono::milliseconds span, const std::stop_token& stop) const;
  [[noreturn]] void lost(Slot slot, const std::string& why);
  [[nodiscard]] std::string nodeOf(Slot slot) const;

  const std::string seatPrefix_, keyEnd_;
  std::vector<Slot> slots_;  ///< of the lane, sorted
  Slot home_ = 0;
  ClusterMap map_;
  std::uint64_t layout_ = 1;
  std::map<std::string, std::unique_ptr<NodeLink>> links_;  ///< by id of the node
  std::uint64_t serial_ = 0;
  std::uint32_t seats_ = 0;
  std::vector<SlotInfo> info_;         ///< by slot
  std::map<Slot, std::string> moved_;  ///< what MOVED says, which goes before the map

  resp::CommandParser parser_;
  std::vector<std::uint32_t> keys_;
  std::size_t end_ = 0;  ///< in next_.commands: of the last command
  Pieces nextPieces_, sentPieces_;
  std::vector<Piece> everywhere_;  ///< of next_: code that every node keeps
  bool touchesAll_ = false;        ///< next_ moves the offset of every slot
  bool inFlight_ = false;
  bool isLost_ = false;  ///< the target has lost what it had acknowledged
  bool isLoading_ = false;
  std::uint64_t generation_ = 0, generations_ = 0;  ///< of the copy at hand; the highest that was seen
  ClusterMark written_;                             ///< the lane's mark that is known to be in the target
  std::optional<ClusterMark> writing_;
  std::chrono::steady_clock::time_point writtenAt_, lookedAt_;
  std::string why_;      ///< something of the batch was not done the last time
  std::string failure_;  ///< of a command that was refused among others that were done
  bool inTransaction_ = false, isDivided_ = false;
  std::optional<Slot> transactionSlot_;  ///< of the first command of the transaction at hand
  std::uint64_t divided_ = 0;
};

}  // namespace drs::redis
