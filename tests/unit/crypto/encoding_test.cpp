#include "crypto/encoding.h"

#include "base/percent.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

TEST(Encoding, Sha256OfTheStandardsExamples) {  // FIPS 180-2, appendix B
  EXPECT_EQ(sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Encoding, HmacOfRfc4231Case2) {
  EXPECT_EQ(toHex(hmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Encoding, HexRefusesWhatIsNotHex) {
  EXPECT_EQ(toHex(std::string_view("\x00\xff\x10", 3)), "00ff10");
  EXPECT_EQ(fromHex("00fF10"), std::string("\x00\xff\x10", 3));
  EXPECT_FALSE(fromHex("abc"));
  EXPECT_FALSE(fromHex("0g"));
}

TEST(Encoding, Base64OfRfc4648) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : examples) {
    EXPECT_EQ(toBase64(plain), text);
    EXPECT_EQ(fromBase64(text), plain);
  }
}

TEST(Encoding, Base64IsStrict) {
  for (const char* bad :
       {"Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zm9v\n", " Zm9v", "Zm=v", "Zh==", "Zm9v=", "Zm9-"}) {
    EXPECT_FALSE(fromBase64(bad)) << bad;
  }
}

TEST(Encoding, Base64UrlHasNoPaddingAndOtherDigits) {
  EXPECT_EQ(toBase64Url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(toBase64Url("f"), "Zg");
  EXPECT_EQ(fromBase64Url("-__-"), "\xfb\xff\xfe");
  EXPECT_EQ(fromBase64Url("Zg"), "f");
  EXPECT_EQ(fromBase64Url(""), "");
  for (const char* bad : {"Zg==", "+//+", "Z", "Z!"}) EXPECT_FALSE(fromBase64Url(bad)) << bad;
}

TEST(Encoding, ConstantTimeComparisonTellsTheTruth) {
  EXPECT_TRUE(equalsConstantTime("", ""));
  EXPECT_TRUE(equalsConstantTime("abc", "abc"));
  EXPECT_FALSE(equalsConstantTime("abc", "abd"));
  EXPECT_FALSE(equalsConstantTime("abc", "ab"));
}

TEST(Encoding, RandomBytesDiffer) {
  EXPECT_EQ(randomBytes(32).size(), 32U);
  EXPECT_NE(randomBytes(32), randomBytes(32));
}

TEST(Encoding, WipeEmptiesTheText) {
  std::string text = "secret";
  wipe(text);
  EXPECT_TRUE(text.empty());
}

TEST(Percent, KeepsTheUnreservedCharactersOnly) {
  EXPECT_EQ(percentEncode("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(percentEncode(" +/%\xc3\xbc"), "%20%2B%2F%25%C3%BC");
}

TEST(Percent, DecodesAndRefusesBrokenEscapes) {
  EXPECT_EQ(percentDecode("a%20b%2b+", false), "a b++");
  EXPECT_EQ(percentDecode("a%20b%2b+", true), "a b+ ");
  for (const char* bad : {"%", "%2", "%zz", "a%0", "%00"}) EXPECT_FALSE(percentDecode(bad, false)) << bad;
}

}  // namespace
}  // namespace drs
