#include "engine/mysql/start_position.h"

#include "base/error.h"
#include "engine/mysql/position.h"
#include "engine/mysql/server_log.h"
#include "wire/mysql/gtid_set.h"

#include <algorithm>
#include <charconv>

namespace drs::mysql {
namespace {

constexpr std::size_t kLongestText = 100, kLongestFileName = 60, kLongestGtids = 2048;
constexpr std::size_t kLeastNumberDigits = 3, kMostNumberDigits = 20;

[[noreturn]] void refuseFile(const std::string& value) {
  throw Error(
      Msg::valueNotAllowed,
      {"file_and_position", value,
       "name.number:position, such as mysql-bin.000277:805; the name has 1 to 60 characters, the number 3 to 20 "
       "digits, the position is 4 or more"},
      Origin::request);
}

bool allDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool isNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

void parseFile(const std::string& text, LogPosition& out) {
  const auto colon = text.rfind(':');
  const auto dot = text.rfind('.', colon);
  if (text.size() > kLongestText || colon == std::string::npos || dot == std::string::npos) refuseFile(text);
  const std::string_view name = std::string_view(text).substr(0, dot);
  const std::string_view number = std::string_view(text).substr(dot + 1, colon - dot - 1);
  const std::string_view offset = std::string_view(text).substr(colon + 1);
  if (name.empty() || name.size() > kLongestFileName || !std::all_of(name.begin(), name.end(), isNameCharacter))
    refuseFile(text);
  if (number.size() < kLeastNumberDigits || number.size() > kMostNumberDigits || !allDigits(number)) refuseFile(text);
  const auto [end, error] = std::from_chars(offset.data(), offset.data() + offset.size(), out.offset);
  if (error != std::errc() || end != offset.data() + offset.size() || out.offset < kFirstOffset) refuseFile(text);
  out.file = text.substr(0, colon);
}

}  // namespace

Position parseStart(const std::string& fileAndPosition, const std::string& gtidSet) {
  LogPosition out;
  if (fileAndPosition.empty() && gtidSet.empty()) refuseFile("");
  if (!fileAndPosition.empty()) parseFile(fileAndPosition, out);
  if (gtidSet.empty()) return toPosition(out);
  if (gtidSet.size() <= kLongestGtids) {
    if (const auto set = GtidSet::parse(gtidSet); set && !set->empty()) {
      out.gtid = set->text();
      return toPosition(out);
    }
    if (const auto position = MariadbPosition::parse(gtidSet); position && !position->empty()) {
      out.gtid = position->text();
      out.mariadb = true;
      return toPosition(out);
    }
  }
  throw Error(Msg::valueNotAllowed,
              {"gtid_set", gtidSet.substr(0, kLongestText),
               "a set of GTIDs (uuid:1-300,…; of MariaDB: 0-1-100,…) of at most 2048 characters"},
              Origin::request);
}

}  // namespace drs::mysql
