#include "api/error_response.h"

#include "api/json_io.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace drs::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxCharacters = 512;  // of error_msg, by the API's schema

/// At most 512 characters (code points), at least one.
std::string bounded(std::string text) {
  std::size_t characters = 0;
  const auto startsCharacter = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  const auto end = std::find_if(text.begin(), text.end(),
                                [&](char c) { return startsCharacter(c) && ++characters > kMaxCharacters; });
  text.erase(end, text.end());
  return text.empty() ? "unknown" : text;
}

std::string withRemedy(const std::string& text, const std::string& remedy) {
  if (remedy.empty()) return text;
  return text + (text.ends_with('.') ? " " : ". ") + remedy;
}

Json body(std::string_view code, const std::string& text, const http::Request& request) {
  Json out{{"error_code", code}, {"error_msg", bounded(text)}};
  if (code.starts_with("APIG.")) out["request_id"] = request.requestId;
  return out;
}

}  // namespace

http::Response errorResponse(const Error& error, const http::Request& request) {
  const int status = message(error.msg()).http;
  Json out = body(error.code(), textOf(error), request);
  if (const auto problems = problemsOf(error); !problems.empty()) out["errors"] = encodeProblems(problems);
  http::Response response = jsonResponse(out, status);
  if (error.msg() == Msg::methodNotAllowed && error.args().size() > 1)
    response.headers.emplace_back("Allow", error.args()[1]);
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "SDK-HMAC-SHA256");
  return response;
}

http::Response errorResponse(const std::vector<Problem>& problems, const http::Request& request) {
  const Problem& first = problems.front();
  Json out = body(message(first.msg).code, textOf(first), request);
  out["errors"] = encodeProblems(problems);
  return jsonResponse(out, message(first.msg).http);
}

Json encodeProblems(const std::vector<Problem>& problems) {
  Json list = Json::array();
  for (const Problem& problem : problems) {
    list.push_back({{"path", problem.path},
                    {"value", problem.value},
                    {"allowed", problem.allowed},
                    {"error_code", message(problem.msg).code}});
  }
  return list;
}

std::vector<Problem> problemsOf(const Error& error) {
  const std::vector<std::string>& args = error.args();
  if (error.origin() != Origin::request || args.empty()) return {};
  switch (error.msg()) {
    case Msg::missingMember:
      return {missingProblem(args[0])};
    case Msg::valueNotAllowed:
    case Msg::badPaging:
      return args.size() < 3 ? std::vector<Problem>()
                             : std::vector<Problem>{{error.msg(), args[0], args[1], args[2], args}};
    default:
      return {};
  }
}

std::string textOf(const Problem& problem) {
  const Message& entry = message(problem.msg);
  return bounded(withRemedy(format(entry.text, problem.args), format(entry.remedy, problem.args)));
}

std::string textOf(const Error& error) {
  return bounded(withRemedy(error.text(), error.remedy()));
}

std::string textOf(const Fault& fault) {
  return bounded(withRemedy(fault.text, fault.remedy));
}

}  // namespace drs::api
