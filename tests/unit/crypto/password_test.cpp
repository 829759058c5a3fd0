#include "crypto/password.h"

#include "crypto/encoding.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

TEST(Password, IsKnownByItsHash) {
  const std::string hash = hashPassword("correct horse");
  EXPECT_TRUE(hash.starts_with("scrypt:15:8:1:")) << hash;
  EXPECT_TRUE(verifyPassword("correct horse", hash));
  EXPECT_FALSE(verifyPassword("correct hors", hash));
  EXPECT_FALSE(verifyPassword("", hash));
  EXPECT_NE(hash, hashPassword("correct horse")) << "no salt";
}

TEST(Password, HashIsScryptOfRfc7914) {
  // Section 12, third example: password "pleaseletmein", salt "SodiumChloride", N=16384, r=8, p=1; the first 32 bytes.
  const std::string wanted = fromHex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2").value();
  EXPECT_TRUE(verifyPassword("pleaseletmein", "scrypt:14:8:1:" + toBase64("SodiumChloride") + ":" + toBase64(wanted)));
}

TEST(Password, MalformedHashFitsNothing) {
  for (const char* bad :
       {"", "scrypt", "scrypt:15:8:1:AAAA", "plain:15:8:1:AAAA:AAAA", "scrypt:x:8:1:AAAA:AAAA",
        "scrypt:63:8:1:AAAA:AAAA", "scrypt:20:32:1:AAAA:AAAA", "scrypt:15:8:1:!:AAAA", "scrypt:15:8:1:AAAA:"}) {
    EXPECT_FALSE(verifyPassword("", bad)) << bad;
  }
}

}  // namespace
}  // namespace drs
