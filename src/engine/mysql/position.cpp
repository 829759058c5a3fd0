#include "engine/mysql/position.h"

#include "base/error.h"
#include "wire/mysql/gtid_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <compare>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

namespace drs::mysql {
namespace {

std::optional<std::uint64_t> parseNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Servers number their logs ("bin.000009", later "bin.1000000"): the number orders them, not the text.
std::uint64_t fileNumber(std::string_view file) {
  const std::size_t dot = file.rfind('.');
  const auto value = parseNumber(dot == std::string_view::npos ? file : file.substr(dot + 1));
  if (!value) throw Error(Msg::internal, {fmt::format("the log file {} has no number", file)});
  return *value;
}

std::strong_ordering compareFiles(std::string_view fileA, std::uint64_t offsetA, std::string_view fileB,
                                  std::uint64_t offsetB) {
  return std::tuple(fileNumber(fileA), offsetA) <=> std::tuple(fileNumber(fileB), offsetB);
}

template <typename Set>
Set parsed(std::string_view text) {
  auto set = Set::parse(text);
  if (!set) throw Error(Msg::internal, {fmt::format("malformed GTID position {}", text)});
  return *std::move(set);
}

[[noreturn]] void malformed(std::string_view text) {
  throw Error(Msg::internal, {fmt::format("malformed log position {}", text)});
}

constexpr std::string_view kServer = ";server=", kXa = ";xa=";

void appendNumber(std::string& out, std::uint64_t number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

void appendHex(std::string& out, std::string_view bytes) {
  for (const char c : bytes) fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
}

/// Nothing if it is malformed or empty.
std::optional<std::string> fromHex(std::string_view text) {
  std::string out;
  for (; text.size() >= 2; text.remove_prefix(2)) {
    unsigned char byte = 0;
    const char* const begin = text.data();
    if (std::from_chars(begin, begin + 2, byte, 16).ptr != begin + 2) return std::nullopt;
    out += static_cast<char>(byte);
  }
  return text.empty() && !out.empty() ? std::optional(out) : std::nullopt;
}

/// The names may hold any bytes: they are written in hexadecimal.
std::string xaText(const LogPosition& position) {
  std::string out;
  for (const std::string& name : position.preparedXa) {
    out += out.empty() ? kXa : ",";
    appendHex(out, name);
  }
  for (const auto& [name, place] : position.heldXa) {
    out += out.empty() ? kXa : ",";
    appendHex(out, name);
    out += '@';
    appendHex(out, place);
  }
  return out;
}

bool parseXa(std::string_view text, LogPosition& out) {
  while (true) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, end);
    const std::size_t at = item.find('@');
    const auto name = fromHex(item.substr(0, at));
    if (!name) return false;
    if (at == std::string_view::npos) {
      out.preparedXa.insert(*name);
    } else {
      const auto place = fromHex(item.substr(at + 1));
      if (!place) return false;
      out.heldXa[*name] = *place;
    }
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Position toPosition(const LogPosition& position) {
  // Every transaction has one: appended piece by piece into memory that is taken once.
  constexpr std::size_t kWords = 64;
  std::string out;
  out.reserve(kWords + position.gtid.size() + position.file.size() + position.server.size());
  out += position.mariadb ? "mariadb" : "mysql";
  out += ";gtid=";
  out += position.gtid;
  out += ";file=";
  out += position.file;
  out += ";offset=";
  appendNumber(out, position.offset);
  if (!position.server.empty()) {
    out += kServer;
    out += position.server;
  }
  out += xaText(position);
  return {std::move(out)};
}

std::string placeText(std::string_view file, std::uint64_t offset) {
  std::string out(file);
  out += ':';
  appendNumber(out, offset);
  return out;
}

LogPosition fromPosition(const Position& position) {
  constexpr std::string_view kGtid = ";gtid=", kFile = ";file=", kOffset = ";offset=";
  const std::string_view text = position.text;
  const std::size_t gtid = text.find(kGtid);
  const std::size_t file = text.find(kFile);
  const std::size_t offset = text.rfind(kOffset);
  if (gtid == std::string_view::npos || file == std::string_view::npos || offset == std::string_view::npos ||
      file < gtid || offset < file + kFile.size()) {
    malformed(text);
  }
  const std::string_view flavour = text.substr(0, gtid);
  const std::size_t xa = std::min(text.find(kXa, offset), text.size());
  const std::size_t server = std::min(text.find(kServer, offset), xa);
  const auto number = parseNumber(text.substr(offset + kOffset.size(), server - offset - kOffset.size()));
  if ((flavour != "mysql" && flavour != "mariadb") || !number) malformed(text);
  LogPosition out;
  out.mariadb = flavour == "mariadb";
  out.gtid = text.substr(gtid + kGtid.size(), file - gtid - kGtid.size());
  out.file = text.substr(file + kFile.size(), offset - file - kFile.size());
  out.offset = *number;
  if (server < xa) out.server = text.substr(server + kServer.size(), xa - server - kServer.size());
  if (xa < text.size() && !parseXa(text.substr(xa + kXa.size()), out)) malformed(text);
  return out;
}

bool reached(const LogPosition& at, const LogPosition& goal) {
  if (!at.gtid.empty() && !goal.gtid.empty()) {
    if (at.mariadb) return parsed<MariadbPosition>(at.gtid).contains(parsed<MariadbPosition>(goal.gtid));
    return parsed<GtidSet>(at.gtid).contains(parsed<GtidSet>(goal.gtid));
  }
  if (goal.gtid.empty() && goal.file.empty()) return true;  // the goal of a log without any transaction
  if (at.file.empty() || goal.file.empty()) return false;   // nothing to compare them by
  if (!at.server.empty() && !goal.server.empty() && at.server != goal.server) {
    throw Error(Msg::sourceChanged,
                {fmt::format("{}:{} of the server {}", goal.file, goal.offset, goal.server),
                 fmt::format("the server {}", at.server), "there were no GTIDs to go by"},
                Origin::source);
  }
  return compareFiles(at.file, at.offset, goal.file, goal.offset) >= 0;
}

bool covers(const LogPosition& position, std::string_view transactionId) {
  if (const auto gtid = Gtid::parse(transactionId)) return parsed<GtidSet>(position.gtid).contains(*gtid);
  if (const auto gtid = MariadbGtid::parse(transactionId))
    return parsed<MariadbPosition>(position.gtid).contains(*gtid);
  const std::size_t colon = transactionId.rfind(':');
  const auto offset = colon == std::string_view::npos ? std::nullopt : parseNumber(transactionId.substr(colon + 1));
  if (!offset) throw Error(Msg::internal, {fmt::format("malformed transaction id {}", transactionId)});
  if (position.file.empty()) return false;
  // The id is where the transaction starts: a position at that very place is before it.
  return compareFiles(position.file, position.offset, transactionId.substr(0, colon), *offset) > 0;
}

}  // namespace drs::mysql
