// Every type, from the bytes that real servers logged, against the text that the same servers print.
#include "base/error.h"
#include "recording.h"
#include "wire/mysql/control_events.h"
#include "wire/mysql/event.h"
#include "wire/mysql/inflate.h"
#include "wire/mysql/row_layout.h"
#include "wire/mysql/table_map.h"

#include <fmt/format.h>
#include <zstd.h>

#include <bit>
#include <map>

namespace drs::mysql {
namespace {

/// The form of the .rows files.
std::string escaped(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte > 0x20 && byte < 0x7f && c != '\\' ? std::string(1, c) : fmt::format("\\{:02x}", byte);
  }
  return out;
}

class Printer final : public RowValueSink {
 public:
  void onNull() override { add("NULL"); }
  void onAbsent() override { add("-"); }
  void onSigned(std::int64_t value) override { add(std::to_string(value)); }
  void onUnsigned(std::uint64_t value) override { add(std::to_string(value)); }
  void onReal(double value) override { add(fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value))); }
  void onNumber(std::string_view text) override { add(std::string(text)); }
  void onText(std::string_view bytes) override { add(escaped(bytes)); }

  std::vector<std::string> values;

 private:
  void add(std::string text) { values.push_back(std::move(text)); }
};

/// What types.sql and partial-json.sql declare; the log need not say it.
const std::map<std::string, std::vector<ColumnFormat>>& formats() {
  static const auto made = [] {
    std::map<std::string, std::vector<ColumnFormat>> out;
    const auto plain = [](std::size_t count) { return std::vector<ColumnFormat>(count); };
    out["integers"] = plain(12);
    for (const std::size_t i : {2U, 4U, 6U, 8U, 10U}) out["integers"][i].isUnsigned = true;
    out["decimals"] = plain(10);
    out["reals"] = plain(4);
    out["bits"] = plain(9);
    out["times"] = plain(14);
    out["strings"] = plain(12);
    out["strings"][7].padWithZeros = out["strings"][8].padWithZeros = true;
    out["blobs"] = plain(9);
    out["documents"] = plain(2);
    out["partial"] = plain(4);
    return out;
  }();
  return made;
}

