#include "base/error.h"
#include "wire/rdb/snapshot_parser.h"
#include "wire/rdb_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace drs::rdb {
namespace {

using namespace bytes;

/// Every item as a line.
class Reader {
 public:
  explicit Reader(SnapshotLimits limits = {}) : parser(limits) {}

  SnapshotParser parser;
  std::string text;
  std::size_t longestPart = 0;

  /// Feeds `data` in pieces; stops at the end of the snapshot.
  void read(std::string_view data, std::size_t piece) {
    while (!parser.ended()) {
      const SnapshotItem& item = parser.next();
      if (std::holds_alternative<NeedMore>(item)) {
        if (data.empty()) {
          text += "cut off\n";
          return;
        }
        parser.append(data.substr(0, piece));
        data.remove_prefix(std::min(piece, data.size()));
      } else {
        std::visit(*this, item);
      }
    }
  }

  void operator()(const NeedMore&) {}
  void operator()(const SnapshotHeader& h) {
    text += fmt::format("{} {}\n", h.dialect == Dialect::redis ? "redis" : "valkey", h.version);
  }
  void operator()(const AuxField& f) { text += fmt::format("aux {}={}\n", f.name, f.value); }
  void operator()(const SelectDb& s) { text += fmt::format("db {}\n", s.db); }
  void operator()(const ResizeDb& r) { text += fmt::format("resize {} {}\n", r.keys, r.expiring); }
  void operator()(const SlotInfo& s) { text += fmt::format("slot {} {} {}\n", s.slot, s.keys, s.expiring); }
  void operator()(const SlotImport& s) {
    text += fmt::format("import {}", s.job);
    for (const auto& [from, to] : s.slots) text += fmt::format(" {}-{}", from, to);
    text += '\n';
  }
  void operator()(const FunctionLibrary& f) { text += fmt::format("function {}\n", f.code); }
  void operator()(const ModuleAux& m) { text += fmt::format("module {} {} {}\n", m.module, m.moduleVersion, m.bytes); }
  void operator()(const Entry& e) {
    info(e.info);
    text += fmt::format(" raw {}\n", e.raw.size());
  }
  void operator()(const BigBegin& b) {
    info(b.info);
    text += b.textBytes ? fmt::format(" text {}\n", *b.textBytes) : " records\n";
    parts_ = 0;
  }
  void operator()(const BigPart& p) {
    ASSERT_FALSE(p.bytes.empty());
    parts_ += p.bytes.size();
    longestPart = std::max(longestPart, p.bytes.size());
  }
  void operator()(const BigEnd&) { text += fmt::format("parts {}\n", parts_); }
  void operator()(const SnapshotEnd& e) { text += fmt::format("end {} {}\n", e.checked, e.bytes); }

