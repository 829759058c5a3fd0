#include "drsctl/signed_send.h"

#include "base/clock.h"
#include "base/error.h"
#include "crypto/request_signature.h"
#include "drsctl/failure.h"
#include "http/client.h"

namespace drs::ctl {
namespace {

http::Headers signedHeaders(const Access& access, const std::string& method, const http::Url& url,
                            const std::string& body) {
  http::Headers headers;
  headers.add("Host", url.authority);
  headers.add("Content-Type", "application/json");
  headers.add("X-Project-Id", access.projectId);
  headers.add("X-Sdk-Date", sdkDate(Clock().now()));
  headers.add("Authorization",
              signRequest({method, url.target, headers.all(), body}, access.accessKey, access.secretKey));
  return headers;
}

}  // namespace

Send signedSend(const Access& access) {
  http::ClientOptions options;
  options.caFile = access.caFile;
  return [access, options](const std::string& method, const std::string& target, const std::string& body) -> Answer {
    try {
      const std::string address = access.endpoint + target;
      const http::Headers headers = signedHeaders(access, method, http::parseUrl(address), body);
      http::ClientResponse response = http::call(method, address, headers, body, options);
      return {response.status, std::move(response.body)};
    } catch (const Error& error) {
      throw failureOf(error);
    }
  };
}

}  // namespace drs::ctl
