#include "engine/spool_remains.h"

#include "engine/redis/scan_mode.h"
#include "engine/redis/spool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace drs {
namespace {

namespace fs = std::filesystem;

class SpoolRemainsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/opendrs-remains-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string stream(const std::string& lane) const { return folder_ + "/" + lane + "/stream"; }
  std::string folder_;
};

TEST_F(SpoolRemainsTest, GoWhenNobodyNeedsThem) {
  for (const char* lane : {"gone/0", "gone/1", "kept/0", "kept/1"}) {
    redis::Spool spool(stream(lane), 64U << 20U);
    spool.start("abc", 1);
    ASSERT_TRUE(spool.append("bytes"));
  }
  const auto needed = [](const std::string& job, const std::string& lane) { return job == "kept" && lane != "1"; };
  const auto removed = removeSpoolRemains(folder_, needed);
  EXPECT_EQ(removed.size(), 3U);
  EXPECT_FALSE(fs::exists(folder_ + "/gone"));
  EXPECT_TRUE(fs::exists(stream("kept/0")));
  EXPECT_FALSE(fs::exists(folder_ + "/kept/1"));
  redis::Spool spool(stream("kept/0"), 64U << 20U);
  EXPECT_TRUE(spool.reopen("abc", 6));
}

TEST_F(SpoolRemainsTest, StayWhileARunHasThem) {
  const auto none = [](const std::string&, const std::string&) { return false; };
  {
    redis::Spool used(stream("job/0"), 64U << 20U);
    used.start("abc", 1);
    ASSERT_TRUE(used.append("bytes"));
    {
      const redis::Spool unused(folder_ + "/job/0/snapshot", 64U << 20U);
    }
    EXPECT_TRUE(removeSpoolRemains(folder_, none).empty());
    ASSERT_TRUE(used.append("more"));
    EXPECT_TRUE(fs::exists(stream("job/0")));
  }
  EXPECT_EQ(removeSpoolRemains(folder_, none).size(), 1U);
  EXPECT_FALSE(fs::exists(folder_ + "/job"));
}

TEST_F(SpoolRemainsTest, NoFolderIsFine) {
  EXPECT_TRUE(removeSpoolRemains(folder_ + "/none", [](const auto&, const auto&) { return false; }).empty());
}

TEST(ScanMode, KnowsWhichNotificationsTellEverything) {
  for (const char* all : {"KA", "EA", "KEA", "Eg$lshztxe", "KEg$lshzxetdmn"})
    EXPECT_TRUE(redis::tellEveryChange(all)) << all;
  for (const char* some : {"", "A", "K", "E", "g$lshzxet", "Eg$lshzxe", "KEx"})
    EXPECT_FALSE(redis::tellEveryChange(some)) << some;
}

TEST(ScanMode, IsChosenByASkippedItem) {
  EngineJob job;
  EXPECT_FALSE(redis::readsByScan(job));
  job.skippedItems = {"checkEmptyDstDb"};
  EXPECT_FALSE(redis::readsByScan(job));
  job.skippedItems.emplace_back("srcCommandCheck");
  EXPECT_TRUE(redis::readsByScan(job));
  job.skippedItems = {"srcDbPrivilegesIsEnoughForIncre"};
  EXPECT_TRUE(redis::readsByScan(job));
}

}  // namespace
}  // namespace drs
