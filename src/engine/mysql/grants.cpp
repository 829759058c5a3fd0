#include "engine/mysql/grants.h"

#include <algorithm>

namespace drs::mysql {
namespace {

using Rights = std::set<std::string, std::less<>>;

bool holds(const Rights& rights, std::string_view right) {
  return rights.contains(right) || rights.contains("ALL PRIVILEGES") || rights.contains("ALL");
}

/// "SELECT, INSERT (`a`,`b`), LOCK TABLES" without those that name columns.
Rights parseRights(std::string_view list) {
  Rights rights;
  std::string word;
  int depth = 0;
  bool ofColumns = false;
  const auto finish = [&] {
    while (!word.empty() && word.back() == ' ') word.pop_back();
    if (!word.empty() && !ofColumns) rights.insert(word);
    word.clear();
    ofColumns = false;
  };
  for (const char c : list) {
    if (c == '(') {
      ++depth;
      ofColumns = true;
    } else if (c == ')') {
      --depth;
    } else if (depth == 0 && c == ',') {
      finish();
    } else if (depth == 0 && (c != ' ' || !word.empty())) {
      word += c;
    }
  }
  finish();
  return rights;
}

/// A quoted name at the start of `text`; what follows stays in `text`.
std::string takeName(std::string_view& text) {
  std::string name;
  if (text.empty() || (text.front() != '`' && text.front() != '"')) return name;
  const char quote = text.front();
  std::size_t i = 1;
  for (; i < text.size(); ++i) {
    if (text[i] == quote && (i + 1 == text.size() || text[i + 1] != quote)) break;
    if (text[i] == quote) ++i;
    name += text[i];
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return name;
}

}  // namespace

Grants Grants::read(Connection& connection) {
  std::string sql = "SHOW GRANTS";
  const ServerInfo& server = connection.server();
  if (!server.mariadb && server.version >= 80000) {
    // MySQL tells what roles give only if it is asked about them.
    const std::string roles = connection.value("SELECT CURRENT_ROLE()").value_or("NONE");
    if (roles != "NONE" && !roles.empty()) sql += " FOR CURRENT_USER() USING " + roles;
  }
  Grants grants;
  for (const auto& row : connection.query(sql)) grants.addLine(row.at(0).value_or(""));
  return grants;
}

void Grants::addLine(std::string_view line) {
  constexpr std::string_view kGrant = "GRANT ";
  if (!line.starts_with(kGrant)) return;
  const auto on = line.find(" ON ");
  if (on == std::string_view::npos) return;  // a role
  Rights rights = parseRights(line.substr(kGrant.size(), on - kGrant.size()));
  std::string_view scope = line.substr(on + 4);
  if (scope.starts_with("*.*")) {
    global_.merge(rights);
    return;
  }
  std::string database = takeName(scope);
  if (!database.empty() && scope.starts_with(".* ")) databases_.push_back({std::move(database), std::move(rights)});
}

bool Grants::onServer(std::string_view right) const {
  return holds(global_, right);
}

bool Grants::onDatabase(std::string_view right, std::string_view database) const {
  if (onServer(right)) return true;
  return std::any_of(databases_.begin(), databases_.end(), [&](const Scope& scope) {
    return holds(scope.rights, right) && likeMatches(scope.pattern, database);
  });
}

bool likeMatches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // the last `%` and where in the name it may still grow
  std::size_t grown = 0;
  while (n < name.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '%' && !escaped) {
      star = p++;
      grown = n;
    } else if (p < pattern.size() &&
               (escaped ? pattern[p + 1] == name[n] : pattern[p] == '_' || pattern[p] == name[n])) {
      p += escaped ? 2 : 1;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++grown;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace drs::mysql
