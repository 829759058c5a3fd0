#include "crypto/sealer.h"

#include "base/error.h"
#include "crypto/encoding.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

const MasterKey kKey(std::string(32, 'k'));
constexpr const char* kJob = "0f5e7b0a-51f1-4a3c-8d21-90c6f3bjb21a";
constexpr const char* kPath = "source_endpoint[0].endpoint.db_password";

std::string reasonOf(const Sealer& sealer, const std::string& sealed, const char* job = kJob,
                     const char* path = kPath) {
  try {
    (void)sealer.open(sealed, job, path);
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::sealBroken);
    return error.text();
  }
  return "it was opened";
}

TEST(Sealer, OpensWhatItSealed) {
  const Sealer sealer(kKey);
  for (const std::string& plain : {std::string(), std::string("p\0w", 3), std::string(10000, 'x')}) {
    const std::string sealed = sealer.seal(plain, kJob, kPath);
    EXPECT_TRUE(sealed.starts_with("sealed:v1:" + kKey.id() + ":")) << sealed;
    EXPECT_TRUE(Sealer::looksSealed(sealed));
    EXPECT_EQ(sealer.open(sealed, kJob, kPath), plain);
  }
}

TEST(Sealer, NeverGivesTheSameTextTwice) {
  const Sealer sealer(kKey);
  EXPECT_NE(sealer.seal("secret", kJob, kPath), sealer.seal("secret", kJob, kPath));
}

TEST(Sealer, RefusesAnotherJobOrField) {
  const Sealer sealer(kKey);
  const std::string sealed = sealer.seal("secret", kJob, kPath);
  EXPECT_NE(reasonOf(sealer, sealed, "another-job").find("belongs to another job"), std::string::npos);
  EXPECT_NE(reasonOf(sealer, sealed, kJob, "ssl.ssl_cert_key").find("belongs to another job"), std::string::npos);
  // Moving characters between the two parts is another pair too.
  EXPECT_NE(reasonOf(sealer, sealer.seal("secret", "ab", "c"), "a", "bc").find("belongs to another job"),
            std::string::npos);
}

TEST(Sealer, NamesTheKeysWhenTheMasterKeyIsAnotherOne) {
  const MasterKey other(std::string(32, 'o'));
  const std::string sealed = Sealer(other).seal("secret", kJob, kPath);
  const std::string reason = reasonOf(Sealer(kKey), sealed);
  EXPECT_NE(reason.find(other.id()), std::string::npos) << reason;
  EXPECT_NE(reason.find(kKey.id()), std::string::npos) << reason;
}

TEST(Sealer, RefusesEveryAlteredByte) {
  const Sealer sealer(kKey);
  const std::string sealed = sealer.seal("secret", kJob, kPath);
  const std::size_t start = sealed.rfind(':') + 1;
  const std::string raw = fromBase64(sealed.substr(start)).value();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    std::string altered = raw;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    const std::string reason = reasonOf(sealer, sealed.substr(0, start) + toBase64(altered));
    EXPECT_NE(reason.find("altered"), std::string::npos) << i;
    EXPECT_EQ(reason.find("secret\""), std::string::npos);
  }
}

TEST(Sealer, RefusesWhatIsNotSealed) {
  const Sealer sealer(kKey);
  const std::string id = kKey.id();
  for (const std::string& bad :
       {std::string(), std::string("plain"), std::string("sealed:v1:"), "sealed:v1:" + id, "sealed:v1:" + id + ":",
        "sealed:v1:" + id + ":!!!!", "sealed:v1:" + id + ":AAAA", "sealed:v2:" + id + ":AAAA"}) {
    EXPECT_NE(reasonOf(sealer, bad), "it was opened") << bad;
  }
}

}  // namespace
}  // namespace drs
