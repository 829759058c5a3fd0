#include "model/decoding.h"

#include "model/utf8.h"

#include <fmt/core.h>

#include <algorithm>

namespace drs {
namespace {

bool isPlain(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
  });
}

}  // namespace

void Decoding::report(Problem problem) {
  if (full()) return;
  problem.value = shortened(problem.value, kShownCharacters);
  problems_.push_back(std::move(problem));
}

void Decoding::missing(const std::string& path) {
  report({Msg::missingMember, path, "", "a value", {path}});
}

void Decoding::wrongType(const std::string& path, std::string_view expected, std::string_view got,
                         std::string_view value) {
  report({Msg::wrongType,
          path,
          std::string(value),
          std::string(expected),
          {path, std::string(expected), std::string(got)}});
}

void Decoding::notAllowed(const std::string& path, std::string_view value, std::string allowed) {
  tooLong(Msg::valueNotAllowed, path, value, std::move(allowed));
}

void Decoding::tooLong(Msg msg, const std::string& path, std::string_view value, std::string allowed) {
  const std::string shown = shortened(value, kShownCharacters);
  report({msg, path, shown, allowed, {path, shown.empty() ? "\"\"" : shown, allowed}});
}

void Decoding::forbidden(const std::string& path, std::string_view value, std::string_view what, std::string allowed) {
  report({Msg::forbiddenCharacter, path, std::string(value), std::move(allowed), {path, std::string(what)}});
}

void Decoding::duplicate(const std::string& path, std::string_view value) {
  report({Msg::duplicate,
          path,
          std::string(value),
          "a value that occurs once",
          {path, shortened(value, kShownCharacters)}});
}

void Decoding::cross(const std::string& path, std::string_view value, std::string allowed) {
  report({Msg::crossField, path, std::string(value), allowed, {path, allowed}});
}

bool Decoding::hasProblemAt(const std::string& path) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& p) { return p.path == path; });
}

bool Decoding::takeObject(const std::string& path) {
  if (!rulesApply()) return true;
  if (objects_ == kMaxObjects)
    notAllowed(path, "one more object", fmt::format("at most {} objects in one request", kMaxObjects));
  return objects_++ < kMaxObjects;
}

std::string memberPath(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

std::string elementPath(const std::string& path, std::size_t index) {
  return fmt::format("{}[{}]", path, index);
}

std::string keyPath(const std::string& path, std::string_view key) {
  if (isPlain(key) && key.size() <= kShownCharacters) return memberPath(path, key);
  std::string quoted;
  for (const char c : shortened(key, kShownCharacters)) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return fmt::format("{}[\"{}\"]", path, quoted);
}

}  // namespace drs
