#include "wire/mysql/inflate.h"

#include "base/bytes.h"
#include "wire/mysql/event.h"
#include "wire/mysql/varlen.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace drs::mysql {
namespace {

constexpr int kRawDeflate = -MAX_WBITS, kZlibStream = MAX_WBITS;
/// Memory is taken in steps, so that a length that lies cannot make us take a gigabyte at once.
constexpr std::size_t kStepBytes = std::size_t{1} << 20U;

void inflateInto(std::string& out, std::string_view packed, std::uint64_t size, int windowBits) {
  if (size > kMaxInflatedBytes) {
    throw Error(
        Msg::limitExceeded,
        {"a compressed event or value", fmt::format("{} bytes", size), fmt::format("{} bytes", kMaxInflatedBytes)},
        Origin::source);
  }
  z_stream stream{};
  if (inflateInit2(&stream, windowBits) != Z_OK) throw Error(Msg::internal, {"zlib cannot start"});
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  out.clear();
  int state = Z_OK;
  while (state == Z_OK && out.size() < size) {
    const std::size_t before = out.size();
    const std::size_t step = std::min<std::uint64_t>(size - before, std::max(kStepBytes, before));
    out.resize(before + step);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(step);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + step - stream.avail_out);
  }
  // All of the value may be there although the stream is cut short; its end says so, and holds the checksum.
  if (state == Z_OK && out.size() == size) {
    Bytef beyond = 0;
    stream.next_out = &beyond;
    stream.avail_out = 1;
    state = inflate(&stream, Z_NO_FLUSH);
    if (stream.avail_out == 0) throwCorrupt("compressed data is longer than it says");
  }
  if (state != Z_STREAM_END || out.size() != size) throwCorrupt("compressed data cannot be unpacked");
}

}  // namespace

std::string inflateRecord(std::string_view record) {
  ByteReader in(record);
  const std::uint8_t head = in.u8();
  const std::size_t lengthBytes = head & 0x07U;
  if ((head & 0x80U) == 0 || lengthBytes == 0 || lengthBytes > 4)
    throwCorrupt("a compressed event has no valid header");
  if ((head & 0x70U) != 0)
    throwUnsupported("an event compressed by an unknown method", "Set log_bin_compress to OFF at the source.");
  const std::uint64_t size = in.big(lengthBytes);
  if (!in.ok()) throwCorrupt("a compressed event is cut off");
  std::string out;
  inflateInto(out, in.rest(), size, kZlibStream);
  return out;
}

std::string_view inflateColumn(std::string_view value, std::string& scratch) {
  ByteReader in(value);
  if (value.empty()) return value;
  const std::uint8_t head = in.u8();
  if (head == 0) return in.rest();
  const std::size_t lengthBytes = head & 0x07U;
  // Bit 3 tells a raw stream (1, the default) from one with a zlib header (0, column_compression_zlib_wrap).
  if ((head & 0xf0U) != 0x80U || lengthBytes == 0 || lengthBytes > 4)
    throwCorrupt("a compressed column value has no valid header");
  const std::uint64_t size = in.big(lengthBytes);
  if (!in.ok()) throwCorrupt("a compressed column value is cut off");
  inflateInto(scratch, in.rest(), size, (head & 0x08U) != 0 ? kRawDeflate : kZlibStream);
  return scratch;
}

struct PayloadReader::Stream {
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> zstd{ZSTD_createDStream()};
  bool open = false;  ///< within a frame, whose end is still to come
};

PayloadReader::PayloadReader(std::string_view body) {
  enum Field : std::uint64_t { end = 0, payloadSize = 1, compression = 2 };
  enum Compression : std::uint64_t { zstd = 0, none = 255 };
  ByteReader in(body);
  std::uint64_t method = none;
  std::optional<std::uint64_t> size;
  while (in.ok()) {
    const std::uint64_t field = readLength(in);
    if (!in.ok() || field == end) break;
    ByteReader value(in.slice(readLength(in)));
    if (field == payloadSize) size = readLength(value);
    if (field == compression) method = readLength(value);
    if (!value.ok()) in.fail();
  }
  if (!in.ok() || !size || *size != in.left()) throwCorrupt("the header of TRANSACTION_PAYLOAD is not readable");
  if (method != zstd && method != none) {
    throwUnsupported("a transaction compressed by an unknown method",
                     "Set binlog_transaction_compression to OFF at the source.");
  }
  packed_ = in.rest();
  if (method == zstd) {
    stream_ = std::make_unique<Stream>();
    if (!stream_->zstd) throw Error(Msg::internal, {"zstd cannot start"});
  }
}

PayloadReader::~PayloadReader() = default;

/// Brings event_ to `bytes` bytes; false if the payload ends before its first byte of them.
bool PayloadReader::fill(std::size_t bytes) {
  while (event_.size() < bytes) {
    const std::size_t before = event_.size();
    const std::size_t step = std::min(bytes - before, std::max(kStepBytes, before));
    if (!stream_) {
      const std::size_t taken = std::min(step, packed_.size());
      event_.append(packed_.substr(0, taken));
      packed_.remove_prefix(taken);
    } else {
      event_.resize(before + step);
      ZSTD_inBuffer in{packed_.data(), packed_.size(), 0};
      ZSTD_outBuffer out{event_.data() + before, step, 0};
      const std::size_t result = ZSTD_decompressStream(stream_->zstd.get(), &out, &in);
      event_.resize(before + out.pos);
      if (ZSTD_isError(result) != 0) throwCorrupt("TRANSACTION_PAYLOAD cannot be unpacked");
      if (in.pos > 0 || out.pos > 0) stream_->open = result != 0;
      packed_.remove_prefix(in.pos);
    }
    if (event_.size() == before && packed_.empty()) break;
  }
  const bool inFrame = stream_ && stream_->open;
  if (event_.size() < bytes && (!event_.empty() || inFrame)) throwCorrupt("TRANSACTION_PAYLOAD is cut off");
  return event_.size() == bytes;
}

std::optional<std::string_view> PayloadReader::next() {
  event_.clear();
  if (!fill(kEventHeaderBytes)) return std::nullopt;
  ByteReader in(event_);
  in.skip(9);
  const std::uint32_t size = in.u32();
  if (size < kEventHeaderBytes || size > kMaxInflatedBytes)
    throwCorrupt("an event inside TRANSACTION_PAYLOAD has an impossible length");
  (void)fill(size);
  return event_;
}

}  // namespace drs::mysql
