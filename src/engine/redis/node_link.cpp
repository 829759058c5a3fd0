#include "engine/redis/node_link.h"

#include <algorithm>

namespace drs::redis {
namespace {

constexpr std::size_t kNodeReadBytes = std::size_t{64} << 10U;
constexpr std::chrono::seconds kGrace{3};
constexpr std::chrono::milliseconds kAlone{200}, kAmongOthers{1};

}  // namespace

NodeLink::NodeLink(const ConnectOptions& options, std::uint64_t serial)
    : options_(options), serial_(serial), stream_(Connection::open(options)->release(rest_)) {
  rest_.clear();
}

void NodeLink::begin() {
  out.clear();
  sent_ = 0;
  expected = answered_ = 0;
  problems.clear();
  text.clear();
  scanner_.reset();
}

void NodeLink::fail(const Error& error) {
  failure_.emplace(error.msg(), error.args(), options_.origin, error.detail());
  stream_.reset();
}

bool NodeLink::pump() {
  if (isIdle()) return false;
  bool went = false;
  try {
    if (sent_ < out.size()) {
      const std::size_t wrote = stream_->tryWrite(out.bytes().substr(sent_));
      sent_ += wrote;
      went = wrote > 0;
    }
    rest_.resize(kNodeReadBytes);
    while (answered_ < expected) {
      const auto got = stream_->tryRead(rest_.data(), rest_.size());
      if (!got) break;
      if (*got == 0) throw Error(Msg::connectionLost, {options_.address.text(), "it closed the connection"});
      went = true;
      const std::string_view bytes = std::string_view(rest_).substr(0, *got);
      const auto progress = scanner_.feed(bytes, problems, expected - answered_);
      answered_ += progress.replies;
      if (progress.bytes < bytes.size())
        throw Error(Msg::badReply, {options_.address.text(), "more replies than commands"});
      if (keeps) text.append(bytes);
    }
  } catch (const Error& error) {
    fail(error);
  }
  return went;
}

void NodeLink::wait(std::chrono::milliseconds most) {
  if (!isIdle()) (void)stream_->wait({.readable = true, .writable = sent_ < out.size()}, net::after(most));
}

void pumpAll(std::span<NodeLink* const> links, net::Deadline deadline, const std::stop_token& stop, bool onlySend) {
  std::optional<net::Deadline> last;
  std::size_t turn = 0;
  const auto isDone = [onlySend](const NodeLink& link) { return onlySend ? link.isSent() : link.isIdle(); };
  for (;;) {
    bool went = false;
    std::size_t busy = 0;
    for (NodeLink* link : links) {
      went = link->pump() || went;
      if (!isDone(*link)) ++busy;
    }
    if (busy == 0) return;
    if (went) continue;
    if (stop.stop_requested() && !last) last = net::after(kGrace);
    const auto now = std::chrono::steady_clock::now();
    if (now > deadline || (last && now > *last)) {
      for (NodeLink* link : links)
        if (!isDone(*link))
          link->fail(Error(Msg::connectionLost, {link->options().address.text(), "no answer in time"}));
      return;
    }
    for (std::size_t i = 0; i < links.size(); ++i) {
      NodeLink* link = links[(turn + i) % links.size()];
      if (isDone(*link)) continue;
      turn = (turn + i + 1) % links.size();
      link->wait(busy == 1 ? kAlone : kAmongOthers);
      break;
    }
  }
}

}  // namespace drs::redis
