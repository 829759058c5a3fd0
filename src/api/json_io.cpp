#include "api/json_io.h"

#include "model/utf8.h"

#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using nlohmann::json;

}  // namespace

json parseBody(const http::Request& request) {
  const json::parser_callback_t shallow = [](int depth, json::parse_event_t, json&) {
    if (depth > kMaxDepth) throw Error(Msg::badJson, {"nested too deeply"}, Origin::request);
    return true;
  };
  try {
    return json::parse(request.body, shallow);
  } catch (const json::parse_error& error) {
    throw Error(Msg::badJson, {"syntax error at byte " + std::to_string(error.byte)}, Origin::request);
  } catch (const json::exception&) {
    throw Error(Msg::badJson, {"a number is out of range"}, Origin::request);
  }
}

http::Response jsonResponse(const nlohmann::ordered_json& value, int status) {
  return http::Response::json(value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), status);
}

std::string listed(std::span<const std::string_view> values) {
  std::string out;
  for (const std::string_view value : values) {
    if (!out.empty()) out += ", ";
    out += value;
  }
  return out;
}

Members::Members(const json* object, std::string path, std::vector<Problem>& problems)
    : object_(object), path_(std::move(path)), problems_(&problems) {
  if (object_ == nullptr || object_->is_object()) return;
  problems_->push_back(noContainerProblem(path_.empty() ? "body" : path_, "an object", *object_));
  object_ = nullptr;
}

const json* Members::find(std::string_view name) const {
  if (object_ == nullptr) return nullptr;
  const auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

std::string Members::pathOf(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

void Members::missing(std::string_view name) {
  problems_->push_back(missingProblem(pathOf(name)));
}

std::optional<std::string> Members::text(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  problems_->push_back(wrongTypeProblem(pathOf(name), "text", *value));
  return std::nullopt;
}

std::optional<bool> Members::boolean(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  problems_->push_back(wrongTypeProblem(pathOf(name), "a boolean", *value));
  return std::nullopt;
}

std::string Members::requiredText(std::string_view name) {
  const std::size_t before = problems_->size();
  auto value = text(name);
  if (value && !value->empty()) return *value;
  if (problems_->size() == before) missing(name);
  return {};
}

std::optional<std::string> Members::choice(std::string_view name, std::span<const std::string_view> allowed) {
  auto value = text(name);
  if (!value) return std::nullopt;
  for (const std::string_view one : allowed) {
    if (*value == one) return value;
  }
  problems_->push_back(notAllowedProblem(pathOf(name), *value, listed(allowed)));
  return std::nullopt;
}

std::string Members::requiredChoice(std::string_view name, std::span<const std::string_view> allowed) {
  if (find(name) == nullptr) {
    missing(name);
    return {};
  }
  return choice(name, allowed).value_or("");
}

std::vector<std::string> Members::texts(std::string_view name) {
  std::vector<std::string> out;
  const json* value = find(name);
  if (value == nullptr) return out;
  if (!value->is_array()) {
    problems_->push_back(noContainerProblem(pathOf(name), "an array", *value));
    return out;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    const json& element = (*value)[i];
    if (element.is_string()) {
      out.push_back(element.get<std::string>());
    } else {
      problems_->push_back(wrongTypeProblem(elementPath(pathOf(name), i), "text", element));
    }
  }
  return out;
}

Members Members::object(std::string_view name) {
  return {find(name), pathOf(name), *problems_};
}

Members Members::requiredObject(std::string_view name) {
  if (find(name) == nullptr) missing(name);
  return object(name);
}

std::vector<Members> Members::objects(std::string_view name) {
  std::vector<Members> out;
  const json* value = find(name);
  if (value == nullptr) return out;
  if (!value->is_array()) {
    problems_->push_back(noContainerProblem(pathOf(name), "an array", *value));
    return out;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    out.emplace_back(&(*value)[i], elementPath(pathOf(name), i), *problems_);
  }
  return out;
}

std::vector<Members> Members::requiredObjects(std::string_view name, std::size_t most) {
  const std::size_t before = problems_->size();
  auto out = objects(name);
  if (problems_->size() > before) return out;
  if (out.empty()) missing(name);
  if (out.size() > most) {
    problems_->push_back(
        notAllowedProblem(pathOf(name), std::to_string(out.size()) + " elements", "1 to " + std::to_string(most)));
    out.clear();
  }
  return out;
}

}  // namespace drs::api
