#include "drsctl/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace drs::ctl {

using nlohmann::json;

std::string textOf(const json& object, std::string_view member) {
  if (!object.is_object()) return {};
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : jsonText(*found);
}

std::string printable(std::string_view text, bool lines) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    const bool isControl = byte < 0x20 || byte == 0x7F;
    const bool isKept = lines && c == '\n';
    if (isControl && !isKept) c = '?';
  }
  return out;
}

std::string jsonText(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace);
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string table(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& heading : headings) widths.push_back(width(heading));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += printable(row[i]);
      if (i + 1 < row.size()) out.append(widths[i] - width(row[i]) + 2, ' ');
    }
    out += '\n';
  };
  add(headings);
  for (const auto& row : rows) add(row);
  return out;
}

}  // namespace drs::ctl
