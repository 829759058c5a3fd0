#include "model/decoding.h"

#include "model/utf8.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace drs {
namespace {

bool isPlain(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
  });
}

std::string_view typeName(const nlohmann::json& value) {
  if (value.is_string()) return "text";
  if (value.is_number_integer()) return "an integer";
  if (value.is_number()) return "a number with a fraction";
  return value.is_array() ? "an array" : value.is_object() ? "an object" : value.is_boolean() ? "a boolean" : "null";
}

/// A scalar as sent.
std::string shownValue(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_structured()) return std::string(typeName(value));
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// A text as it stands in a sentence.
std::string quoted(std::string_view value) {
  const std::string shown = shortened(value, kShownCharacters);
  return shown.empty() ? "\"\"" : shown;
}

}  // namespace

Problem missingProblem(const std::string& path) {
  return {Msg::missingMember, path, "", "a value", {path}};
}

Problem wrongTypeProblem(const std::string& path, std::string_view expected, const nlohmann::json& value) {
  return {Msg::wrongType,
          path,
          shortened(shownValue(value), kShownCharacters),
          std::string(expected),
          {path, std::string(expected), std::string(typeName(value))}};
}

Problem noContainerProblem(const std::string& path, std::string_view expected, const nlohmann::json& value) {
  Problem problem = wrongTypeProblem(path, expected, value);
  problem.value = typeName(value);
  return problem;
}

Problem notAllowedProblem(const std::string& path, std::string_view value, std::string allowed) {
  return {Msg::valueNotAllowed, path, shortened(value, kShownCharacters), allowed, {path, quoted(value), allowed}};
}

Problem duplicateProblem(const std::string& path, std::string_view value) {
  const std::string shown = shortened(value, kShownCharacters);
  return {Msg::duplicate, path, shown, "a value that occurs once", {path, shown}};
}

void Decoding::report(Problem problem) {
  if (full()) return;
  problem.value = shortened(problem.value, kShownCharacters);
  problems_.push_back(std::move(problem));
}

void Decoding::missing(const std::string& path) {
  report(missingProblem(path));
}

void Decoding::wrongType(const std::string& path, std::string_view expected, const nlohmann::json& value) {
  report(wrongTypeProblem(path, expected, value));
}

void Decoding::noContainer(const std::string& path, std::string_view expected, const nlohmann::json& value) {
  report(noContainerProblem(path, expected, value));
}

void Decoding::wrongTypeOfSecret(const std::string& path, const nlohmann::json& value) {
  Problem problem = wrongTypeProblem(path, "text", value);
  problem.value = "***";
  report(std::move(problem));
}

void Decoding::notAllowed(const std::string& path, std::string_view value, std::string allowed) {
  report(notAllowedProblem(path, value, std::move(allowed)));
}

void Decoding::tooLong(Msg msg, const std::string& path, std::string_view value, std::string allowed) {
  report({msg, path, std::string(value), allowed, {path, quoted(value), allowed}});
}

void Decoding::forbidden(const std::string& path, std::string_view value, std::string_view what, std::string allowed) {
  report({Msg::forbiddenCharacter, path, std::string(value), std::move(allowed), {path, std::string(what)}});
}

void Decoding::duplicate(const std::string& path, std::string_view value) {
  report(duplicateProblem(path, value));
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
