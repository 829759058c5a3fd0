#include "crypto/request_signature.h"

#include "crypto/encoding.h"

#include <gtest/gtest.h>

// The worked examples A and B of the authentication page; the others vary them.

namespace drs {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kAccessKey = "AKEXAMPLE0000000001";
constexpr const char* kSecretKey = "sk-example-not-secret";
constexpr const char* kProject = "0123456789abcdef0123456789abcdef";
constexpr UnixMillis kSignedAt = 1'767'323'045'000;  // 2026-01-02T03:04:05Z

struct Example {
  std::string method, target, body;
  Fields headers;
  std::vector<std::string> names;
  std::string signature;

  [[nodiscard]] SignableRequest request() const { return {method, target, headers, body}; }
  [[nodiscard]] SignatureResult verify(UnixMillis now = kSignedAt) const {
    return verifySignature(request(), {kAccessKey, names, signature}, kSecretKey, now);
  }
  std::string& header(const std::string& name) {
    for (auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return headers.emplace_back(name, "").second;
  }
  void sign() {
    const auto authorization = parseAuthorization(signRequest(request(), kAccessKey, kSecretKey));
    names = authorization.value().signedHeaders;
    signature = authorization->signature;
  }
};

Example exampleA() {
  return {"POST",
          std::string("/v5/") + kProject + "/jobs/batch-async-create",
          R"({"jobs": []})",
          {{"Content-Type", "application/json"},
           {"Host", "127.0.0.1:8080"},
           {"X-Language", "en-us"},
           {"X-Project-Id", kProject},
           {"X-Sdk-Date", "20260102T030405Z"}},
          {"content-type", "host", "x-language", "x-project-id", "x-sdk-date"},
          "10e00772a6fcb4e1c436ffe8ebf52cea9f0c5164bf9429a61ce79ca6f0ee05ca"};
}

Example exampleB() {
  return {"GET",
          std::string("/v5/") + kProject +
              "/jobs?instance_ids=in-1&instance_ids=in-2&job_type=sync&name=a%20b%2Bc%2F%C3%BC",
          "",
          {{"Content-Type", "application/json"},
           {"Host", "127.0.0.1:8080"},
           {"X-Project-Id", kProject},
           {"X-Sdk-Date", "20260102T030405Z"}},
          {"content-type", "host", "x-project-id", "x-sdk-date"},
          "28e6e33ee9ae1fbc35251691b56d8acc4a092b4c6b9a2d283d682d98b1486b1c"};
}

TEST(RequestSignature, ExampleACanonicalRequest) {
  const Example a = exampleA();
  const std::string canonical = canonicalRequest(a.request(), a.names).value();
  EXPECT_EQ(canonical,
            "POST\n/v5/0123456789abcdef0123456789abcdef/jobs/batch-async-create/\n\n"
            "content-type:application/json\nhost:127.0.0.1:8080\nx-language:en-us\n"
            "x-project-id:0123456789abcdef0123456789abcdef\nx-sdk-date:20260102T030405Z\n\n"
            "content-type;host;x-language;x-project-id;x-sdk-date\n"
            "921e8f3293fce9361134d3b09cc4cf53f832e92dd9bc5c98bd865d2fadaf51e5");
  EXPECT_EQ(sha256Hex(canonical), "75f324d01a873f00e4cbb36da4c7d33d950c5ecd063cc9a88af5e83b879d6057");
}

TEST(RequestSignature, ExampleAIsVerified) {
  EXPECT_EQ(exampleA().verify(), SignatureResult::good);
}

TEST(RequestSignature, ExampleAIsSigned) {
  const Example a = exampleA();
  EXPECT_EQ(
      signRequest(a.request(), kAccessKey, kSecretKey),
      "SDK-HMAC-SHA256 Access=AKEXAMPLE0000000001, SignedHeaders=content-type;host;x-language;x-project-id;x-sdk-date, "
      "Signature=" +
          a.signature);
}

TEST(RequestSignature, ExampleBIsVerifiedAndSigned) {
  const Example b = exampleB();
  EXPECT_EQ(sha256Hex(canonicalRequest(b.request(), b.names).value()),
            "5205f7dc9c278d33419d1f87555b5ba5e79665de8f709cbe61218810123dae5d");
  EXPECT_EQ(b.verify(), SignatureResult::good);
  EXPECT_TRUE(signRequest(b.request(), kAccessKey, kSecretKey).ends_with(b.signature));
}

TEST(RequestSignature, QueryMayArriveInAnotherOrderAndSpelling) {
  Example b = exampleB();
  b.target =
      std::string("/v5/") + kProject + "/jobs?name=a+b%2bc/%c3%bc&job_type=sync&instance_ids=in-2&instance_ids=in-1";
  EXPECT_EQ(b.verify(), SignatureResult::good);
}

TEST(RequestSignature, TrailingSlashMakesNoDifference) {
  Example a = exampleA();
  a.target += "/";
  EXPECT_EQ(a.verify(), SignatureResult::good);
}

TEST(RequestSignature, HeadersThatAreNotSignedMayBeAddedOnTheWay) {
  Example a = exampleA();
  a.headers.insert(a.headers.begin(), {"Accept-Encoding", "gzip, deflate"});
  a.headers.emplace_back("Connection", "keep-alive");
  EXPECT_EQ(a.verify(), SignatureResult::good);
}

TEST(RequestSignature, ValuesAreTrimmed) {
  Example a = exampleA();
  a.header("X-Language") = "  en-us\t";
  EXPECT_EQ(a.verify(), SignatureResult::good);
}

TEST(RequestSignature, AnyChangeIsAMismatch) {
  const auto check = [](auto change) {
    Example a = exampleA();
    change(a);
    return a.verify();
  };
  EXPECT_EQ(check([](Example& a) { a.method = "PUT"; }), SignatureResult::mismatch);
  EXPECT_EQ(check([](Example& a) { a.target += "x"; }), SignatureResult::mismatch);
  EXPECT_EQ(check([](Example& a) { a.target += "?a=1"; }), SignatureResult::mismatch);
  EXPECT_EQ(check([](Example& a) { a.body += " "; }), SignatureResult::mismatch);
  EXPECT_EQ(check([](Example& a) { a.header("X-Language") = "zh-cn"; }), SignatureResult::mismatch);
  EXPECT_EQ(check([](Example& a) { a.header("X-Sdk-Date") = "20260102T030406Z"; }), SignatureResult::mismatch);
  EXPECT_EQ(check([](Example& a) { a.names.pop_back(); }), SignatureResult::mismatch);
  EXPECT_EQ(check([](Example& a) { a.signature.back() = '0'; }), SignatureResult::mismatch);
  EXPECT_EQ(check([](Example& a) { a.signature.clear(); }), SignatureResult::mismatch);
}

TEST(RequestSignature, ASignedHeaderMustBeThereOnce) {
  Example missing = exampleA();
  missing.headers.erase(missing.headers.begin());
  EXPECT_EQ(missing.verify(), SignatureResult::malformed);
  Example twice = exampleA();
  twice.headers.emplace_back("x-language", "zh-cn");
  EXPECT_EQ(twice.verify(), SignatureResult::malformed);
}

TEST(RequestSignature, ClockMayDifferByFifteenMinutes) {
  constexpr UnixMillis kLimit = 15 * 60 * 1000;
  EXPECT_EQ(exampleA().verify(kSignedAt + kLimit), SignatureResult::good);
  EXPECT_EQ(exampleA().verify(kSignedAt - kLimit), SignatureResult::good);
  EXPECT_EQ(exampleA().verify(kSignedAt + kLimit + 1), SignatureResult::clockTooFar);
  EXPECT_EQ(exampleA().verify(kSignedAt - kLimit - 1), SignatureResult::clockTooFar);
}

TEST(RequestSignature, DateMustBeADate) {
  for (const char* bad :
       {"", "20260102", "20260102T030405", "2026-01-02T03:04Z", "20261302T030405Z", "20260230T030405Z",
        "20260102T240000Z", "20260102T036005Z", "-0260102T030405Z", "20260102T03 405Z"}) {
    Example a = exampleA();
    a.header("X-Sdk-Date") = bad;
    EXPECT_EQ(a.verify(), SignatureResult::malformed) << bad;
  }
}

TEST(RequestSignature, BrokenEscapesInTheTargetAreMalformed) {
  for (const char* bad : {"/v5/%zz/jobs", "/v5/jobs?a=%2"}) {
    Example a = exampleA();
    a.target = bad;
    EXPECT_EQ(a.verify(), SignatureResult::malformed) << bad;
  }
}

TEST(RequestSignature, ContentHashHeaderIsUsedAndChecked) {
  Example a = exampleA();
  a.header("X-Sdk-Content-Sha256") = sha256Hex(a.body);
  a.sign();
  EXPECT_EQ(a.verify(), SignatureResult::good);
  a.body = "{}";
  EXPECT_EQ(a.verify(), SignatureResult::bodyMismatch);
}

TEST(RequestSignature, UnsignedPayloadIsForOtherContentThanJson) {
  Example upload = exampleA();
  upload.header("X-Sdk-Content-Sha256") = "UNSIGNED-PAYLOAD";
  upload.header("Content-Type") = "multipart/form-data; boundary=x";
  upload.sign();
  EXPECT_EQ(upload.verify(), SignatureResult::good);
  upload.body = "altered on the way";
  EXPECT_EQ(upload.verify(), SignatureResult::good);

  Example json = exampleA();
  json.header("X-Sdk-Content-Sha256") = "UNSIGNED-PAYLOAD";
  json.sign();
  EXPECT_EQ(json.verify(), SignatureResult::bodyMismatch);
}

TEST(RequestSignature, WorksWithoutHostAndContentType) {  // what the Go SDK signs
  Example a = exampleA();
  a.headers.clear();
  a.header("X-Sdk-Date") = "20260102T030405Z";
  a.sign();
  EXPECT_EQ(a.names, std::vector<std::string>{"x-sdk-date"});
  a.header("Host") = "elsewhere";
  EXPECT_EQ(a.verify(), SignatureResult::good);
}

TEST(Authorization, IsParsed) {
  const std::string signature(64, 'A');
  const auto parsed =
      parseAuthorization("SDK-HMAC-SHA256 Access=AK1,SignedHeaders=Host;x-sdk-date,  Signature=" + signature);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->accessKey, "AK1");
  EXPECT_EQ(parsed->signedHeaders, (std::vector<std::string>{"host", "x-sdk-date"}));
  EXPECT_EQ(parsed->signature, std::string(64, 'a'));
}

TEST(Authorization, IsRefusedInAnyOtherForm) {
  const std::string signature = ", Signature=" + std::string(64, 'a');
  const std::vector<std::string> all{std::string(),
                                     std::string("Basic abc"),
                                     "SDK-HMAC-SHA256",
                                     "SDK-HMAC-SM3 Access=A, SignedHeaders=host" + signature,
                                     "V11-HMAC-SHA256 Credential=A/d/r/s, SignedHeaders=host" + signature,
                                     "SDK-HMAC-SHA256 Access=, SignedHeaders=host" + signature,
                                     "SDK-HMAC-SHA256 Access=A, SignedHeaders=" + signature,
                                     "SDK-HMAC-SHA256 Access=A" + signature,
                                     "SDK-HMAC-SHA256 Access=A, SignedHeaders=ho st" + signature,
                                     std::string("SDK-HMAC-SHA256 Access=A, SignedHeaders=host"),
                                     std::string("SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=abc"),
                                     "SDK-HMAC-SHA256Access=A, SignedHeaders=host" + signature,
                                     "SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Other=1" + signature};
  for (const std::string& bad : all) {
    EXPECT_FALSE(parseAuthorization(bad)) << bad;
  }
}

TEST(SdkDate, IsUtc) {
  EXPECT_EQ(sdkDate(kSignedAt), "20260102T030405Z");
  EXPECT_EQ(sdkDate(kSignedAt + 999), "20260102T030405Z");
  EXPECT_EQ(sdkDate(951'782'399'000), "20000228T235959Z");
}

}  // namespace
}  // namespace drs
