#include "engine/redis/info.h"

#include <algorithm>
#include <charconv>

namespace drs::redis {
namespace {

std::optional<std::uint64_t> wholeNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The value behind `name=` in "a=1,b=2"; empty if it is not there.
std::string_view part(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view item = list.substr(0, comma);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
      return item.substr(name.size() + 1);
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return {};
}

/// The number behind `prefix`, if the name is the prefix and a number ("db0", "slave12").
std::optional<std::uint64_t> numbered(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return wholeNumber(name.substr(prefix.size()));
}

}  // namespace

Info::Info(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (line.empty() || line.front() == '#' || colon == std::string_view::npos || colon == 0) continue;
    values_.insert_or_assign(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
  }
}

std::optional<std::string> Info::find(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint64_t> Info::number(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : wholeNumber(found->second);
}

std::vector<Info::Keyspace> Info::keyspace() const {
  std::vector<Keyspace> out;
  for (const auto& [name, value] : values_) {
    const auto database = numbered(name, "db");
    const auto keys = wholeNumber(part(value, "keys"));
    if (!database || *database > INT32_MAX || !keys || *keys == 0) continue;
    Keyspace each{static_cast<std::uint32_t>(*database), *keys, wholeNumber(part(value, "expires")).value_or(0), 0};
    for (const char* fields : {"subexpiry", "keys_with_volatile_items"})
      each.fieldExpires += wholeNumber(part(value, fields)).value_or(0);
    out.push_back(each);
  }
  std::sort(out.begin(), out.end(), [](const Keyspace& a, const Keyspace& b) { return a.database < b.database; });
  return out;
}

std::vector<Info::Replica> Info::replicas() const {
  std::vector<Replica> out;
  for (const auto& [name, value] : values_) {
    const auto port = wholeNumber(part(value, "port"));
    if (!numbered(name, "slave") || !port || *port > UINT16_MAX) continue;
    out.push_back({std::string(part(value, "ip")), static_cast<std::uint16_t>(*port), part(value, "state") == "online",
                   wholeNumber(part(value, "offset")).value_or(0)});
  }
  return out;
}

std::optional<std::uint32_t> Info::version() const {
  for (const char* name : {"valkey_version", "redis_version"})
    if (const auto text = find(name)) return parseVersion(*text);
  return std::nullopt;
}

std::string Info::versionText() const {
  if (const auto text = find("valkey_version")) return "Valkey " + *text;
  if (const auto text = find("redis_version")) return "Redis " + *text;
  return "a server of unknown version";
}

std::optional<std::uint32_t> parseVersion(std::string_view text) {
  std::uint32_t numbers[3] = {0, 0, 0};
  std::size_t count = 0;
  const char* at = text.data();
  const char* const last = text.data() + text.size();
  for (; count < 3; ++count) {
    const auto [end, error] = std::from_chars(at, last, numbers[count]);
    if (error != std::errc() || numbers[count] > 999) break;
    at = end;
    if (at == last || *at != '.') {
      ++count;
      break;
    }
    ++at;
  }
  if (count < 2) return std::nullopt;
  return numbers[0] * 10000 + std::min(numbers[1], 99U) * 100 + std::min(numbers[2], 99U);
}

}  // namespace drs::redis
