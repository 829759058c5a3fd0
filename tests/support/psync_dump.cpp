#include "base/error.h"
#include "engine/redis/replica_link.h"

#include <fmt/core.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stop_token>
#include <thread>

// Takes a source's snapshot and stream as ReplicaLink gives them, and writes both to files:
//
//   redis_psync_dump port=6379 out=FOLDER [until=OFFSET | bytes=N] [id=REPLID offset=N] [user= password=] [ca=FILE]
//                    [eof=0] [version=] [ack=once|none] [piece=BYTES] [timeout=SECONDS]
//
// Prints one line of words and values: full|continue id offset … framing … rdb … stream … end …; with an error its
// symbol, text and remedy, and ends with 1.

namespace {

using namespace drs;

struct Settings {
  std::map<std::string, std::string> values;
  [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise = "") const {
    const auto found = values.find(name);
    return found == values.end() ? otherwise : found->second;
  }
  [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise) const {
    const auto found = values.find(name);
    return found == values.end() ? otherwise : std::strtoull(found->second.c_str(), nullptr, 10);
  }
};

std::string contentOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class Dump {
 public:
  explicit Dump(const Settings& settings)
      : settings_(settings),
        buffer_(settings.number("piece", 256U << 10U), '\0'),
        ack_(settings.text("ack", "second")) {}

  void run() {
    redis::ConnectOptions options;
    options.address = {settings_.text("host", "127.0.0.1"), static_cast<std::uint16_t>(settings_.number("port", 6379))};
    options.user = settings_.text("user");
    options.password = settings_.text("password");
    options.tls = !settings_.text("ca").empty();
    if (options.tls) options.caPem = contentOf(settings_.text("ca"));
    options.connectTimeout = std::chrono::seconds(settings_.number("timeout", 10));
    redis::ReplicaOptions replica;
    replica.endMarkCapable = settings_.number("eof", 1) != 0;
    replica.version = settings_.text("version", replica.version);
    std::optional<redis::StreamPoint> from;
    if (!settings_.text("id").empty()) from = redis::StreamPoint{settings_.text("id"), settings_.number("offset", 0)};

    link_ = redis::ReplicaLink::open(options, from, replica, stop_.get_token());
    end_ = link_->start().offset;
    fmt::print("{} id {} offset {} ", link_->full() ? "full" : "continue", link_->start().replId, end_);
    const std::jthread acknowledger([this](const std::stop_token& stop) { acknowledge(stop); });
    if (link_->full()) takeSnapshot();
    takeStream();
    fmt::print("end {}\n", end_.load());
  }

 private:
  void acknowledge(const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      if (ack_ == "second" || (ack_ == "once" && i == 0)) link_->acknowledge(inStream_ ? end_.load() : 0);
      for (int wait = 0; wait < 10 && !stop.stop_requested(); ++wait)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

  std::string_view read() {
    const std::size_t got =
        link_->read(buffer_.data(), buffer_.size(), net::after(std::chrono::seconds(20)), stop_.get_token());
    if (got == 0) throw Error(Msg::connectionLost, {"the source", link_->closed() ? "closed" : "silent for 20 s"});
    return {buffer_.data(), got};
  }

  void takeSnapshot() {
    const redis::SnapshotFraming framing = link_->awaitSnapshot(stop_.get_token());
    const bool length = framing.kind == redis::SnapshotFraming::Kind::length;
    std::string rdb;
    std::size_t end = length ? framing.bytes : std::string::npos;
    while (end == std::string::npos || rdb.size() < end) {
      const std::size_t before = rdb.size();
      rdb += read();
      // No RDB parser here: the mark is looked for, also where two reads meet.
      if (!length) end = rdb.find(framing.mark, before < 40 ? 0 : before - 40);
    }
    rest_ = rdb.substr(end + (length ? 0 : framing.mark.size()));
    rdb.resize(end);
    std::ofstream(settings_.text("out") + "/dump.rdb", std::ios::binary) << rdb;
    fmt::print("framing {} rdb {} behind {} ", length ? "length" : "mark", rdb.size(), rest_.size());
  }

  void takeStream() {
    inStream_ = true;
    std::ofstream file(settings_.text("out") + "/stream", std::ios::binary);
    const std::uint64_t until = settings_.number("until", end_ + settings_.number("bytes", 0));
    std::uint64_t count = 0;
    std::string_view bytes = rest_;
    while (end_ < until) {
      if (bytes.empty()) bytes = read();
      bytes = bytes.substr(0, until - end_);
      file << bytes;
      count += bytes.size();
      end_ += bytes.size();
      bytes = {};
    }
    file.flush();
    fmt::print("stream {} ", count);
  }

  const Settings& settings_;
  std::string buffer_, ack_, rest_;
  std::stop_source stop_;
  std::unique_ptr<redis::ReplicaLink> link_;
  std::atomic<std::uint64_t> end_ = 0;
  std::atomic<bool> inStream_ = false;
};

}  // namespace

int main(int count, char** arguments) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  Settings settings;
  for (int i = 1; i < count; ++i) {
    const std::string text = arguments[i];
    settings.values[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  }
  try {
    Dump(settings).run();
    return 0;
  } catch (const Error& error) {
    std::cerr << message(error.msg()).symbol << ": " << error.text() << " | " << error.remedy() << " | "
              << toText(error.action()) << " " << toText(error.origin()) << "\n";
    return 1;
  }
}
