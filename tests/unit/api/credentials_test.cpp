#include "api/credentials.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <sys/stat.h>

namespace drs::api {
namespace {

class CredentialsFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "drs-cred-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/credentials.json";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string reason(const std::string& text) {
    std::filesystem::remove(path_);
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), 0600);
    try {
      (void)loadCredentials(path_);
    } catch (const Error& error) {
      return error.text();
    }
    return "it was loaded";
  }

  std::string folder_, path_;
};

TEST_F(CredentialsFile, IsWrittenAndRead) {
  const Credentials made = makeCredentials("http://127.0.0.1:8080", "local-1", "");
  createCredentialsFile(path_, made);
  const Credentials read = loadCredentials(path_);
  EXPECT_EQ(read.endpoint, "http://127.0.0.1:8080");
  EXPECT_EQ(read.region, "local-1");
  EXPECT_EQ(read.projectId, made.projectId);
  EXPECT_EQ(read.projectId.size(), 32U);
  EXPECT_EQ(read.password, made.password);
  EXPECT_EQ(read.secretKey, made.secretKey);
  EXPECT_EQ(read.accessKey.size(), 20U);
  EXPECT_GE(read.secretKey.size(), 40U);
  EXPECT_THROW(createCredentialsFile(path_, made), Error) << "it was replaced";
}

TEST_F(CredentialsFile, SecretsDifferEachTime) {
  const Credentials one = makeCredentials("", "r", "p");
  const Credentials two = makeCredentials("", "r", "p");
  EXPECT_NE(one.password, two.password);
  EXPECT_NE(one.secretKey, two.secretKey);
  EXPECT_EQ(one.userId(), two.userId());
}

TEST_F(CredentialsFile, NamesMustFitIntoAPath) {
  for (const char* bad : {"a/b", "a b", "..", "é"}) {
    EXPECT_THROW((void)makeCredentials("", bad, ""), Error) << bad;
    EXPECT_THROW((void)makeCredentials("", "r", bad), Error) << bad;
  }
}

TEST_F(CredentialsFile, WrongContentIsRefusedWithoutShowingIt) {
  const std::string most = R"("region":"r","project_id":"p","domain_name":"d","user_name":"u","access_key":"a",)";
  EXPECT_NE(reason("{\"password\": \"hidden").find("not a JSON object"), std::string::npos);
  EXPECT_EQ(reason("{\"password\": \"hidden").find("hidden"), std::string::npos);
  EXPECT_NE(reason("{" + most + R"("password":"x"})").find("secret_key is missing"), std::string::npos);
  EXPECT_NE(reason("{" + most + R"("password":"x","secret_key":5})").find("secret_key must be text"),
            std::string::npos);
  EXPECT_NE(reason("{" + most + R"("secret_key":"s"})").find("password"), std::string::npos);
  EXPECT_NE(reason("{" + most + R"("secret_key":"s","password":"x","password_hash":"y"})").find("either"),
            std::string::npos);
  EXPECT_EQ(reason("{" + most + R"("secret_key":"s","password":"x"})"), "it was loaded");
  ::chmod(path_.c_str(), 0644);
  EXPECT_THROW((void)loadCredentials(path_), Error);
}

}  // namespace
}  // namespace drs::api
