#include "model/address_list.h"

#include <gtest/gtest.h>

namespace drs::test {
namespace {

AddressList listOf(std::vector<Address> addresses) {
  return {"", std::move(addresses)};
}

TEST(AddressList, TakesTheFormsOfTheApi) {
  EXPECT_EQ(parseAddressList("10.0.0.5"), listOf({{"10.0.0.5", 0}}));
  EXPECT_EQ(parseAddressList("db.example.org:3306,db2:3307"), listOf({{"db.example.org", 3306}, {"db2", 3307}}));
  EXPECT_EQ(parseAddressList("::1,[2001:db8::1]:6379,[::2]"), listOf({{"::1", 0}, {"2001:db8::1", 6379}, {"::2", 0}}));
  EXPECT_EQ(parseAddressList("sentinel://mymaster@10.0.0.1:26379,10.0.0.2:26379"),
            (AddressList{"mymaster", {{"10.0.0.1", 26379}, {"10.0.0.2", 26379}}}));
}

TEST(AddressList, TakesMaskedAddresses) {
  EXPECT_EQ(parseAddressList("******"), listOf({{"******", 0}}));
}

TEST(AddressList, RefusesWhatCannotBeMeant) {
  for (const char* bad : {"",
                          ",",
                          "a,",
                          ",a",
                          "a,,b",
                          "a:",
                          "a:0",
                          "a:65536",
                          "a:080",
                          "a:8o",
                          "a b",
                          " a",
                          "a/b",
                          "u@h",
                          "[::1",
                          "[::1]3306",
                          "[::1]:",
                          "[]:1",
                          ":3306",
                          "sentinel://",
                          "sentinel://a:1",
                          "sentinel://@a:1",
                          "sentinel://m@"}) {
    EXPECT_EQ(parseAddressList(bad), std::nullopt) << bad;
  }
}

TEST(AddressList, HasAtMost32) {
  std::string list = "h1";
  for (int i = 2; i <= 32; ++i) list += ",h" + std::to_string(i);
  EXPECT_EQ(parseAddressList(list)->addresses.size(), kMaxAddresses);
  EXPECT_EQ(parseAddressList(list + ",h33"), std::nullopt);
}

}  // namespace
}  // namespace drs::test
