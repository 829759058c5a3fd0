#include "http/request.h"

#include <gtest/gtest.h>

namespace drs::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Texts = std::vector<std::string>;

TEST(Target, SegmentsAndQueryAreDecoded) {
  Request request;
  ASSERT_TRUE(parseTarget("/v5/0123/jobs%2Fx?name=a%20b%2Bc+d&ids=1&ids=2&flag&=x&", request));
  EXPECT_EQ(request.segments, (Texts{"v5", "0123", "jobs/x"}));
  EXPECT_EQ(request.query, (Pairs{{"name", "a b+c d"}, {"ids", "1"}, {"ids", "2"}, {"flag", ""}, {"", "x"}}));
  EXPECT_EQ(request.queryValue("ids"), "1");
  EXPECT_EQ(request.queryValues("ids"), (Texts{"1", "2"}));
  EXPECT_FALSE(request.queryValue("none"));
}

TEST(Target, PlusIsASpaceInTheQueryOnly) {
  Request request;
  ASSERT_TRUE(parseTarget("/a+b?c+d=e+f", request));
  EXPECT_EQ(request.segments, Texts{"a+b"});
  EXPECT_EQ(request.query, (Pairs{{"c d", "e f"}}));
}

TEST(Target, OneTrailingSlashIsIgnored) {
  Request request;
  ASSERT_TRUE(parseTarget("/a/b/", request));
  EXPECT_EQ(request.segments, (Texts{"a", "b"}));
  ASSERT_TRUE(parseTarget("/", request));
  EXPECT_TRUE(request.segments.empty());
  ASSERT_TRUE(parseTarget("/a//", request));
  EXPECT_EQ(request.segments, (Texts{"a", ""}));
}

TEST(Target, FragmentsAreCutOff) {
  Request request;
  ASSERT_TRUE(parseTarget("/a?b=c#d?e=f", request));
  EXPECT_EQ(request.query, (Pairs{{"b", "c"}}));
}

TEST(Target, MalformedOnesAreRefused) {
  Request request;
  for (const char* bad : {"", "a", "*", "http://host/a", "/%", "/%2", "/%zz", "/a?%", "/a?b=%g1", "/%00", "/a?b=%00",
                          "/a b", "/a\nb", "/a\x7f"}) {
    EXPECT_FALSE(parseTarget(bad, request)) << bad;
  }
}

TEST(HeaderFields, NamesCompareWithoutCase) {
  Headers headers;
  headers.add("X-One", "1");
  headers.add("x-one", "2");
  headers.add("Other", "3");
  EXPECT_EQ(headers.find("X-ONE"), "1");
  EXPECT_EQ(headers.count("x-One"), 2U);
  headers.set("X-ONE", "4");
  EXPECT_EQ(headers.count("x-one"), 1U);
  EXPECT_EQ(headers.find("x-one"), "4");
  EXPECT_FALSE(headers.find("x-on"));
}

}  // namespace
}  // namespace drs::http
