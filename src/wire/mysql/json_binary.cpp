#include "wire/mysql/json_binary.h"

#include "base/bytes.h"
#include "wire/mysql/json_text.h"
#include "wire/mysql/table_map.h"
#include "wire/mysql/values.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <iterator>

namespace drs::mysql {
namespace {

/// The first byte of a value. Containers come with 2-byte ("small") or 4-byte ("large") counts and offsets.
enum class JsonType : std::uint8_t {
  smallObject = 0,
  largeObject = 1,
  smallArray = 2,
  largeArray = 3,
  literal = 4,
  int16 = 5,
  uint16 = 6,
  int32 = 7,
  uint32 = 8,
  int64 = 9,
  uint64 = 10,
  real = 11,
  string = 12,
  opaque = 15,
};

constexpr unsigned kMaxDepth = 100;  // the server's own limit
/// No value's text is more than 9 times as long as its bytes (a literal in a small array: 3 bytes, "false, ").
constexpr std::size_t kMaxGrowth = 16, kGrowthSlack = 256;

class JsonWriter {
 public:
  JsonWriter(std::string& out, std::string_view binary)
      : out_(out), limit_(out.size() + binary.size() * kMaxGrowth + kGrowthSlack) {}

  void value(std::uint8_t type, std::string_view data, unsigned depth) {
    switch (static_cast<JsonType>(type)) {
      case JsonType::smallObject:
        return container(data, true, 2, depth);
      case JsonType::largeObject:
        return container(data, true, 4, depth);
      case JsonType::smallArray:
        return container(data, false, 2, depth);
      case JsonType::largeArray:
        return container(data, false, 4, depth);
      case JsonType::string:
        return string(data);
      case JsonType::opaque:
        return opaque(data);
      default:
        return scalar(static_cast<JsonType>(type), data);
    }
  }

 private:
  [[noreturn]] static void damaged() { throwCorrupt("a JSON value is not readable"); }

  static void check(const ByteReader& in) {
    if (!in.ok()) damaged();
  }

  void grown() const {
    if (out_.size() > limit_) damaged();
  }

  template <typename T>
  void number(T value) {
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }

  void scalar(JsonType type, std::string_view data) {
    ByteReader in(data);
    switch (type) {
      case JsonType::literal:
        literal(in.u8());
        break;
      case JsonType::int16:
        number(static_cast<std::int16_t>(in.u16()));
        break;
      case JsonType::uint16:
        number(in.u16());
        break;
      case JsonType::int32:
        number(static_cast<std::int32_t>(in.u32()));
        break;
      case JsonType::uint32:
        number(in.u32());
        break;
      case JsonType::int64:
        number(static_cast<std::int64_t>(in.u64()));
        break;
      case JsonType::uint64:
        number(in.u64());
        break;
      case JsonType::real:
        real(std::bit_cast<double>(in.u64()));
        break;
      default:
        damaged();
    }
    check(in);
    grown();
  }

  void literal(std::uint8_t which) {
    constexpr std::array<std::string_view, 3> kTexts{"null", "true", "false"};
    if (which >= kTexts.size()) damaged();
    out_ += kTexts.at(which);
  }

  void real(double value) {
    if (!std::isfinite(value)) damaged();
    appendJsonReal(out_, value);
  }

  static std::size_t readStringLength(ByteReader& in) {
    std::size_t length = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const std::uint8_t byte = in.u8();
      length |= static_cast<std::size_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return length;
    }
    in.fail();
    return 0;
  }

  void string(std::string_view data) {
    ByteReader in(data);
    const std::string_view text = in.slice(readStringLength(in));
    check(in);
    quoted(text);
  }

  void quoted(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      switch (c) {
        case '"':
          out_ += "\\\"";
          break;
        case '\\':
          out_ += "\\\\";
          break;
        case '\b':
          out_ += "\\b";
          break;
        case '\f':
          out_ += "\\f";
          break;
        case '\n':
          out_ += "\\n";
          break;
        case '\r':
          out_ += "\\r";
          break;
        case '\t':
          out_ += "\\t";
          break;
        default:
          if (static_cast<unsigned char>(c) < 0x20U) {
            fmt::format_to(std::back_inserter(out_), "\\u{:04x}", static_cast<unsigned>(c));
          } else {
            out_ += c;
          }
      }
    }
    out_ += '"';
    grown();
  }

