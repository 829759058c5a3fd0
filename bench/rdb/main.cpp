#include "base/error.h"
#include "wire/rdb/command_form.h"
#include "wire/rdb/crc64.h"
#include "wire/rdb/dump_payload.h"
#include "wire/rdb/snapshot_parser.h"
#include "wire/rdb/value_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <sys/resource.h>

// bench_rdb parse|restore|commands|crc FILE: how fast a snapshot is read
//   parse     cut into keys, the checksum of the whole computed
//   restore   and a payload for RESTORE made of each value
//   commands  and each value decoded and turned into commands, which go nowhere
//   crc       the checksum alone
// Prints "keys seconds cpu_seconds bytes rss_kib".

namespace {

using namespace drs::rdb;

class Count final : public CommandSink {
 public:
  void command(std::span<const std::string_view> arguments) override {
    for (const std::string_view argument : arguments) bytes += argument.size();
  }
  std::size_t bytes = 0;
};

double cpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Result {
  std::uint64_t keys = 0, bytes = 0;
};

Result crcOnly(std::FILE* file) {
  Result result;
  std::string buffer(std::size_t{1} << 18U, '\0');
  std::uint64_t crc = 0;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file)) {
    crc = crc64(crc, std::string_view(buffer).substr(0, got));
    result.bytes += got;
  }
  result.keys = crc & 1U;
  return result;
}

Result run(std::string_view mode, std::FILE* file) {
  Result result;
  SnapshotParser parser;
  Dialect dialect = Dialect::redis;
  Count sink;
  CommandForm form(sink);
  std::string payload;
  std::unique_ptr<ValueDecoder> decoder;
  while (!parser.ended()) {
    const SnapshotItem& item = parser.next();
    if (const Entry* entry = std::get_if<Entry>(&item)) {
      ++result.keys;
      if (mode == "restore") {
        payload.clear();
        appendDumpPayload(payload, entry->info.type, entry->raw, *lowestVersion(entry->info.type, dialect));
      } else if (mode == "commands") {
        form.begin(entry->info.key, entry->info.expireAtMs);
        decodeValue(entry->info.type, dialect, entry->raw, form);
        (void)form.end();
      }
    } else if (std::holds_alternative<NeedMore>(item)) {
      const auto room = parser.room();
      parser.filled(std::fread(room.data(), 1, std::min<std::size_t>(room.size(), 1U << 18U), file));
      if (std::feof(file) != 0 && std::ferror(file) != 0) break;
    } else if (const BigBegin* big = std::get_if<BigBegin>(&item)) {
      ++result.keys;
      form.begin(big->info.key, big->info.expireAtMs);
      decoder = big->textBytes ? nullptr : std::make_unique<ValueDecoder>(big->info.type, dialect);
    } else if (const BigPart* part = std::get_if<BigPart>(&item)) {
      if (mode != "commands") continue;
      if (decoder) {
        decoder->decode(part->bytes, form);
      } else {
        form.appendText(part->bytes);
      }
    } else if (std::holds_alternative<BigEnd>(item)) {
      if (mode == "commands") (void)form.end();
    } else if (const SnapshotHeader* header = std::get_if<SnapshotHeader>(&item)) {
      dialect = header->dialect;
    }
  }
  result.bytes = parser.position();
  return result;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::FILE* file = std::fopen(arguments[2], "rb");
  if (file == nullptr) return 2;
  std::setvbuf(file, nullptr, _IONBF, 0);
  const std::string_view mode = arguments[1];
  try {
    const double cpu = cpuSeconds();
    const auto began = std::chrono::steady_clock::now();
    const Result result = mode == "crc" ? crcOnly(file) : run(mode, file);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    fmt::print("{} {:.4f} {:.4f} {} {}\n", result.keys, took.count(), cpuSeconds() - cpu, result.bytes,
               usage.ru_maxrss);
  } catch (const drs::Error& error) {
    fmt::print(stderr, "{}\n", error.text());
    return 1;
  }
  return 0;
}
