#include "engine/mysql/origins.h"

#include "base/error.h"

#include <algorithm>

namespace drs::mysql {
namespace {

constexpr std::string_view kTagBegin = "/* drs_ctl from ", kTagEnd = " */ ";

/// Takes the first identity off the list.
std::string_view takeFirst(std::string_view& list) {
  const std::size_t end = std::min(list.find(','), list.size());
  const std::string_view first = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return first;
}

bool isOriginLetter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-' || c == ',' || c == kUnknownOrigin.front();
}

}  // namespace

bool hasOrigin(std::string_view origins, std::string_view identity) {
  while (!origins.empty())
    if (takeFirst(origins) == identity) return true;
  return false;
}

std::string joinOrigins(std::string_view origins, std::string_view more) {
  std::string out;
  std::size_t count = 0;
  for (std::string_view list : {origins, more}) {
    while (!list.empty()) {
      const std::string_view one = takeFirst(list);
      if (one.empty() || hasOrigin(out, one)) continue;
      if (++count > kMostOrigins)
        throw Error(
            Msg::limitExceeded,
            {"A change that passes from task to task", "more servers", std::to_string(kMostOrigins) + " servers"},
            Origin::source);
      out.append(out.empty() ? "" : ",").append(one);
    }
  }
  return out;
}

std::string originTag(std::string_view origins) {
  return std::string(kTagBegin).append(origins).append(kTagEnd);
}

TaggedStatement withoutTag(std::string_view sql) {
  if (!sql.starts_with(kTagBegin)) return {{}, sql};
  const std::size_t end = sql.find(kTagEnd);
  if (end == std::string_view::npos) return {{}, sql};
  const std::string_view origins = sql.substr(kTagBegin.size(), end - kTagBegin.size());
  if (origins.empty() || !std::all_of(origins.begin(), origins.end(), isOriginLetter)) return {{}, sql};
  return {std::string(origins), sql.substr(end + kTagEnd.size())};
}

}  // namespace drs::mysql
