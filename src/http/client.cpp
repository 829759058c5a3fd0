#include "http/client.h"

#include "base/error.h"
#include "net/stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <charconv>

namespace drs::http {
namespace {

namespace bhttp = boost::beast::http;

constexpr std::size_t kAnswerBytes = 16384;
constexpr std::uint32_t kMaxHeaderBytes = 64U << 10U;

std::string requestText(const std::string& method, const Url& url, const Headers& headers, const std::string& body) {
  std::string out = method + " " + url.target + " HTTP/1.1\r\n";
  const auto add = [&out](const std::string& name, const std::string& value) {
    if ((name + value).find_first_of("\r\n") != std::string::npos)
      throw Error(Msg::internal, {"a line break in header " + name});
    out.append(name).append(": ").append(value).append("\r\n");
  };
  if (!headers.find("Host")) add("Host", url.authority);
  for (const auto& [name, value] : headers.all()) add(name, value);
  add("Content-Length", std::to_string(body.size()));
  add("Connection", "close");
  return out + "\r\n" + body;
}

Error notHttp(const Url& url, const std::string& why) {
  return Error(Msg::badHttp, {url.authority + ": " + why});
}

ClientResponse readResponse(net::Stream& stream, const Url& url, bool head, const ClientOptions& options,
                            net::Deadline deadline) {
  bhttp::response_parser<bhttp::string_body> parser;
  parser.header_limit(kMaxHeaderBytes);
  parser.body_limit(options.maxBodyBytes);
  parser.skip(head);
  parser.eager(true);
  boost::beast::flat_buffer buffer;
  while (!parser.is_done()) {
    const boost::asio::mutable_buffer space = buffer.prepare(kAnswerBytes);
    const std::size_t got = stream.read(static_cast<char*>(space.data()), space.size(), deadline);
    boost::system::error_code error;
    if (got == 0) {
      if (parser.got_some()) parser.put_eof(error);  // ends a body without Content-Length
      if (error || !parser.is_done()) throw Error(Msg::connectionLost, {url.authority, "the answer is incomplete"});
      break;
    }
    buffer.commit(got);
    while (buffer.size() > 0 && !parser.is_done() && !error) buffer.consume(parser.put(buffer.data(), error));
    if (error && error != bhttp::error::need_more) throw notHttp(url, error.message());
  }
  ClientResponse out;
  auto& message = parser.get();
  out.status = static_cast<int>(message.result_int());
  for (const auto& field : message) out.headers.add(std::string(field.name_string()), std::string(field.value()));
  out.body = std::move(message.body());
  return out;
}

}  // namespace

Url parseUrl(const std::string& url) {
  const auto bad = [&url] { return Error(Msg::badConfig, {"not a URL of the form http[s]://host[:port]: " + url}); };
  Url out;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    out.tls = true;
  } else if (!rest.starts_with("http://")) {
    throw bad();
  }
  rest.remove_prefix(out.tls ? 8 : 7);
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  out.authority = rest.substr(0, slash);
  out.target = rest.substr(slash);
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  const bool bracketed = out.authority.starts_with('[');
  const std::size_t hostEnd =
      bracketed ? out.authority.find(']') : std::min(out.authority.find(':'), out.authority.size());
  if (hostEnd == std::string::npos || out.authority.find('@') != std::string::npos) throw bad();
  out.host = bracketed ? out.authority.substr(1, hostEnd - 1) : out.authority.substr(0, hostEnd);
  const std::string_view port = std::string_view(out.authority).substr(hostEnd + (bracketed ? 1 : 0));
  out.port = out.tls ? 443 : 80;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), out.port);
    if (port[0] != ':' || error != std::errc() || end != port.data() + port.size()) throw bad();
  }
  const bool control = url.find_first_of(std::string_view("\r\n\t \0", 5)) != std::string::npos;
  if (out.host.empty() || out.port == 0 || control) throw bad();
  return out;
}

ClientResponse call(const std::string& method, const std::string& url, const Headers& headers, const std::string& body,
                    const ClientOptions& options) {
  const Url parsed = parseUrl(url);
  const net::Deadline deadline = net::after(options.total);
  std::optional<net::TlsOptions> tls;
  if (parsed.tls) tls = net::TlsOptions{options.caFile, {}};
  const auto stream = net::connect({parsed.host, parsed.port}, tls, std::min(deadline, net::after(options.connect)));
  stream->write(requestText(method, parsed, headers, body), deadline);
  return readResponse(*stream, parsed, method == "HEAD", options, deadline);
}

}  // namespace drs::http
