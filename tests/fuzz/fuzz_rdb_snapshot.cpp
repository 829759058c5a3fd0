#include "base/error.h"
#include "wire/rdb/crc64.h"
#include "wire/rdb/snapshot_parser.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

// A snapshot: limit of a whole value, size of a piece, then the bytes, to which an end mark and a checksum that fits
// are added. Read as a whole and in pieces: both must say the same, however the values come.

namespace {

using namespace drs;
using namespace drs::rdb;

struct Outcome {
  std::uint64_t keys = 0, bytes = 0, sum = 0;
  bool error = false, ended = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void add(Outcome& outcome, std::string_view bytes) {
  outcome.bytes += bytes.size();
  outcome.sum = crc64(outcome.sum, bytes);
}

void take(Outcome& outcome, const SnapshotItem& item) {
  if (const auto* entry = std::get_if<Entry>(&item)) {
    ++outcome.keys;
    add(outcome, entry->info.key);
    add(outcome, entry->raw);
  } else if (const auto* big = std::get_if<BigBegin>(&item)) {
    ++outcome.keys;
    add(outcome, big->info.key);
  } else if (const auto* part = std::get_if<BigPart>(&item)) {
    add(outcome, part->bytes);
  } else if (const auto* field = std::get_if<AuxField>(&item)) {
    add(outcome, field->name);
    add(outcome, field->value);
  }
}

Outcome read(std::string_view data, std::size_t piece, SnapshotLimits limits) {
  Outcome outcome;
  SnapshotParser parser(limits);
  try {
    while (!parser.ended()) {
      const SnapshotItem& item = parser.next();
      if (!std::holds_alternative<NeedMore>(item)) {
        take(outcome, item);
        continue;
      }
      if (data.empty()) return outcome;
      parser.append(data.substr(0, piece));
      data.remove_prefix(std::min(piece, data.size()));
    }
    outcome.ended = true;
  } catch (const Error& error) {
    if (error.msg() != Msg::logCorrupt && error.msg() != Msg::logUnsupported) std::abort();
    outcome.error = true;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  bytes += static_cast<char>(255);
  const std::uint64_t crc = crc64(0, bytes);
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(crc >> 8U * i & 0xffU);
  const SnapshotLimits wide, narrow{data[0], wide.recordBytes};
  const Outcome whole = read(bytes, bytes.size(), wide);
  if (read(bytes, data[1] + 1U, wide) != whole) std::abort();
  // In parts a key is given before its value is whole, so that only whole snapshots have the same keys.
  const Outcome parts = read(bytes, data[1] + 1U, narrow);
  if (parts.error != whole.error || parts.ended != whole.ended || (whole.ended && parts.keys != whole.keys))
    std::abort();
  return 0;
}
