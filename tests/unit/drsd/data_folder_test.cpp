#include "drsd/data_folder.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <sys/stat.h>

namespace drs {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DataFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "drs-data-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    path_ = base_ + "/data";
  }
  void TearDown() override { fs::remove_all(base_); }

  std::string reason(const Identity& identity = {}) {
    try {
      const DataFolder folder(path_, identity);
    } catch (const Error& error) {
      EXPECT_EQ(error.msg(), Msg::badConfig);
      return error.text();
    }
    return "it was opened";
  }
  static unsigned modeOf(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
  }
  void makeStore() { std::ofstream(path_ + "/store.db") << "x"; }

  std::string base_, path_;
};

TEST_F(DataFolderTest, FirstStartMakesEverythingPrivate) {
  const DataFolder folder(path_, {"http://127.0.0.1:1", "project-1", "region-1"});
  EXPECT_TRUE(folder.created());
  EXPECT_EQ(modeOf(path_), 0700U);
  EXPECT_EQ(modeOf(folder.masterKeyPath()), 0600U);
  EXPECT_EQ(modeOf(folder.credentialsPath()), 0600U);
  EXPECT_EQ(folder.credentials().projectId, "project-1");
  EXPECT_EQ(folder.credentials().region, "region-1");
  EXPECT_EQ(folder.credentials().endpoint, "http://127.0.0.1:1");
}

TEST_F(DataFolderTest, SecondStartFindsTheSame) {
  std::string keyId;
  std::string secret;
  {
    const DataFolder first(path_, {});
    keyId = first.masterKey().id();
    secret = first.credentials().secretKey;
  }
  const DataFolder second(path_ + "/", {});
  EXPECT_FALSE(second.created());
  EXPECT_EQ(second.masterKey().id(), keyId);
  EXPECT_EQ(second.credentials().secretKey, secret);
}

TEST_F(DataFolderTest, IsHeldByOneProcessOnly) {
  {
    const DataFolder first(path_, {});
    EXPECT_THAT(reason(), HasSubstr("another drsd uses this data folder (process " + std::to_string(::getpid()) + ")"));
  }
  EXPECT_EQ(reason(), "it was opened");
}

TEST_F(DataFolderTest, ProjectAndRegionAreChosenOnce) {
  EXPECT_EQ(reason({"", "p1", "r1"}), "it was opened");
  EXPECT_EQ(reason({"", "p1", "r1"}), "it was opened");
  EXPECT_THAT(reason({"", "p2", ""}), HasSubstr("--project-id p2 differs from p1"));
  EXPECT_THAT(reason({"", "", "r2"}), HasSubstr("--region r2 differs from r1"));
}

TEST_F(DataFolderTest, EndpointIsThatOfTheLastStartAndTheRestStays) {
  EXPECT_EQ(reason({"http://127.0.0.1:1", "", ""}), "it was opened");
  const api::Credentials before = api::loadCredentials(path_ + "/credentials.json");
  EXPECT_EQ(reason({"http://127.0.0.1:2", "", ""}), "it was opened");
  const api::Credentials after = api::loadCredentials(path_ + "/credentials.json");
  EXPECT_EQ(after.endpoint, "http://127.0.0.1:2");
  EXPECT_EQ(after.secretKey, before.secretKey);
  EXPECT_EQ(modeOf(path_ + "/credentials.json"), 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), {}), 3) << "a temporary file was left";
}

TEST_F(DataFolderTest, FilesThatAreMissingBesideAStoreAreNotReplaced) {
  EXPECT_EQ(reason({"", "p1", ""}), "it was opened");
  makeStore();
  fs::rename(path_ + "/credentials.json", base_ + "/kept");
  EXPECT_THAT(reason(), HasSubstr("credentials.json: is missing"));
  EXPECT_EQ(reason({"", "p1", ""}), "it was opened") << "new credentials for the same project";
  fs::remove(path_ + "/master.key");
  EXPECT_THAT(reason(), HasSubstr("master.key: is missing"));
}

TEST_F(DataFolderTest, OpenFoldersAndFilesAreRefused) {
  EXPECT_EQ(reason(), "it was opened");
  ::chmod(path_.c_str(), 0750);
  EXPECT_THAT(reason(), HasSubstr("chmod 700"));
  ::chmod(path_.c_str(), 0700);
  ::chmod((path_ + "/master.key").c_str(), 0640);
  EXPECT_THAT(reason(), HasSubstr("chmod 600"));
  fs::remove_all(path_);
  std::ofstream(path_) << "a file";
  EXPECT_THAT(reason(), HasSubstr("is not a folder"));
}

TEST_F(DataFolderTest, AnEmptyFolderThatStandsThereIsMadePrivate) {
  fs::create_directory(path_);
  ::chmod(path_.c_str(), 0755);
  EXPECT_EQ(reason(), "it was opened");
  EXPECT_EQ(modeOf(path_), 0700U);
}

}  // namespace
}  // namespace drs
