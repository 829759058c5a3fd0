#include "wire/rdb/packed.h"

#include "wire/rdb/reader.h"

#include <charconv>
#include <cmath>

namespace drs::rdb {
namespace {

constexpr std::uint8_t kEnd = 0xff;
constexpr std::uint64_t kManyElements = 65535;

void mustBeLast(ByteReader& in, const char* what) {
  if (!in.ok() || in.left() != 0) throwCorrupt(std::string("a ") + what + " does not end where it should");
}

void mustMatch(std::uint64_t claimed, std::uint64_t seen, std::uint64_t unknown, const char* what) {
  if (claimed != unknown && claimed != seen)
    throwCorrupt(std::string("a ") + what + " has another number of elements than it says");
}

void readNumber(ByteReader& in, std::size_t width, Packed& out) {
  const std::string_view bytes = in.slice(width);
  out = {{}, bytes.empty() ? 0 : signedLittle(bytes, width), true};
}

}  // namespace

std::string_view Packed::text(char* buffer) const {
  return isNumber ? integerText(number, buffer) : bytes;
}

double Packed::score() const {
  return isNumber ? static_cast<double>(number) : scoreOf(bytes);
}

double scoreOf(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || std::isnan(value))
    throwCorrupt("a score is not a number");
  return value;
}

Listpack::Listpack(std::string_view bytes) : in_(bytes) {
  const std::uint64_t size = in_.u32();
  claimed_ = in_.u16();
  if (!in_.ok() || size != bytes.size() || bytes.back() != static_cast<char>(kEnd) || in_.left() == 0)
    throwCorrupt("a listpack has no valid head or end");
}

bool Listpack::next(Packed& out) {
  const std::size_t begin = in_.position();
  const std::uint8_t form = in_.u8();
  if (form == kEnd) {
    mustBeLast(in_, "listpack");
    mustMatch(claimed_, seen_, kManyElements, "listpack");
    return false;
  }
  ++seen_;
  if (form < 0x80) {
    out = {{}, form, true};
  } else if (form < 0xc0) {
    out = {in_.slice(form & 0x3fU)};
  } else if (form < 0xe0) {
    const std::int64_t raw = (form & 0x1fU) << 8U | in_.u8();
    out = {{}, raw >= 4096 ? raw - 8192 : raw, true};
  } else if (form < 0xf0) {
    const std::size_t size = (form & 0x0fU) << 8U | in_.u8();
    out = {in_.slice(size)};
  } else if (form == 0xf0) {
    out = {in_.slice(in_.u32())};
  } else if (form <= 0xf3) {
    readNumber(in_, form - 0xefU, out);  // 2, 3, 4 bytes
  } else if (form == 0xf4) {
    readNumber(in_, 8, out);
  } else {
    throwCorrupt("a listpack has an element of an unknown form");
  }
  const std::size_t size = in_.position() - begin;
  in_.skip(size < 128 ? 1 : size < 16384 ? 2 : size < 2097152 ? 3 : size < 268435456 ? 4 : 5);
  if (!in_.ok()) throwCorrupt("a listpack is cut off");
  return true;
}

std::int64_t Listpack::number() {
  Packed out;
  if (!next(out)) throwCorrupt("a listpack of a stream is cut off");
  if (!out.isNumber) throwCorrupt("a listpack of a stream has text where a number must be");
  return out.number;
}

Ziplist::Ziplist(std::string_view bytes) : in_(bytes) {
  const std::uint64_t size = in_.u32();
  in_.skip(4);
  claimed_ = in_.u16();
  if (!in_.ok() || size != bytes.size() || bytes.back() != static_cast<char>(kEnd) || in_.left() == 0)
    throwCorrupt("a ziplist has no valid head or end");
}

void Ziplist::element(std::uint8_t form, Packed& out) {
  switch (form >> 6U) {
    case 0:
      out = {in_.slice(form)};
      return;
    case 1: {
      const std::size_t size = (form & 0x3fU) << 8U | in_.u8();
      out = {in_.slice(size)};
      return;
    }
    case 2:
      if (form != 0x80) break;
      out = {in_.slice(in_.big(4))};
      return;
    default:
      if (form == 0xc0) return readNumber(in_, 2, out);
      if (form == 0xd0) return readNumber(in_, 4, out);
      if (form == 0xe0) return readNumber(in_, 8, out);
      if (form == 0xf0) return readNumber(in_, 3, out);
      if (form == 0xfe) return readNumber(in_, 1, out);
      if (form < 0xf1 || form > 0xfd) break;
      out = {{}, static_cast<std::int64_t>(form & 0x0fU) - 1, true};
      return;
  }
  throwCorrupt("a ziplist has an element of an unknown form");
}

bool Ziplist::next(Packed& out) {
  const std::uint8_t before = in_.u8();
  if (before == kEnd) {
    mustBeLast(in_, "ziplist");
    mustMatch(claimed_, seen_, kManyElements, "ziplist");
    return false;
  }
  ++seen_;
  if (before == 254) in_.skip(4);
  element(in_.u8(), out);
  if (!in_.ok()) throwCorrupt("a ziplist is cut off");
  return true;
}

Zipmap::Zipmap(std::string_view bytes) : in_(bytes) {
  claimed_ = in_.u8();
  if (bytes.size() < 2 || bytes.back() != static_cast<char>(kEnd)) throwCorrupt("a zipmap has no valid head or end");
}

bool Zipmap::next(Packed& out) {
  std::uint64_t size = in_.u8();
  if (size == kEnd && !atValue_) {
    mustBeLast(in_, "zipmap");
    mustMatch(claimed_ >= 254 ? 254 : claimed_, seen_, 254, "zipmap");
    return false;
  }
  if (size == kEnd) throwCorrupt("a zipmap ends with a field without value");
  if (size == 254) size = in_.u32();
  const std::size_t unused = atValue_ ? in_.u8() : 0;
  out = {in_.slice(size)};
  in_.skip(unused);
  if (!in_.ok()) throwCorrupt("a zipmap is cut off");
  if (atValue_) ++seen_;
  atValue_ = !atValue_;
  return true;
}

Intset::Intset(std::string_view bytes) : in_(bytes) {
  width_ = in_.u32();
  const std::uint64_t numbers = in_.u32();
  if (!in_.ok() || (width_ != 2 && width_ != 4 && width_ != 8) || in_.left() != numbers * width_)
    throwCorrupt("an intset has no valid head");
}

bool Intset::next(Packed& out) {
  if (in_.left() == 0) return false;
  readNumber(in_, width_, out);
  return true;
}

}  // namespace drs::rdb
