#include "crypto/request_signature.h"

#include "base/ascii.h"
#include "base/percent.h"
#include "crypto/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>

namespace drs {
namespace {

constexpr std::string_view kAlgorithm = "SDK-HMAC-SHA256";
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr UnixMillis kMaxClockDifference = UnixMillis{15} * 60 * 1000;
constexpr std::size_t kMaxSignedHeaders = 64;
constexpr std::size_t kSignatureDigits = 64;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator)) {
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.push_back(text);
  return parts;
}

/// The only field of that name (lower case); nothing if there is none, or several: which one counts must not be a
/// guess.
std::optional<std::string_view> onlyHeader(const SignableRequest& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [key, value] : request.headers) {
    if (toLowerAscii(key) != name) continue;
    if (found) return std::nullopt;
    found = trim(value);
  }
  return found;
}

std::optional<std::string> canonicalPath(std::string_view path) {
  std::string out;
  for (const std::string_view piece : split(path, '/')) {
    const auto plain = percentDecode(piece, false);
    if (!plain) return std::nullopt;
    out += percentEncode(*plain);
    out += '/';
  }
  // One "/" stands after the last piece now; a path that ended with "/" has an empty last piece and one too many.
  if (path.ends_with('/')) out.pop_back();
  return out;
}

std::string payloadHash(const SignableRequest& request) {
  const auto given = onlyHeader(request, "x-sdk-content-sha256");
  return given ? std::string(*given) : sha256Hex(request.body);
}

std::string signatureOf(std::string_view canonical, std::string_view date, std::string_view secretKey) {
  const std::string toSign = fmt::format("{}\n{}\n{}", kAlgorithm, date, sha256Hex(canonical));
  return toHex(hmacSha256(secretKey, toSign));
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.front() == '-' || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<UnixMillis> parseSdkDate(std::string_view text) {
  namespace ch = std::chrono;
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = digits(text.substr(0, 4)), month = digits(text.substr(4, 2)), day = digits(text.substr(6, 2));
  const auto hour = digits(text.substr(9, 2)), minute = digits(text.substr(11, 2)), second = digits(text.substr(13, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const ch::year_month_day date{ch::year(*year), ch::month(static_cast<unsigned>(*month)),
                                ch::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto time = ch::sys_days(date) + ch::hours(*hour) + ch::minutes(*minute) + ch::seconds(*second);
  return ch::duration_cast<ch::milliseconds>(time.time_since_epoch()).count();
}

bool isJson(const SignableRequest& request) {
  const auto type = onlyHeader(request, "content-type");
  return type && toLowerAscii(*type).find("json") != std::string::npos;
}

/// Whether X-Sdk-Content-Sha256, if sent, describes the body. It is part of what is signed, so a body that does not fit
/// it has been altered; an unsigned body is refused where it could be an API request.
bool bodyFits(const SignableRequest& request) {
  const auto given = onlyHeader(request, "x-sdk-content-sha256");
  if (!given) return true;
  if (*given == kUnsigned) return request.body.empty() || !isJson(request);
  return equalsConstantTime(toLowerAscii(*given), sha256Hex(request.body));
}

bool isHeaderName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

std::optional<Authorization> parseAuthorization(std::string_view header) {
  header = trim(header);
  if (!header.starts_with(kAlgorithm)) return std::nullopt;
  header.remove_prefix(kAlgorithm.size());
  if (!header.starts_with(' ')) return std::nullopt;
  Authorization out;
  for (std::string_view part : split(header, ',')) {
    part = trim(part);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view value = part.substr(equals + 1);
    if (part.starts_with("Access=")) {
      out.accessKey = value;
    } else if (part.starts_with("SignedHeaders=")) {
      for (const std::string_view name : split(value, ';')) out.signedHeaders.push_back(toLowerAscii(name));
    } else if (part.starts_with("Signature=")) {
      out.signature = toLowerAscii(value);
    } else {
      return std::nullopt;
    }
  }
  const bool good = !out.accessKey.empty() && out.signature.size() == kSignatureDigits && !out.signedHeaders.empty() &&
                    out.signedHeaders.size() <= kMaxSignedHeaders &&
                    std::all_of(out.signedHeaders.begin(), out.signedHeaders.end(), isHeaderName);
  return good ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> canonicalQuery(std::string_view rawQuery) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : split(rawQuery, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto key = percentDecode(part.substr(0, equals), true);
    const auto value = percentDecode(part.substr(std::min(equals + 1, part.size())), true);
    if (!key || !value) return std::nullopt;
    pairs.emplace_back(*key, *value);
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [key, value] : pairs) {
    if (!out.empty()) out += '&';
    out += percentEncode(key) + "=" + percentEncode(value);
  }
  return out;
}

std::optional<std::string> canonicalRequest(const SignableRequest& request,
                                            const std::vector<std::string>& signedHeaders) {
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  const auto path = canonicalPath(request.target.substr(0, mark));
  const auto query = canonicalQuery(request.target.substr(std::min(mark + 1, request.target.size())));
  if (!path || !query) return std::nullopt;
  std::string lines;
  std::string names;
  for (const std::string& name : signedHeaders) {
    const auto value = onlyHeader(request, name);
    if (!value) return std::nullopt;
    lines.append(name).append(":").append(*value).append("\n");
    names.append(names.empty() ? "" : ";").append(name);
  }
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, *path, *query, lines, names, payloadHash(request));
}

SignatureResult verifySignature(const SignableRequest& request, const Authorization& authorization,
                                std::string_view secretKey, UnixMillis now) {
  const auto date = onlyHeader(request, "x-sdk-date");
  const auto time = date ? parseSdkDate(*date) : std::nullopt;
  if (!time) return SignatureResult::malformed;
  if (std::abs(now - *time) > kMaxClockDifference) return SignatureResult::clockTooFar;
  const auto canonical = canonicalRequest(request, authorization.signedHeaders);
  if (!canonical) return SignatureResult::malformed;
  if (!equalsConstantTime(signatureOf(*canonical, *date, secretKey), authorization.signature)) {
    return SignatureResult::mismatch;
  }
  return bodyFits(request) ? SignatureResult::good : SignatureResult::bodyMismatch;
}

std::string signRequest(const SignableRequest& request, std::string_view accessKey, std::string_view secretKey) {
  std::vector<std::string> names;
  for (const auto& [key, value] : request.headers) names.push_back(toLowerAscii(key));
  std::sort(names.begin(), names.end());
  const auto canonical = canonicalRequest(request, names);
  const std::string signature =
      canonical ? signatureOf(*canonical, onlyHeader(request, "x-sdk-date").value_or(""), secretKey) : std::string();
  return fmt::format("{} Access={}, SignedHeaders={}, Signature={}", kAlgorithm, accessKey, fmt::join(names, ";"),
                     signature);
}

std::string sdkDate(UnixMillis time) {
  namespace ch = std::chrono;
  const ch::sys_time<ch::seconds> point =
      ch::floor<ch::seconds>(ch::sys_time<ch::milliseconds>(ch::milliseconds(time)));
  const auto day = ch::floor<ch::days>(point);
  const ch::year_month_day date(day);
  const ch::hh_mm_ss clock(point - day);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace drs
