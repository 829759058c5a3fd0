#include "model/text_rules.h"

#include "model/address_list.h"
#include "model/utf8.h"

#include <algorithm>
#include <array>
#include <utility>

namespace drs {
namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isHex(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool isAsciiLetter(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}
bool isBase64(char c) {
  return isDigit(c) || isAsciiLetter(static_cast<unsigned char>(c)) || c == '+' || c == '/';
}

bool nameLetter(char32_t c) {
  return isAsciiLetter(c) || (c >= U'0' && c <= U'9') || c == U'-' || c == U'_';
}
bool descriptionLetter(char32_t c) {
  return std::u32string_view(U"!<>&'\"\\").find(c) == std::u32string_view::npos;
}
bool tagLetter(char32_t c) {
  return std::u32string_view(U" _.:/=+-@").find(c) != std::u32string_view::npos || isLetterOrDigit(c);
}

/// Calls `fn` for each element of a comma list until it returns false; an empty text is one empty element.
bool everyElement(std::string_view list, auto fn) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (!fn(list.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

bool startTime(std::string_view s) {
  return s.empty() || (s.size() == 13 && std::all_of(s.begin(), s.end(), isDigit));
}

bool clock(std::string_view s) {
  if (s.size() != 5 || s[2] != ':') return false;
  if (!isDigit(s[0]) || !isDigit(s[1]) || !isDigit(s[3]) || !isDigit(s[4])) return false;
  return hourOf(s) < 24 && s[3] < '6';
}
bool clockEnd(std::string_view s) {
  return clock(s) && s.ends_with("59");
}

bool base64(std::string_view s) {
  std::size_t letters = 0;
  std::size_t padding = 0;
  for (const char c : s) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
    } else if (!isBase64(c) || padding > 0) {
      return false;
    } else {
      ++letters;
    }
  }
  return padding <= 2 && (letters + padding) % 4 == 0 && (letters > 0 || s.empty());
}

bool sha256Hex(std::string_view s) {
  return s.empty() || (s.size() == 64 && std::all_of(s.begin(), s.end(), isHex));
}

bool ipv4(std::string_view s) {
  int parts = 0;
  while (true) {
    const std::size_t dot = s.find('.');
    const std::string_view part = s.substr(0, dot);
    if (part.empty() || part.size() > 3 || !std::all_of(part.begin(), part.end(), isDigit)) return false;
    if ((part.size() > 1 && part[0] == '0') || (part.size() == 3 && part > "255")) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    s.remove_prefix(dot + 1);
  }
}
bool ipv4OrEmpty(std::string_view s) {
  return s.empty() || ipv4(s);
}

bool ipv4List(std::string_view s) {
  return s.empty() || everyElement(s, ipv4);
}

bool syncTypes(std::string_view s) {
  if (s == "supportAllType") return true;
  constexpr std::array<std::string_view, 3> kKinds{"tableData", "tableStructure", "constraintData"};
  std::array<bool, kKinds.size()> seen{};
  return everyElement(s, [&](std::string_view kind) {
    const auto at = std::find(kKinds.begin(), kKinds.end(), kind);
    if (at == kKinds.end()) return false;
    return !std::exchange(seen.at(static_cast<std::size_t>(at - kKinds.begin())), true);
  });
}

bool dmlTypes(std::string_view s) {
  std::array<bool, 3> seen{};
  return everyElement(s, [&](std::string_view kind) {
    if (kind.size() != 1) return false;
    const std::size_t at = std::string_view("iuIdUD").find(kind[0]);
    if (at == std::string_view::npos) return false;
    constexpr std::array<std::size_t, 6> kLetter{0, 1, 0, 2, 1, 2};
    return !std::exchange(seen.at(kLetter.at(at)), true);
  });
}

bool addressList(std::string_view s) {
  return s.empty() || parseAddressList(s).has_value();
}

}  // namespace

const Letters kNameLetters{nameLetter, "letters, digits, - and _", "^[A-Za-z0-9_-]*$"};
const Letters kDescriptionLetters{descriptionLetter, "none of ! < > & ' \" \\", R"(^[^!<>&'"\\]*$)"};
const Letters kTagLetters{tagLetter, "letters and digits of any script, space, _ . : / = + - @", ""};

const Format kStartTime{startTime, "13 digits (Unix time in milliseconds), or an empty text", "^([0-9]{13})?$"};
const Format kWindowBegin{clock, "hh:mm from 00:00 to 23:59", "^([01][0-9]|2[0-3]):[0-5][0-9]$"};
const Format kWindowEnd{clockEnd, "hh:59 from 00:59 to 23:59", "^([01][0-9]|2[0-3]):59$"};
const Format kBase64{base64, "Base64", ""};
const Format kSha256Hex{sha256Hex, "64 hexadecimal digits (SHA-256 of the decoded certificate), or an empty text",
                        "^([0-9A-Fa-f]{64})?$"};
const Format kIpv4{
    ipv4OrEmpty, "an IPv4 address, or an empty text",
    "^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3})?$"};
const Format kIpv4List{ipv4List, "IPv4 addresses, comma-separated", ""};
const Format kSyncTypes{syncTypes,
                        "supportAllType, or a comma-separated list of tableData, tableStructure, constraintData",
                        "^(supportAllType|(tableData|tableStructure|constraintData)"
                        "(,(tableData|tableStructure|constraintData))*)$"};
const Format kDmlTypes{dmlTypes, "a comma-separated list of i, u, d, each at most once", "^[iudIUD](,[iudIUD])*$"};
const Format kAddressList{
    addressList, "at most 32 addresses host[:port],host[:port],…, or sentinel://name@host:port,…, without spaces", ""};

int hourOf(std::string_view time) {
  return (time[0] - '0') * 10 + (time[1] - '0');
}

}  // namespace drs
