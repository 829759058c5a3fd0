#include "base/bytes.h"
#include "base/error.h"
#include "wire/event_builder.h"
#include "wire/mysql/control_events.h"
#include "wire/mysql/event.h"
#include "wire/mysql/inflate.h"
#include "wire/mysql/row_layout.h"
#include "wire/mysql/table_map.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

// A dump of any events. The input is a list of (length 2, type 1, flags 1, body); headers and checksums are made to
// fit, so that the bodies are reached. Whatever comes, the answer is values or an Error of the wire.

namespace {

using namespace drs;
using namespace drs::mysql;

class NullSink final : public RowValueSink {
 public:
  void onAbsent() override { ++values; }
  void onNull() override { ++values; }
  void onSigned(std::int64_t) override { ++values; }
  void onUnsigned(std::uint64_t) override { ++values; }
  void onReal(double) override { ++values; }
  void onNumber(std::string_view text) override { values += text.empty() ? 0 : 1; }
  void onText(std::string_view bytes) override {
    sum += bytes.empty() ? 0 : static_cast<unsigned char>(bytes.back());  // touches what it is given
    ++values;
  }
  std::size_t values = 0, sum = 0;
};

class Decoder {
 public:
  void feed(const std::string& packet) { decode(framer_.frame(packet)); }

 private:
  void decode(const Event& event) {
    std::string scratch;
    switch (event.header.type) {
      case EventType::rotate:
        (void)parseRotate(event.body);
        return;
      case EventType::gtid:
      case EventType::anonymousGtid:
      case EventType::taggedGtid:
        (void)parseGtid(event);
        return;
      case EventType::previousGtids:
        (void)parsePreviousGtids(event.body);
        return;
      case EventType::mariadbGtid:
        (void)parseMariadbGtid(event);
        return;
      case EventType::query:
      case EventType::queryCompressed:
      case EventType::executeLoadQuery:
        (void)parseQuery(event, framer_.format(), scratch);
        return;
      case EventType::heartbeat:
      case EventType::heartbeatV2:
        (void)parseHeartbeat(event);
        return;
      case EventType::xaPrepare:
        (void)parseXaPrepare(event.body);
        return;
      case EventType::incident:
        (void)parseIncident(event.body);
        return;
      case EventType::tableMap:
        tables_[parseTableId(event, framer_.format())] = parseTableMap(event, framer_.format());
        return;
      case EventType::transactionPayload: {
        if (depth_ > 2) return;
        ++depth_;
        PayloadReader payload(event.body);
        while (const auto inner = payload.next()) decode(EventFramer::frameInner(*inner));
        --depth_;
        return;
      }
      default:
        if (isRowsEvent(event.header.type)) rows(event, scratch);
    }
  }

  void rows(const Event& event, std::string& scratch) {
    const RowsEvent rows = parseRows(event, framer_.format(), scratch);
    const bool full = hasFullImages(rows);
    const auto table = tables_.find(rows.tableId);
    if (table == tables_.end() || rows.columns != table->second.columns.size() || !full) return;
    std::vector<ColumnFormat> formats(table->second.columns.size());
    for (std::size_t i = 0; i < formats.size(); ++i) formats[i] = {i % 2 == 0, i % 3 == 0};
    NullSink sink;
    const std::size_t images = RowLayout(table->second, formats).decode(rows, sink);
    if (sink.values < images * formats.size()) std::abort();
  }

  EventFramer framer_;
  std::map<std::uint64_t, TableMap> tables_;
  int depth_ = 0;
};

void guarded(Decoder& decoder, const std::string& packet) {
  try {
    decoder.feed(packet);
  } catch (const Error& error) {
    const bool expected =
        error.msg() == Msg::logCorrupt || error.msg() == Msg::logUnsupported || error.msg() == Msg::limitExceeded;
    if (!expected) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in({reinterpret_cast<const char*>(data), size});
  EventBuilder builder;
  Decoder decoder;
  guarded(decoder, builder.format());
  while (in.left() > 4) {
    const std::size_t length = in.u16();
    const auto type = static_cast<EventType>(in.u8());
    const std::uint8_t flags = in.u8();
    const std::string body(in.slice(std::min(length, in.left())));
    guarded(decoder, builder.event(type, body, false, flags));
  }
  return 0;
}
