#include "model/utf8.h"

#include <gtest/gtest.h>

namespace drs::test {
namespace {

TEST(Utf8, CountsCharactersNotBytes) {
  EXPECT_EQ(countCharacters(""), 0U);
  EXPECT_EQ(countCharacters("aé你😀"), 4U);
}

TEST(Utf8, RefusesWhatIsNotWellFormed) {
  for (const char* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xE4\xBD"}) {
    EXPECT_EQ(countCharacters(bad), std::nullopt) << bad;
  }
}

TEST(Utf8, ShortensBetweenCharacters) {
  EXPECT_EQ(shortened("äöü", 3), "äöü");
  EXPECT_EQ(shortened("äöü", 2), "äö…");
}

TEST(Utf8, ShowsHostileTextHarmlessly) {
  EXPECT_EQ(shortened("a\xFF\n\x1b[31m", 10), "a\xEF\xBF\xBD  [31m");
}

TEST(Utf8, KnowsLettersOfAnyScript) {
  for (const char32_t c : U"aZ9äß你Жあ") {
    if (c != 0) {
      EXPECT_TRUE(isLetterOrDigit(c)) << nameOfCharacter(c);
    }
  }
  for (const char32_t c : U" -→\u2028\u00A0😀\u3000") {
    if (c != 0) {
      EXPECT_FALSE(isLetterOrDigit(c)) << nameOfCharacter(c);
    }
  }
}

}  // namespace
}  // namespace drs::test