/// Replays a dump into rows by table and id.
class Replay {
 public:
  void feed(const std::string& packet) { onEvent(framer_.frame(packet)); }

  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& [table, rows] : tables_) {
      for (const auto& [id, row] : rows) out += table + " " + row + "\n";
    }
    return out;
  }
  std::map<EventType, int> seen;
  int refused = 0;

  /// Decodes cut and changed copies of the rows of the packet; counts the errors.
  void feedDamaged(const std::string& packet, std::size_t step) {
    const Event event = framer_.frame(packet);
    if (event.header.type == EventType::tableMap) {
      maps_[parseTableId(event, framer_.format())] = parseTableMap(event, framer_.format());
    }
    if (event.body.size() > 1500) return;
    for (std::size_t i = 0; i < event.body.size(); i += step) {
      std::string changed(event.body);
      changed[i] = static_cast<char>(changed[i] ^ (1U << i % 8));
      decodeQuietly({event.header, changed});
      decodeQuietly({event.header, std::string_view(event.body).substr(0, i)});
    }
  }

 private:
  void decodeQuietly(const Event& event) {
    try {
      if (event.header.type == EventType::transactionPayload) {
        PayloadReader payload(event.body);
        while (const auto inner = payload.next()) decodeQuietly(EventFramer::frameInner(*inner));
      } else if (event.header.type == EventType::tableMap) {
        (void)parseTableMap(event, framer_.format());
      } else if (isRowsEvent(event.header.type)) {
        std::string scratch;
        const RowsEvent rows = parseRows(event, framer_.format(), scratch);
        const auto map = maps_.find(rows.tableId);
        if (map == maps_.end() || !hasFullImages(rows)) return;
        Printer printer;
        RowLayout(map->second, formats().at(map->second.table)).decode(rows, printer);
      }
    } catch (const Error& error) {
      EXPECT_TRUE(error.msg() == Msg::logCorrupt || error.msg() == Msg::logUnsupported ||
                  error.msg() == Msg::limitExceeded);
      ++refused;
    }
  }

  void onEvent(const Event& event) {
    ++seen[event.header.type];
    if (event.header.type == EventType::transactionPayload) {
      PayloadReader payload(event.body);
      while (const auto inner = payload.next()) onEvent(EventFramer::frameInner(*inner));
    } else if (event.header.type == EventType::tableMap) {
      maps_[parseTableId(event, framer_.format())] = parseTableMap(event, framer_.format());
    } else if (isRowsEvent(event.header.type)) {
      onRows(event);
    }
  }

  void onRows(const Event& event) {
    std::string scratch;
    const RowsEvent rows = parseRows(event, framer_.format(), scratch);
    const TableMap& map = maps_.at(rows.tableId);
    EXPECT_TRUE(hasFullImages(rows));
    checkMetadata(map);
    Printer printer;
    const std::size_t images = RowLayout(map, formats().at(map.table)).decode(rows, printer);
    ASSERT_EQ(printer.values.size(), images * map.columns.size());
    for (std::size_t i = 0; i < images; ++i) {
      std::string row;
      for (std::size_t c = 0; c < map.columns.size(); ++c)
        row += (c == 0 ? "" : " ") + printer.values[i * map.columns.size() + c];
      const int id = std::stoi(printer.values[i * map.columns.size()]);
      const bool before = rows.kind == RowsKind::remove || (rows.kind == RowsKind::update && i % 2 == 0);
      if (before) {
        EXPECT_EQ(tables_[map.table][id], row);
        tables_[map.table].erase(id);
      } else {
        tables_[map.table][id] = row;
      }
    }
  }

  /// Where the log tells it, it must agree with what was declared.
  static void checkMetadata(const TableMap& map) {
    const auto& declared = formats().at(map.table);
    ASSERT_EQ(map.columns.size(), declared.size());
    if (!map.names.empty()) {
      EXPECT_EQ(map.names[0], "id");
    }
    if (!map.isUnsigned || map.table != "integers") return;
    for (std::size_t i = 0; i + 1 < declared.size(); ++i) EXPECT_EQ((*map.isUnsigned)[i], declared[i].isUnsigned) << i;
  }

  EventFramer framer_;
  std::map<std::uint64_t, TableMap> maps_;
  std::map<std::string, std::map<int, std::string>> tables_;
};

struct Recording {
  const char* log;
  const char* rows;
  EventType mustHave;
};

class RecordedTypes : public testing::TestWithParam<Recording> {};

TEST_P(RecordedTypes, decodeToWhatTheServerPrints) {
  Replay replay;
  for (const std::string& packet : readPackets(std::string(GetParam().log) + ".bin")) replay.feed(packet);
  EXPECT_EQ(replay.text(), readData(std::string(GetParam().rows) + ".rows"));
  EXPECT_GT(replay.seen[GetParam().mustHave], 0);
}

/// A changed byte is noticed by the checksum, wherever it is. (What the type byte turns into ROTATE or HEARTBEAT may
/// have none.)
TEST_P(RecordedTypes, haveTheirChecksumsVerified) {
  constexpr std::size_t kTypeByte = 4;
  EventFramer framer;
  for (const std::string& packet : readPackets(std::string(GetParam().log) + ".bin")) {
    const EventType type = framer.frame(packet).header.type;
    const bool madeUp = type == EventType::rotate || type == EventType::heartbeat || type == EventType::heartbeatV2;
    if (madeUp || type == EventType::formatDescription || packet.size() > 1000) continue;
    for (std::size_t i = 0; i < packet.size(); i += 3) {
      if (i == kTypeByte) continue;
      std::string damaged = packet;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x15);
      EXPECT_THROW(framer.frame(damaged), Error) << eventName(type) << " " << i;
    }
  }
}

/// Rows that are cut off or changed, behind the checksum, end in an Error or in other values, never in a crash.
TEST_P(RecordedTypes, surviveDamage) {
  const std::vector<std::string> packets = readPackets(std::string(GetParam().log) + ".bin");
  const std::size_t sparse = packets.size() > 200 ? 10 : 1;
  for (const std::size_t step : {7U, 31U}) {
    Replay replay;
    for (const std::string& packet : packets) replay.feedDamaged(packet, step * sparse);
    EXPECT_GT(replay.refused, 0);
  }
}