  void opaque(std::string_view data) {
    ByteReader in(data);
    const auto type = static_cast<WireType>(in.u8());
    const std::string_view raw = in.slice(readStringLength(in));
    check(in);
    switch (type) {
      case WireType::newDecimal:
        decimal(raw);
        break;
      case WireType::date:
      case WireType::time:
      case WireType::datetime:
      case WireType::timestamp:
        temporal(type, raw);
        break;
      default:
        base64(static_cast<unsigned>(type), raw);
    }
    grown();
  }

  void decimal(std::string_view raw) {
    ByteReader in(raw);
    const unsigned precision = in.u8();
    const unsigned scale = in.u8();
    check(in);
    appendDecimal(out_, in.rest(), precision, scale);
  }

  void temporal(WireType type, std::string_view raw) {
    constexpr unsigned kDigits = 6;
    if (raw.size() != 8) damaged();
    const auto packed = static_cast<std::int64_t>(ByteReader(raw).u64());
    out_ += '"';
    if (type == WireType::time) {
      appendTime(out_, unpackTime(packed), kDigits);
    } else if (type == WireType::date) {
      appendDate(out_, unpackDateTime(packed));
    } else {
      appendDateTime(out_, unpackDateTime(packed), kDigits);
    }
    out_ += '"';
  }

  void base64(unsigned type, std::string_view raw) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    fmt::format_to(std::back_inserter(out_), "\"base64:type{}:", type);
    for (std::size_t i = 0; i < raw.size(); i += 3) {
      const std::size_t count = std::min<std::size_t>(3, raw.size() - i);
      std::uint32_t group = 0;
      for (std::size_t k = 0; k < 3; ++k)
        group = group << 8U | (k < count ? static_cast<unsigned char>(raw[i + k]) : 0U);
      for (std::size_t k = 0; k < 4; ++k) out_ += k <= count ? kAlphabet[group >> (18U - 6U * k) & 63U] : '=';
    }
    out_ += '"';
  }

  /// Is the value of this type stored in the offset's place?
  static bool inlined(std::uint8_t type, std::size_t width) {
    switch (static_cast<JsonType>(type)) {
      case JsonType::literal:
      case JsonType::int16:
      case JsonType::uint16:
        return true;
      case JsonType::int32:
      case JsonType::uint32:
        return width == 4;
      default:
        return false;
    }
  }

  /// count, size, [key offset and length]…, [type and offset or value]…, then keys and values. Offsets count from
  /// `data`.
  void container(std::string_view data, bool object, std::size_t width, unsigned depth) {
    if (depth >= kMaxDepth) throwCorrupt("a JSON value is nested deeper than 100 levels");
    ByteReader in(data);
    const std::uint64_t count = in.little(width);
    const std::uint64_t size = in.little(width);
    check(in);
    const std::size_t entryBytes = 1 + width + (object ? width + 2 : 0);
    if (size > data.size() || count > in.left() / entryBytes) damaged();
    data = data.substr(0, size);
    ByteReader keys(data), values(data);
    keys.skip(2 * width);
    values.skip(2 * width + (object ? count * (width + 2) : 0));
    out_ += object ? '{' : '[';
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ", ";
      if (object) key(data, keys, width);
      const std::uint8_t type = values.u8();
      const std::string_view entry = values.slice(width);
      check(values);
      if (inlined(type, width)) {
        value(type, entry, depth + 1);
      } else {
        const std::uint64_t offset = ByteReader(entry).little(width);
        if (offset >= data.size()) damaged();
        value(type, data.substr(offset), depth + 1);
      }
    }
    out_ += object ? '}' : ']';
    grown();
  }

  void key(std::string_view data, ByteReader& keys, std::size_t width) {
    const std::uint64_t offset = keys.little(width);
    const std::size_t length = keys.u16();
    check(keys);
    if (offset > data.size() || length > data.size() - offset) damaged();
    quoted(data.substr(offset, length));
    out_ += ": ";
  }

  std::string& out_;
  const std::size_t limit_;
};

}  // namespace

void appendJson(std::string& out, std::string_view binary) {
  if (binary.empty()) {
    out += "null";
    return;
  }
  JsonWriter(out, binary).value(static_cast<std::uint8_t>(binary[0]), binary.substr(1), 0);
}

}  // namespace drs::mysql
