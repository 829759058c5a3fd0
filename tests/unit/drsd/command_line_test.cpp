#include "drsd/command_line.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs {
namespace {

using ::testing::HasSubstr;

CommandLine parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "drsd");
  int exitCode = -1;
  const auto parsed = parseCommandLine(static_cast<int>(arguments.size()), arguments.data(), exitCode);
  return parsed.value();
}

std::string reason(const std::vector<const char*>& arguments) {
  try {
    (void)parse(arguments);
  } catch (const Error& error) {
    return error.text();
  }
  return "it was taken";
}

TEST(CommandLine, AddressesAreTakenApart) {
  EXPECT_EQ(parse({"--data", "d"}).endpoint(), "http://127.0.0.1:8080");
  const CommandLine six = parse({"--data", "d", "--listen", "[::1]:99"});
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.port, 99);
  EXPECT_EQ(six.endpoint(), "http://[::1]:99");
  EXPECT_EQ(parse({"--data", "d", "--listen", "0.0.0.0:80", "--tls-cert", "c", "--tls-key", "k"}).endpoint(),
            "https://127.0.0.1:80");
  for (const char* bad :
       {"127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:0", "127.0.0.1:65536", "::1:80"}) {
    EXPECT_THAT(reason({"--data", "d", "--listen", bad}), HasSubstr("HOST:PORT")) << bad;
  }
}

TEST(CommandLine, OpenAddressesNeedTlsOrInsecure) {
  for (const char* open : {"0.0.0.0:80", "[::]:80", "192.0.2.1:80"}) {
    EXPECT_THAT(reason({"--data", "d", "--listen", open}), HasSubstr("--insecure")) << open;
    EXPECT_EQ(reason({"--data", "d", "--listen", open, "--insecure"}), "it was taken");
    EXPECT_EQ(reason({"--data", "d", "--listen", open, "--tls-cert", "c", "--tls-key", "k"}), "it was taken");
  }
  for (const char* own : {"127.0.0.1:80", "127.9.9.9:80", "[::1]:80"})
    EXPECT_EQ(reason({"--data", "d", "--listen", own}), "it was taken");
}

TEST(CommandLine, WhatIsMissingIsNamed) {
  EXPECT_THAT(reason({}), HasSubstr("--data"));
  EXPECT_THAT(reason({"--data", "d", "--tls-cert", "c"}), HasSubstr("belong together"));
  EXPECT_THAT(reason({"--data", "d", "--tls-key", "k"}), HasSubstr("belong together"));
}

}  // namespace
}  // namespace drs