std::string recordingName(const testing::TestParamInfo<Recording>& recording) {
  std::string name = recording.param.log;
  for (char& c : name) {
    if (c == '-' || c == '.') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Servers, RecordedTypes,
    testing::Values(Recording{"mariadb-10.11-types", "mariadb-10.11-types", EventType::writeRowsV1},
                    Recording{"mariadb-10.11-types-compressed", "mariadb-10.11-types",
                              EventType::writeRowsCompressedV1},
                    Recording{"mysql-9.7-types", "mysql-9.7-types", EventType::writeRows},
                    Recording{"mysql-9.7-types-compressed", "mysql-9.7-types", EventType::transactionPayload},
                    Recording{"mysql-9.7-partial-json", "mysql-9.7-partial-json", EventType::partialUpdateRows}),
    recordingName);

std::string fromDigits(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

/// As MariaDB 10.11 logs them; the second with column_compression_zlib_wrap.
TEST(CompressedColumn, isRawOrWrapped) {
  std::string scratch;
  EXPECT_EQ(inflateColumn(fromDigits("89ff4b4a1ad10000"), scratch), std::string(255, 'b'));
  EXPECT_EQ(inflateColumn(fromDigits("81ff789c4b4a1ad10000d2cf619f"), scratch), std::string(255, 'b'));
  EXPECT_EQ(inflateColumn(fromDigits("89646360a03d0000"), scratch), std::string(100, '\0'));
  const std::string plain = fromDigits("0061");
  EXPECT_EQ(inflateColumn(plain, scratch), "a");
  EXPECT_EQ(inflateColumn("", scratch), "");
  EXPECT_THROW((void)inflateColumn(fromDigits("81ff4b4a1ad10000"), scratch), Error);
}

/// All bytes of the value may come out of a stream whose end is missing.
TEST(CompressedColumn, cutShortIsRefused) {
  std::string scratch;
  for (const std::string whole : {"89ff4b4a1ad10000", "81ff789c4b4a1ad10000d2cf619f", "89646360a03d0000"}) {
    for (std::size_t cut = 2; cut + 4 <= whole.size(); cut += 2) {
      const std::string bytes = fromDigits(whole.substr(0, whole.size() - cut));
      EXPECT_THROW((void)inflateColumn(bytes, scratch), Error) << whole << " without its last " << cut / 2;
    }
  }
  EXPECT_THROW((void)inflateColumn(fromDigits("81ff789c4b4a1ad10000d2cf619e"), scratch), Error) << "checksum";
  EXPECT_THROW((void)inflateColumn(fromDigits("89fe4b4a1ad10000"), scratch), Error) << "longer than it says";
}

TEST(CompressedRecord, cutShortIsRefused) {
  const std::string whole = "81ff789c4b4a1ad10000d2cf619f";
  EXPECT_EQ(inflateRecord(fromDigits(whole)), std::string(255, 'b'));
  for (std::size_t cut = 2; cut + 4 <= whole.size(); cut += 2)
    EXPECT_THROW((void)inflateRecord(fromDigits(whole.substr(0, whole.size() - cut))), Error) << cut / 2;
}

/// A payload of whole events that ends before its frame does.
TEST(Payload, cutShortIsRefused) {
  std::string event(19, '\0');
  event[9] = 19;
  std::string packed(100, '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_inBuffer in{event.data(), event.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  ASSERT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush), 0U);
  const std::size_t cut = out.pos;
  ASSERT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(context);
  const auto count = [&](std::size_t size) {
    const std::string head{2, 1, 0, 1, 1, static_cast<char>(size), 0};
    const std::string body = head + packed.substr(0, size);
    PayloadReader reader(body);
    int events = 0;
    while (reader.next()) ++events;
    return events;
  };
  EXPECT_EQ(count(out.pos), 1);
  EXPECT_THROW((void)count(cut), Error);
}

}  // namespace
}  // namespace drs::mysql
