#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace drs {
namespace {

TEST(Error, FillsTextAndRemedyOfTheCatalogue) {
  const Error error(Msg::unknownInstance, {"in-7"}, Origin::request);
  EXPECT_EQ(error.text(), "The instance in-7 is not in the instance catalogue");
  EXPECT_NE(error.remedy().find("id = \"in-7\""), std::string::npos);
  EXPECT_EQ(error.code(), "DRS.M05006");
  EXPECT_STREQ(error.what(), error.text().c_str());
}

TEST(Error, PatternThatLacksArgumentsIsShownAsItIs) {
  EXPECT_EQ(format("{0} and {1}", {"a"}), "{0} and {1}");
}

TEST(Catalogue, EveryMessageIsCompleteAndItsPatternsAreValid) {
  const std::vector<std::string> args(9, "x");
  std::set<std::string_view> symbols;
  for (const Msg msg : allMessages()) {
    const Message& entry = message(msg);
    EXPECT_TRUE(symbols.insert(entry.symbol).second) << entry.symbol;
    EXPECT_TRUE(entry.code.starts_with("DRS.") || entry.code.starts_with("APIG.")) << entry.symbol;
    EXPECT_LE(entry.code.size(), 12U) << entry.symbol;
    EXPECT_TRUE(entry.http >= 400 && entry.http < 600) << entry.symbol;
    for (const auto pattern : {entry.text, entry.remedy}) {
      const std::string filled = format(pattern, args);
      EXPECT_EQ(filled.find("{0}"), std::string::npos) << entry.symbol << ": " << filled;
    }
  }
}

}  // namespace
}  // namespace drs
