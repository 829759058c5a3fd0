#pragma once

#include "base/error.h"
#include "http/request.h"
#include "http/response.h"
#include "model/job_spec_json.h"
#include "store/records.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace drs::api {

/// Any failure as an answer: {"error_code","error_msg"}, with "request_id" for codes of the gateway (APIG.*). The text
/// is 1 to 512 characters. `request` gives the X-Request-Id.
[[nodiscard]] http::Response errorResponse(const Error& error, const http::Request& request);

/// A refused request: the first problem is the code and the text, all stand in "errors" (path, value, allowed,
/// error_code). `problems` must not be empty.
[[nodiscard]] http::Response errorResponse(const std::vector<Problem>& problems, const http::Request& request);

/// The same as "errors" of an answer.
[[nodiscard]] nlohmann::ordered_json encodeProblems(const std::vector<Problem>& problems);

/// What a failure says about one member or parameter of the request; nothing if it says nothing of that kind.
[[nodiscard]] std::vector<Problem> problemsOf(const Error& error);

/// The catalogue's text of one problem or failure with its remedy, cut to 512 characters.
[[nodiscard]] std::string textOf(const Problem& problem);
[[nodiscard]] std::string textOf(const Error& error);
/// The same of a fault that was stored.
[[nodiscard]] std::string textOf(const Fault& fault);

}  // namespace drs::api
