#include "wire/mysql/json_binary.h"

#include "base/bytes.h"
#include "wire/mysql/json_items.h"
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

/// No value's text is more than 9 times as long as its bytes (a literal in a small array: 3 bytes, "false, ").
constexpr std::size_t kMaxGrowth = 16, kGrowthSlack = 256;

class JsonWriter {
 public:
  JsonWriter(std::string& out, std::size_t limit) : out_(out), limit_(limit) {}

  void value(const JsonValue& value, unsigned depth) {
    if (value.isContainer()) return container(value, depth);
    switch (value.type) {
      case JsonType::string:
        return string(value.data);
      case JsonType::opaque:
        return opaque(value.data);
      default:
        return scalar(value.type, value.data);
    }
  }

  void quoted(std::string_view text) {
    appendJsonString(out_, text);
    grown();
  }

 private:
  [[noreturn]] static void damaged() { throwDamagedJson(); }

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

  void container(const JsonValue& value, unsigned depth) {
    if (depth >= kMaxJsonDepth) throwCorrupt("a JSON value is nested deeper than 100 levels");
    const bool isObject = value.isObject();
    JsonItems items(value);
    out_ += isObject ? '{' : '[';
    for (std::uint64_t i = 0; i < items.count(); ++i) {
      if (i > 0) out_ += ", ";
      if (isObject) {
        quoted(items.key());
        out_ += ": ";
      }
      this->value(items.value(), depth + 1);
    }
    out_ += isObject ? '}' : ']';
    grown();
  }

  std::string& out_;
  const std::size_t limit_;
};

}  // namespace

std::size_t jsonTextLimit(std::size_t binaryBytes) {
  return binaryBytes * kMaxGrowth + kGrowthSlack;
}

void appendJsonValue(std::string& out, const JsonValue& value, unsigned depth, std::size_t limit) {
  JsonWriter(out, limit).value(value, depth);
}

void appendJson(std::string& out, std::string_view binary) {
  appendJsonValue(out, JsonValue::of(binary), 0, out.size() + jsonTextLimit(binary.size()));
}

}  // namespace drs::mysql
