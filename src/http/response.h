#pragma once

#include <string>
#include <utility>
#include <vector>

namespace drs::http {

/// What a handler answers. The server adds Content-Length, X-Request-Id, Date and Connection.
struct Response {
  int status = 200;
  std::string contentType = "application/json";
  std::string body;  ///< for HEAD and 204 the server leaves it out
  std::vector<std::pair<std::string, std::string>> headers;

  /// 200 (or another status) with a JSON text.
  [[nodiscard]] static Response json(std::string text, int status = 200) {
    return {status, "application/json", std::move(text), {}};
  }
  [[nodiscard]] static Response text(std::string text, int status = 200) {
    return {status, "text/plain; charset=utf-8", std::move(text), {}};
  }
  [[nodiscard]] static Response noContent() { return {204, "", "", {}}; }
};

}  // namespace drs::http
