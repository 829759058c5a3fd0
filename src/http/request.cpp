#include "http/request.h"

#include <algorithm>

namespace drs::http {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool addQuery(std::string_view raw, Request& out) {
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto key = percentDecode(pair.substr(0, equals), true);
    auto value = percentDecode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!key || !value) return false;
    out.query.emplace_back(std::move(*key), std::move(*value));
  }
  return true;
}

bool addSegments(std::string_view path, Request& out) {
  path.remove_prefix(1);  // the leading "/"
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return true;
  while (true) {
    const std::size_t end = path.find('/');
    auto segment = percentDecode(path.substr(0, end), false);
    if (!segment) return false;
    out.segments.push_back(std::move(*segment));
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

bool equalsIgnoreCase(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return equalsIgnoreCase(field.first, name); });
  add(std::string(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equalsIgnoreCase(key, name)) return value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(), [&](const auto& field) { return equalsIgnoreCase(field.first, name); }));
}

std::optional<std::string_view> Request::queryValue(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Request::queryValues(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : query) {
    if (key == name) out.push_back(value);
  }
  return out;
}

bool parseTarget(std::string_view target, Request& out) {
  out.target = target;
  out.segments.clear();
  out.query.clear();
  const auto isControl = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  if (!target.starts_with('/') || std::any_of(target.begin(), target.end(), isControl)) return false;
  target = target.substr(0, target.find('#'));
  const std::size_t mark = std::min(target.find('?'), target.size());
  return addSegments(target.substr(0, mark), out) && addQuery(target.substr(std::min(mark + 1, target.size())), out);
}

}  // namespace drs::http
