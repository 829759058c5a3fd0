#pragma once

#include "http/request.h"
#include "http/response.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drs::http {

/// Values of the {names} of a pattern, decoded, never empty.
class PathParams {
 public:
  void add(std::string name, std::string value) { values_.emplace_back(std::move(name), std::move(value)); }
  /// The value of a name of the pattern. Throws Error(internal) for a name that the pattern does not have.
  [[nodiscard]] const std::string& at(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// Answers one request on a thread of the handler pool; may block, may throw drs::Error.
using Handler = std::function<Response(const Request&, const PathParams&)>;

/// One row of a table of routes.
struct Route {
  std::string_view method;   ///< "GET"
  std::string_view pattern;  ///< "/v5/{project_id}/jobs/{job_id}"; a literal segment wins over a {name}
  Handler handler;
};

/// Finds the handler for a request. Filled while the program starts, read-only afterwards. Threads: handle() from any.
///
///   router.add({{"GET", "/v5/{project_id}/jobs", [&](const Request& r, const PathParams& p) { … }}, …});
class Router {
 public:
  void add(std::string_view method, std::string_view pattern, Handler handler);
  void add(std::initializer_list<Route> routes);

  /// The handler's answer. Throws Error(noSuchApi) for an unknown path, Error(methodNotAllowed, {method, "GET, POST"})
  /// for a known path with another method, and what the handler throws. HEAD is answered by the GET handler.
  [[nodiscard]] Response handle(const Request& request) const;

  /// The pattern that a request matches, for metrics; "other" when there is none.
  [[nodiscard]] std::string_view patternOf(const Request& request) const;

  /// Every route as "METHOD pattern", for the test that compares them with openapi.yaml.
  [[nodiscard]] std::vector<std::string> list() const;

 private:
  struct Entry {
    std::string method, pattern;
    std::vector<std::string> segments;  ///< "{name}" as written
    Handler handler;
  };
  [[nodiscard]] std::vector<const Entry*> candidates(const Request& request) const;

  std::vector<Entry> entries_;
};

}  // namespace drs::http
