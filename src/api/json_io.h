#pragma once

#include "http/request.h"
#include "http/response.h"
#include "model/decoding.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Between HTTP bodies and JSON: parsing, rendering, and reading the few members of a small request body.

namespace drs::api {

/// The body as JSON. Throws Error(badJson) for what is not JSON or nested deeper than kMaxDepth.
[[nodiscard]] nlohmann::json parseBody(const http::Request& request);
inline constexpr int kMaxDepth = 32;

/// An answer with this JSON; bytes that are not UTF-8 (database messages) are replaced, never thrown about.
[[nodiscard]] http::Response jsonResponse(const nlohmann::ordered_json& value, int status = 200);

/// Reads members of one JSON object and collects what is wrong with them. null counts as absent. Paths in problems are
/// `path` + "." + name, or the bare name when `path` is empty. Refers to the object and the list; does not own them.
class Members {
 public:
  /// An object is expected; anything else becomes a problem and reads as empty.
  Members(const nlohmann::json* object, std::string path, std::vector<Problem>& problems);

  [[nodiscard]] std::optional<std::string> text(std::string_view name);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  /// Present and not empty; otherwise a problem (missingMember) and "".
  [[nodiscard]] std::string requiredText(std::string_view name);
  /// A text out of a closed list; another one becomes a problem (valueNotAllowed) and reads as absent.
  [[nodiscard]] std::optional<std::string> choice(std::string_view name, std::span<const std::string_view> allowed);
  [[nodiscard]] std::string requiredChoice(std::string_view name, std::span<const std::string_view> allowed);
  /// Texts; elements of another type become problems.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name);
  /// The member as an object, an empty reader when it is absent.
  [[nodiscard]] Members object(std::string_view name);
  /// Present or a problem.
  [[nodiscard]] Members requiredObject(std::string_view name);
  /// The elements of an array with their readers; absent = none.
  [[nodiscard]] std::vector<Members> objects(std::string_view name);
  /// The same, 1 to `most` elements; otherwise a problem.
  [[nodiscard]] std::vector<Members> requiredObjects(std::string_view name, std::size_t most);
  /// The raw member; nullptr when absent or null.
  [[nodiscard]] const nlohmann::json* find(std::string_view name) const;

  /// The JSON path of a member.
  [[nodiscard]] std::string pathOf(std::string_view name) const;
  [[nodiscard]] std::vector<Problem>& problems() const { return *problems_; }
  [[nodiscard]] bool present() const { return object_ != nullptr; }

 private:
  void missing(std::string_view name);

  const nlohmann::json* object_;
  std::string path_;
  std::vector<Problem>* problems_;
};

/// "a, b, c" for messages.
[[nodiscard]] std::string listed(std::span<const std::string_view> values);

}  // namespace drs::api
