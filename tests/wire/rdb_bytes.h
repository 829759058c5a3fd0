#pragma once

#include "wire/rdb/command_form.h"
#include "wire/rdb/crc64.h"
#include "wire/rdb/value_decoder.h"

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// RDB bytes by hand, and what reads them back as text.

namespace drs::rdb::bytes {

inline std::string little(std::uint64_t value, unsigned width) {
  std::string out;
  for (unsigned i = 0; i < width; ++i) out += static_cast<char>(value >> 8U * i & 0xffU);
  return out;
}
inline std::string big(std::uint64_t value, unsigned width) {
  const std::string out = little(value, width);
  return {out.rbegin(), out.rend()};
}
inline std::string byte(unsigned value) {
  return {static_cast<char>(value)};
}

inline std::string length(std::uint64_t n) {
  if (n < 64) return byte(static_cast<unsigned>(n));
  if (n < 16384) return big(n | 0x4000U, 2);
  return n < std::uint64_t{1} << 32U ? byte(0x80) + big(n, 4) : byte(0x81) + big(n, 8);
}
inline std::string string(std::string_view text) {
  return length(text.size()) + std::string(text);
}
inline std::string int8(int n) {
  return byte(0xc0) + little(static_cast<std::uint64_t>(n), 1);
}
inline std::string int16(int n) {
  return byte(0xc1) + little(static_cast<std::uint64_t>(n), 2);
}
inline std::string int32(int n) {
  return byte(0xc2) + little(static_cast<std::uint64_t>(n), 4);
}
/// LZF of `n` times the same letter, n from 10 to 265.
inline std::string lzfRun(char letter, unsigned n) {
  const std::string packed = byte(0) + std::string(1, letter) + byte(7U << 5U) + byte(n - 10) + byte(0);
  return byte(0xc3) + length(packed.size()) + length(n) + packed;
}
inline std::string id(std::uint64_t ms, std::uint64_t seq) {
  return big(ms, 8) + big(seq, 8);
}

using Element = std::variant<std::int64_t, std::string>;

/// Numbers in the shortest form, as servers do.
inline std::string listpackElement(const Element& element) {
  std::string body;
  if (const auto* number = std::get_if<std::int64_t>(&element)) {
    const auto bits = static_cast<std::uint64_t>(*number);
    const auto fits = [n = *number](unsigned width) { return n >= -(1LL << (width - 1)) && n < 1LL << (width - 1); };
    if (*number >= 0 && *number < 128) {
      body = byte(static_cast<unsigned>(bits));
    } else if (fits(13)) {
      body = big(0xc000U | (bits & 0x1fffU), 2);
    } else if (fits(16)) {
      body = byte(0xf1) + little(bits, 2);
    } else if (fits(24)) {
      body = byte(0xf2) + little(bits, 3);
    } else if (fits(32)) {
      body = byte(0xf3) + little(bits, 4);
    } else {
      body = byte(0xf4) + little(bits, 8);
    }
  } else {
    const std::string& text = std::get<std::string>(element);
    const std::size_t size = text.size();
    body = size < 64     ? byte(static_cast<unsigned>(0x80U | size))
           : size < 4096 ? big(0xe000U | size, 2)
                         : byte(0xf0) + little(size, 4);
    body += text;
  }
  std::string back;
  for (std::size_t n = body.size(); back.empty() || n > 0; n >>= 7U)
    back = byte(static_cast<unsigned>((n & 127U) | (back.empty() ? 0U : 128U))) + back;
  return body + back;
}
inline std::string listpack(const std::vector<Element>& elements) {
  std::string body;
  for (const Element& element : elements) body += listpackElement(element);
  return little(body.size() + 7, 4) + little(std::min<std::size_t>(elements.size(), 65535), 2) + body + byte(0xff);
}

inline std::string ziplist(const std::vector<std::string>& encoded, unsigned count) {
  std::string body;
  std::size_t before = 0;
  for (const std::string& entry : encoded) {
    const std::string whole =
        (before < 254 ? byte(static_cast<unsigned>(before)) : byte(254) + little(before, 4)) + entry;
    body += whole;
    before = whole.size();
  }
  return little(body.size() + 11, 4) + little(10, 4) + little(count, 2) + body + byte(0xff);
}

inline std::string key(std::uint8_t type, std::string_view name, std::string_view value) {
  return byte(type) + string(name) + std::string(value);
}
inline std::string aux(std::string_view name, std::string_view value) {
  return byte(250) + string(name) + string(value);
}
/// Magic, parts, end mark and checksum.
inline std::string file(std::string_view parts, std::string_view magic = "REDIS0011") {
  const std::string data = std::string(magic) + std::string(parts) + byte(255);
  return data + little(crc64(0, data), 8);
}

/// Everything a visitor is given, one line each.
class Lines final : public ValueVisitor {
 public:
  std::string text;
  void onString(std::string_view value) override { text += fmt::format("string {}\n", value); }
  void onItem(std::string_view item) override { text += fmt::format("item {}\n", item); }
  void onMember(std::string_view member) override { text += fmt::format("member {}\n", member); }
  void onScore(std::string_view member, double score) override {
    char buffer[kScoreBytes];
    text += fmt::format("score {} {}\n", member, scoreText(score, buffer));
  }
  void onField(std::string_view field, std::string_view value, std::optional<std::int64_t> deadline) override {
    text += fmt::format("field {}={}{}\n", field, value, deadline ? fmt::format(" until {}", *deadline) : "");
  }
  void onStreamEntry(StreamId entry, std::span<const std::string_view> fields) override {
    text += fmt::format("entry {}-{}", entry.ms, entry.seq);
    for (const std::string_view field : fields) text += fmt::format(" {}", field);
    text += '\n';
  }
  void onStream(const StreamInfo& s) override {
    text += fmt::format("stream {} last {}-{} first {}-{} deleted {}-{} added {}\n", s.length, s.lastId.ms,
                        s.lastId.seq, s.firstId.ms, s.firstId.seq, s.maxDeletedId.ms, s.maxDeletedId.seq, s.added);
  }
  void onGroup(const StreamGroup& group) override {
    text += fmt::format("group {} last {}-{}{}\n", group.name, group.lastId.ms, group.lastId.seq,
                        group.entriesRead ? fmt::format(" read {}", *group.entriesRead) : "");
  }
  void onConsumer(const StreamConsumer& consumer) override {
    text += fmt::format("consumer {} seen {} active {}\n", consumer.name, consumer.seenAtMs, consumer.activeAtMs);
  }
  void onPending(const StreamPending& pending, bool owned) override {
    text += fmt::format("{} {}-{} at {} times {}\n", owned ? "pending" : "returned", pending.id.ms, pending.id.seq,
                        pending.deliveredAtMs, pending.deliveries);
  }
  void onProducers(std::uint64_t producers) override { text += fmt::format("producers {}\n", producers); }
};

inline std::string decoded(std::uint8_t type, std::string_view raw, Dialect dialect = Dialect::redis) {
  Lines lines;
  decodeValue(type, dialect, raw, lines);
  return lines.text;
}

/// Commands as lines.
class Commands final : public CommandSink {
 public:
  std::vector<std::string> lines;
  std::vector<std::size_t> arguments, sizes;
  void command(std::span<const std::string_view> words) override {
    std::string line;
    std::size_t size = 0;
    for (const std::string_view word : words) {
      line += (line.empty() ? "" : " ") + std::string(word);
      size += word.size();
    }
    lines.push_back(line);
    arguments.push_back(words.size());
    sizes.push_back(size);
  }
};

/// A stream of type 15 to 27 with a deleted entry, two groups, and what the later types have more.
inline std::string stream(std::uint8_t type) {
  const auto node = listpack({1, 1, 1, "f", 0,                      // alive, deleted, common fields
                              2, 0, 0, 7, 4,                        // with the common field
                              1, 1, 0, 2, "a", "b", "c", "d", 8});  // deleted, own fields
  const auto second = listpack({1, 0, 0, 0, 0, 5, -1, 1, "own", -70000, 6});
  std::string out = length(2) + string(id(1000, 5)) + string(node) + string(id(2000, 5)) + string(second);
  out += length(2) + length(2005) + length(4);  // length, last id
  if (type >= kStreamListpacks2) out += length(1000) + length(5) + length(1001) + length(6) + length(9);
  out += length(2);
  out += string("group") + length(1000) + length(5) + (type >= kStreamListpacks2 ? length(3) : "");
  const bool returned = type >= kStreamListpacks5;
  out += length(returned ? 3 : 2);
  out += id(1000, 5) + little(111, 8) + length(1) + id(2005, 4) + little(222, 8) + length(300);
  if (returned) out += id(2005, 9) + little(0, 8) + length(2);
  const std::string active = type >= kStreamListpacks3 ? little(600, 8) : "";
  out += length(2) + string("alice") + little(500, 8) + active + length(2) + id(1000, 5) + id(2005, 4);
  out += string("bob") + little(501, 8) + active + length(0);
  if (returned) out += length(1) + id(2005, 9);
  out += string("idle") + length(0) + length(0);
  if (type >= kStreamListpacks2) out += byte(0x81) + big(~std::uint64_t{0}, 8);  // entries read: not known
  out += length(0) + length(0) + (returned ? length(0) : "");
  if (type >= kStreamListpacks4) {
    out += length(100) + length(100) + length(2) + string("p") + length(1) + string("iid") + length(1000) + length(5);
    out += string("q") + length(0) + length(1) + length(0);
  }
  return out;
}

}  // namespace drs::rdb::bytes
