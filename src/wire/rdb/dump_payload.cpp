#include "wire/rdb/dump_payload.h"

#include "wire/rdb/crc64.h"
#include "wire/rdb/module_data.h"
#include "wire/rdb/reader.h"

namespace drs::rdb {
namespace {

constexpr std::uint16_t kFirstValkeyVersion = 80;

}  // namespace

std::array<char, kDumpFooterBytes> dumpFooter(std::uint8_t type, std::string_view raw, std::uint16_t version) noexcept {
  std::array<char, kDumpFooterBytes> footer{};
  const char typeByte = static_cast<char>(type);
  footer[0] = static_cast<char>(version & 0xffU);
  footer[1] = static_cast<char>(version >> 8U);
  const std::uint64_t crc = crc64(crc64(crc64(0, {&typeByte, 1}), raw), {footer.data(), 2});
  for (std::size_t i = 0; i < 8; ++i) footer[2 + i] = static_cast<char>(crc >> (8 * i) & 0xffU);
  return footer;
}

void appendDumpPayload(std::string& out, std::uint8_t type, std::string_view raw, std::uint16_t version) {
  const auto footer = dumpFooter(type, raw, version);
  out += static_cast<char>(type);
  out += raw;
  out.append(footer.data(), footer.size());
}

DumpPayload parseDumpPayload(std::string_view payload) {
  if (payload.size() <= kDumpFooterBytes) throwCorrupt("the answer to DUMP is too short");
  ByteReader footer(payload.substr(payload.size() - kDumpFooterBytes));
  DumpPayload out;
  out.version = footer.u16();
  if (crc64(0, payload.substr(0, payload.size() - 8)) != footer.u64())
    throwCorrupt("the checksum of an answer to DUMP does not fit");
  out.dialect = out.version >= kFirstValkeyVersion ? Dialect::valkey : Dialect::redis;
  ByteReader in(payload.substr(0, payload.size() - kDumpFooterBytes));
  out.type = in.u8();
  if (out.type == kOpcodeKeyMetadata && out.dialect == Dialect::redis) {
    out.moduleMetadata = true;
    skipKeyMetadata(in);
    out.type = in.u8();
  }
  if (!in.ok()) throwCorrupt("an answer to DUMP is cut off");
  out.raw = in.rest();
  return out;
}

}  // namespace drs::rdb
