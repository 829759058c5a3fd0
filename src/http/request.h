#pragma once

#include "base/percent.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drs::http {

using drs::percentDecode;
using drs::percentEncode;

/// Header fields in the order of arrival; names compare without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string value);
  /// The first field of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// One complete request. Built by the server; tests build it with parseTarget(). Threads: a value.
struct Request {
  std::string method;                                      ///< as received, e.g. "GET"
  std::string target;                                      ///< raw, e.g. "/v5/0123/jobs?name=a%20b"
  std::vector<std::string> segments;                       ///< decoded; one trailing "/" is ignored
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order of arrival; "+" is a space
  Headers headers;
  std::string body;
  std::string remote;     ///< address of the peer without port
  std::string requestId;  ///< 32 hex digits; the answer's X-Request-Id

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const { return headers.find(name); }
  /// The first value of a query parameter.
  [[nodiscard]] std::optional<std::string_view> queryValue(std::string_view name) const;
  /// All values of a query parameter (list-valued parameters repeat the key).
  [[nodiscard]] std::vector<std::string> queryValues(std::string_view name) const;
};

/// Fills target, segments and query from a raw target in origin form ("/path?query"). False if it is malformed: no
/// leading "/", a broken percent escape, a control character, or a NUL in the decoded form.
[[nodiscard]] bool parseTarget(std::string_view target, Request& out);

/// Comparison without regard to case, ASCII only.
[[nodiscard]] bool equalsIgnoreCase(std::string_view a, std::string_view b) noexcept;

}  // namespace drs::http