 private:
  void info(const KeyInfo& k) {
    text += fmt::format("key {}:{} type {}", k.db, k.key, k.type);
    if (k.expireAtMs) text += fmt::format(" until {}", *k.expireAtMs);
    if (k.idleSeconds) text += fmt::format(" idle {}", *k.idleSeconds);
    if (k.frequency) text += fmt::format(" frequency {}", *k.frequency);
    if (k.moduleMetadata) text += " metadata";
  }
  std::size_t parts_ = 0;
};

std::string items(std::string_view data, std::size_t piece = 1 << 20, SnapshotLimits limits = {}) {
  Reader reader(limits);
  reader.read(data, piece);
  return reader.text;
}

/// The message of the Error that the parse ends with.
std::string refused(std::string_view data, SnapshotLimits limits = {}) {
  try {
    return "nothing: " + items(data, 1 << 20, limits);
  } catch (const Error& error) {
    return error.text();
  }
}

constexpr std::uint64_t kModuleId = 0x1234567890abcc07;

std::string everything() {
  const std::string modulePieces = length(1) + length(7) + length(2) + length(8) + length(3) + "1234" + length(4) +
                                   "12345678" + length(5) + string("text") + length(0);
  return file(aux("redis-ver", "8.6.0") + byte(254) + length(11) + byte(251) + length(3) + length(1) + byte(244) +
                  length(16383) + length(2) + length(1) + byte(245) + string("#!lua name=x") + byte(247) +
                  length(kModuleId) + length(2) + length(1) + modulePieces + byte(252) + little(1700000000123, 8) +
                  byte(248) + length(900) + key(kString, "a", string("text")) + byte(253) + little(1700000000, 4) +
                  byte(249) + byte(200) + key(kString, std::string(30, 'k'), lzfRun('x', 90)) + byte(kString) +
                  int16(-300) + int8(5) + byte(243) + length(1) + "spec" + modulePieces +
                  key(kList, "list", length(2) + string("x") + string("y")) +
                  key(kModule2, "m", length(kModuleId) + modulePieces) + byte(254) + length(0) +
                  key(kStreamListpacks5, "stream", stream(kStreamListpacks5)) +
                  key(kHashListpackEx, "h", little(5, 8) + string("lp")),
              "REDIS0014");
}

TEST(RdbSnapshot, everyItem) {
  const std::string expected = fmt::format(
      "redis 14\naux redis-ver=8.6.0\ndb 11\nresize 3 1\nslot 16383 2 1\nfunction #!lua name=x\n"
      "module EjRWeJCrz 7 25\n"  // nine letters of six bits each, in front of ten bits of version
      "key 11:a type 0 until 1700000000123 idle 900 raw 5\n"
      "key 11:kkkkkkkkkkkkkkkkkkkkkkkkkkkkkk type 0 until 1700000000000 frequency 200 raw 9\n"
      "key 11:-300 type 0 raw 2\nkey 11:list type 1 metadata raw 5\nkey 11:m type 7 raw 34\ndb 0\n"
      "key 0:stream type 27 raw {}\nkey 0:h type 25 raw 11\nend true {}\n",
      stream(kStreamListpacks5).size(), everything().size());
  EXPECT_EQ(items(everything()), expected);
}

std::string importsOfValkey() {
  return file(byte(243) + string("job") + length(2) + length(5) + length(7) + length(100) + length(16383) +
                  key(kValkeyHash2, "h", length(1) + string("f") + string("v") + little(~std::uint64_t{0}, 8)),
              "VALKEY080");
}

TEST(RdbSnapshot, piecesOfAnySizeGiveTheSame) {
  for (const std::string& data : {everything(), importsOfValkey()}) {
    const std::string whole = items(data);
    EXPECT_TRUE(whole.ends_with(fmt::format("end true {}\n", data.size()))) << whole;
    for (const std::size_t piece : {1, 2, 3, 7, 50, 1000}) EXPECT_EQ(items(data, piece), whole) << piece;
  }
}

TEST(RdbSnapshot, everyCutIsNoticed) {
  const std::string data = everything();
  for (std::size_t cut = 0; cut < data.size(); ++cut)
    EXPECT_TRUE(items(std::string_view(data).substr(0, cut)).ends_with("cut off\n")) << cut;
}

TEST(RdbSnapshot, theMagicDecidesWhatType22AndOpcode243Are) {
  const std::string imports =
      byte(243) + string("job") + length(2) + length(0) + length(5) + length(100) + length(16383);
  const std::string hash = length(1) + string("f") + string("v") + little(~std::uint64_t{0}, 8);
  EXPECT_EQ(items(file(imports + key(22, "h", hash), "VALKEY080")),
            "valkey 80\nimport job 0-5 100-16383\nkey 0:h type 22 raw 13\nend true " +
                std::to_string(file(imports + key(22, "h", hash)).size()) + "\n");
  EXPECT_EQ(items(file(key(22, "h", length(1) + length(0) + string("f") + string("v")), "REDIS0012")).substr(0, 30),
            "redis 12\nkey 0:h type 22 raw 6");
  EXPECT_NE(refused(file(byte(243) + string("job") + length(1) + length(5) + length(4), "VALKEY080"))
                .find("slots are imported that do not exist"),
            std::string::npos);
  EXPECT_NE(refused(file(byte(243) + string("job") + length(16385), "VALKEY080"))
                .find("more slots are imported than there are"),
            std::string::npos);
  EXPECT_NE(refused(file(aux("valkey-ver", "9.1.2") + key(24, "h", ""), "VALKEY080"))
                .find("type 24 at the key h in a snapshot of Valkey 9.1.2"),
            std::string::npos);
}

TEST(RdbSnapshot, whatIsNotKnownIsNamed) {
  EXPECT_EQ(refused(file(aux("redis-ver", "8.8.0") + key(28, "an\narray", "?"))),
            "The source's log holds what cannot be replicated yet: type 28 (array) at the key an\\x0aarray in a "
            "snapshot of Redis 8.8.0");
  EXPECT_NE(refused(file(key(6, "m", "?")))
                .find("type 6 (module of a release candidate) at the key m in a snapshot of an unnamed server"),
            std::string::npos);
  EXPECT_NE(refused(file(byte(200) + string("x"))).find("type 200 at the key x"), std::string::npos);
  EXPECT_NE(refused(file(byte(246) + string("x"))).find("functions in the form of a release candidate"),
            std::string::npos);
}

TEST(RdbSnapshot, damageNamesItsByte) {
  EXPECT_EQ(refused("RUBBISH001"),
            "The source's log is not readable at byte 0 of the snapshot: it begins neither with REDIS nor with VALKEY");
  EXPECT_NE(refused("REDIS00x1").find("the version of its format is not a number"), std::string::npos);
  EXPECT_EQ(refused(file(key(kString, "k", byte(0xc9)))),
            "The source's log is not readable at byte 12 of the snapshot (key k): a string has an unknown form");
  std::string data = file(key(kString, "k", string("value")));
  data[14] ^= 1;
  EXPECT_EQ(refused(data), "The source's log is not readable at byte 19 of the snapshot: its checksum does not fit");
}

TEST(RdbSnapshot, checksumsThatAreNotThere) {
  std::string data = file("");
  std::fill(data.end() - 8, data.end(), '\0');
  EXPECT_EQ(items(data), "redis 11\nend false 18\n");
  EXPECT_EQ(items("REDIS0004" + byte(255)), "redis 4\nend false 10\n");
}

TEST(RdbSnapshot, whatFollowsStaysInTheWindow) {
  const std::string data = file(key(kString, "k", string("v")));
  Reader reader;
  reader.read(data + "mark and stream", 7);
  EXPECT_EQ(reader.parser.position(), data.size());
  const std::string rest(reader.parser.rest());
  EXPECT_TRUE(std::string_view("mark and stream").starts_with(rest));
  reader.parser.append(" more");
  EXPECT_EQ(reader.parser.rest(), rest + " more");
}

TEST(RdbSnapshot, aLongStringComesAsPiecesOfItsText) {
  const std::string text(3'000'000, 't');
  const std::string data =
      file(byte(252) + little(5, 8) + key(kString, "long", string(text)) + key(kString, "k", string("v")));
  for (const std::size_t piece : {1000, 300'000, 10'000'000}) {
    Reader reader;
    reader.read(data, piece);
    EXPECT_EQ(
        reader.text,
        fmt::format(
            "redis 11\nkey 0:long type 0 until 5 text 3000000\nparts 3000000\nkey 0:k type 0 raw 2\nend true {}\n",
            data.size()));
  }
}

TEST(RdbSnapshot, aLongValueComesAsPartsOfWholeRecords) {
  std::string value = length(100'000);
  for (int i = 0; i < 100'000; ++i) value += string(fmt::format("element {:07}", i));
  const std::string data = file(key(kSet, "long", value) + key(kString, "k", string("v")));
  constexpr std::size_t kLimit = 10'000, kRecord = 16;
  for (const std::size_t piece : {999, 300'000}) {
    Reader reader({kLimit, 1 << 20});
    reader.read(data, piece);
    EXPECT_EQ(reader.text,
              fmt::format("redis 11\nkey 0:long type 2 records\nparts {}\nkey 0:k type 0 raw 2\nend true {}\n",
                          value.size(), data.size()));
    EXPECT_LE(reader.longestPart, kLimit + kRecord);
  }
}

TEST(RdbSnapshot, partsDecodeToWhatTheWholeDoes) {
  const std::string value = stream(kStreamListpacks5);
  const std::string data = file(key(kStreamListpacks5, "s", value));
  for (std::size_t limit = 0; limit < value.size(); ++limit) {
    SnapshotParser parser({limit, 1 << 20});
    ValueDecoder decoder(kStreamListpacks5, Dialect::redis);
    Lines lines;
    parser.append(data);
    while (!parser.ended()) {
      if (const auto* part = std::get_if<BigPart>(&parser.next())) decoder.decode(part->bytes, lines);
    }
    decoder.finish();
    ASSERT_EQ(lines.text, decoded(kStreamListpacks5, value)) << limit;
  }
}

TEST(RdbSnapshot, memoryStaysBelowFourTimesTheLimit) {
  SnapshotParser parser({1 << 20, 1 << 30});
  parser.append("REDIS0011" + byte(kList) + string("endless") + byte(0x81) + big(std::uint64_t{1} << 60U, 8));
  const std::string element = string(std::string(1000, 'x'));
  std::string block;
  while (block.size() < 200'000) block += element;
  std::size_t most = 0;
  for (int i = 0; i < 150; ++i) {  // 30 MB
    while (!std::holds_alternative<NeedMore>(parser.next())) {
    }
    most = std::max(most, parser.room().size() + parser.rest().size());
    parser.append(block);
  }
  EXPECT_LE(most, std::size_t{4} << 20U);
}

TEST(RdbSnapshot, aRecordAboveItsLimitEndsTheParse) {
  const std::string data =
      "REDIS0011" + byte(kList) + string("k") + length(1) + length(50'000'000) + std::string(3'000'000, 'x');
  EXPECT_NE(refused(data, {1000, 1'000'000}).find("a value at byte 13 of the snapshot (key k) needs more than"),
            std::string::npos)
      << refused(data, {1000, 1'000'000});
}

TEST(RdbSnapshot, claimsTakeNoMemory) {
  // 2^63 elements, or a string of 2^60 bytes, of which nothing comes.
  EXPECT_TRUE(items("REDIS0011" + byte(kHash) + string("k") + byte(0x81) + big(std::uint64_t{1} << 63U, 8))
                  .ends_with("cut off\n"));
  EXPECT_TRUE(items("REDIS0011" + byte(kList) + string("k") + length(1) + byte(0x81) + big(std::uint64_t{1} << 60U, 8))
                  .ends_with("cut off\n"));
  EXPECT_TRUE(items("REDIS0011" + byte(250) + byte(0x81) + big(~std::uint64_t{0}, 8)).ends_with("cut off\n"));
}

}  // namespace
}  // namespace drs::rdb
