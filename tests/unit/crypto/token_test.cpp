#include "crypto/token.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

const MasterKey kMaster(std::string(32, 'k'));
constexpr UnixMillis kNow = 1'767'600'000'000;

TEST(Token, CarriesItsClaimsUntilItExpires) {
  const TokenSigner signer(kMaster.derive("token"));
  const std::string token = signer.issue(R"({"u":"ops"})", kNow + 1000);
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
            std::string::npos);
  EXPECT_EQ(signer.open(token, kNow), R"({"u":"ops"})");
  EXPECT_EQ(signer.open(token, kNow + 999), R"({"u":"ops"})");
  EXPECT_FALSE(signer.open(token, kNow + 1000));
}

TEST(Token, SurvivesARestartAndEndsWithTheKey) {
  const std::string token = TokenSigner(kMaster.derive("token")).issue("x", kNow + 1000);
  EXPECT_EQ(TokenSigner(MasterKey(std::string(32, 'k')).derive("token")).open(token, kNow), "x");
  EXPECT_FALSE(TokenSigner(kMaster.derive("other")).open(token, kNow));
}

TEST(Token, IsRefusedWhenAnyCharacterIsAltered) {
  const TokenSigner signer(kMaster.derive("token"));
  const std::string token = signer.issue("claims", kNow + 1000);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string altered = token;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(signer.open(altered, kNow)) << i;
    EXPECT_FALSE(signer.open(token.substr(0, i), kNow)) << i;
  }
  EXPECT_FALSE(signer.open(std::string(100'000, '.'), kNow));
  EXPECT_FALSE(signer.open("drs1.", kNow));
}

}  // namespace
}  // namespace drs
