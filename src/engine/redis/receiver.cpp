#include "engine/redis/receiver.h"

#include "base/task_group.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::redis {
namespace {

constexpr std::size_t kReceiveBytes = std::size_t{1} << 20U;
constexpr std::chrono::milliseconds kAckInterval{1000};  // as servers do (replication.c, replicationCron)
constexpr std::chrono::seconds kSourceSilence{
    60};  // repl-timeout; a source pings every ten seconds (repl-ping-replica-period)
constexpr std::chrono::milliseconds kFirstRelinkPause{200};
constexpr std::chrono::milliseconds kLongestRelinkPause{5000};

}  // namespace

Receiver::Receiver(std::unique_ptr<ReplicaLink> link, Spool* snapshot, Spool& stream, Arrivals& arrivals,
                   Options options)
    : link_(std::move(link)),
      snapshot_(snapshot),
      stream_(stream),
      arrivals_(arrivals),
      options_(std::move(options)),
      buffer_(kReceiveBytes, '\0') {}

void Receiver::run(const std::stop_token& stop) {
  if (snapshot_ != nullptr) receiveSnapshot(stop);
  while (options_.follows && !stop.stop_requested()) {
    try {
      receiveStream(stop);
    } catch (const Error& error) {
      if (error.action() != Action::retry || error.origin() == Origin::internal || error.msg() == Msg::spillFailed)
        throw;
      if (stop.stop_requested()) return;
      options_.note(true, "The link to the source is lost (" + error.text() + "); it is made anew");
      relink(stop);
    }
  }
}

void Receiver::receiveSnapshot(const std::stop_token& stop) {
  const SnapshotFraming framing = link_->awaitSnapshot(stop);
  acknowledged_ = 0;
  std::uint64_t left = framing.bytes;
  std::string tail;  // of what came: the mark may lie across two reads
  for (;;) {
    if (framing.kind == SnapshotFraming::Kind::length && left == 0) break;
    const std::size_t most =
        framing.kind == SnapshotFraming::Kind::length ? std::min<std::uint64_t>(left, buffer_.size()) : buffer_.size();
    const std::size_t got = link_->read(buffer_.data(), most, net::after(kAckInterval), stop);
    if (stop.stop_requested()) return;
    acknowledge(false);
    if (got == 0 && link_->closed())
      throw Error(Msg::connectionLost, {"the source", "it closed the link in the middle of its snapshot"},
                  Origin::source);
    const std::string_view bytes(buffer_.data(), got);
    if (framing.kind == SnapshotFraming::Kind::length) {
      keep(*snapshot_, bytes, stop);
      left -= got;
      continue;
    }
    // What could be the beginning of the mark is held back until more has come.
    tail.append(bytes);
    const std::size_t mark = tail.find(framing.mark);
    if (mark == std::string::npos) {
      const std::size_t sure = tail.size() - std::min(tail.size(), framing.mark.size() - 1);
      keep(*snapshot_, std::string_view(tail).substr(0, sure), stop);
      tail.erase(0, sure);
      continue;
    }
    keep(*snapshot_, std::string_view(tail).substr(0, mark), stop);
    const std::string_view behind = std::string_view(tail).substr(mark + framing.mark.size());
    if (!behind.empty()) keep(stream_, behind, stop);
    break;
  }
  snapshot_->close();
  acknowledged_ = stream_.end() - 1;
  acknowledge(true);
}

void Receiver::receiveStream(const std::stop_token& stop) {
  acknowledged_ = stream_.end() - 1;
  auto heardAt = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    const std::size_t got = link_->read(buffer_.data(), buffer_.size(), net::after(kAckInterval), stop);
    if (stop.stop_requested()) return;
    const auto now = std::chrono::steady_clock::now();
    if (got > 0) heardAt = now;
    if (got == 0 && (link_->closed() || now - heardAt > kSourceSilence))
      throw Error(Msg::connectionLost,
                  {"the source", link_->closed() ? "it closed the link" : "it has said nothing for a minute"},
                  Origin::source);
    const std::string_view bytes(buffer_.data(), got);
    if (got > 0) keep(stream_, bytes, stop);
    acknowledged_ = stream_.end() - 1;
    arrivals_.note(acknowledged_, now);
    // A client of the source that waits for its replicas (WAIT) is told at once.
    acknowledge(bytes.find("GETACK") != std::string_view::npos);
  }
}

void Receiver::keep(Spool& spool, std::string_view bytes, const std::stop_token& stop) {
  while (!bytes.empty() && !spool.append(bytes)) {
    if (!saidFull_)
      options_.note(true,
                    fmt::format("The spool is full ({} MiB): the target is slower than the source. No more is read "
                                "from the source until there is room, and it may cut the link",
                                spool.bytes() >> 20U));
    saidFull_ = true;
    spool.awaitRoom(kAckInterval, stop);
    if (stop.stop_requested()) return;
    acknowledge(false);
  }
}

void Receiver::acknowledge(bool now) {
  const auto time = std::chrono::steady_clock::now();
  if (!now && time - acknowledgedAt_ < kAckInterval) return;
  acknowledgedAt_ = time;
  link_->acknowledge(acknowledged_);
}

void Receiver::relink(const std::stop_token& stop) {
  linked_ = false;
  std::string said;
  for (auto pause = kFirstRelinkPause; sleepFor(pause, stop); pause = std::min(pause * 2, kLongestRelinkPause)) {
    try {
      link_ = ReplicaLink::open(options_.source(), StreamPoint{stream_.history(), stream_.end() - 1}, options_.replica,
                                stop);
      break;
    } catch (const Error& error) {
      if (stop.stop_requested()) return;
      if (error.action() != Action::retry) throw;
      if (error.text() != said) options_.note(true, "The source: " + error.text() + "; it is tried again");
      said = error.text();
    }
  }
  if (stop.stop_requested()) return;
  if (link_->full())
    throw Error(Msg::backlogLost, {options_.source().address.text(), fmt::format("{}", stream_.end() - 1)},
                Origin::source);
  if (link_->start().replId != stream_.history()) stream_.rename(link_->start().replId);
  ++relinks_;
  linked_ = true;
  options_.note(false, fmt::format("The link to the source is back at offset {}", stream_.end() - 1));
}

}  // namespace drs::redis
