#include "drsctl/access.h"
#include "drsctl/failure.h"
#include "drsctl/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

namespace drs::ctl {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Arguments, GlobalOptionsMayStandBeforeAndBehindTheCommand) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--data", "d", "--json", "job", "orders"},
                                                    {"job", "orders", "--json", "--data", "d"}}) {
    const ParsedOptions parsed = parseOptions(arguments);
    ASSERT_TRUE(parsed.options) << parsed.text;
    EXPECT_EQ(parsed.options->command, Command::job);
    EXPECT_EQ(parsed.options->dataFolder, "d");
    EXPECT_TRUE(parsed.options->json);
    EXPECT_THAT(parsed.options->jobs, ElementsAre("orders"));
  }
}

TEST(Arguments, EveryCommandIsFound) {
  const std::map<Command, std::vector<std::string>> lines{
      {Command::create, {"create", "-f", "b.json", "--commit", "--watch"}},
      {Command::jobs, {"jobs", "--type", "sync"}},
      {Command::logs, {"logs", "a", "--level", "Error", "-n", "5"}},
      {Command::conflicts, {"conflicts", "a", "-n", "5"}},
      {Command::compare, {"compare", "a"}},
      {Command::pause, {"pause", "a", "b"}},
      {Command::resume, {"resume", "a"}},
      {Command::reset, {"reset", "a"}},
      {Command::end, {"end", "a", "--force"}},
      {Command::remove, {"delete", "a"}},
      {Command::limit, {"limit", "a", "--window", "01:00-02:59=10", "b"}},
      {Command::watch, {"watch", "a", "b", "--until", "PAUSING"}}};
  for (const auto& [command, line] : lines) {
    const ParsedOptions parsed = parseOptions(line);
    ASSERT_TRUE(parsed.options) << line[0] << ": " << parsed.text;
    EXPECT_EQ(parsed.options->command, command) << line[0];
  }
  EXPECT_THAT(parseOptions({"pause", "a", "b"}).options->jobs, ElementsAre("a", "b"));
  EXPECT_TRUE(parseOptions({"end", "a", "--force"}).options->force);
  EXPECT_EQ(parseOptions({"logs", "a", "-n", "5"}).options->count, 5);
  const auto limit = parseOptions({"limit", "a", "--window", "01:00-02:59=10", "--window", "05:00-05:59=1", "b"});
  EXPECT_THAT(limit.options->jobs, ElementsAre("a", "b"));
  EXPECT_THAT(limit.options->windows, ElementsAre("01:00-02:59=10", "05:00-05:59=1"));
}

class WrongLine : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(WrongLine, EndsWithTwo) {
  const ParsedOptions parsed = parseOptions(GetParam());
  EXPECT_FALSE(parsed.options);
  EXPECT_EQ(parsed.exit, 2);
  EXPECT_FALSE(parsed.text.empty());
}

INSTANTIATE_TEST_SUITE_P(Lines, WrongLine,
                         testing::Values(std::vector<std::string>{}, std::vector<std::string>{"unknown"},
                                         std::vector<std::string>{"create"}, std::vector<std::string>{"job"},
                                         std::vector<std::string>{"job", "a", "b"},
                                         std::vector<std::string>{"logs", "a", "--level", "Debug"},
                                         std::vector<std::string>{"logs", "a", "-n", "0"},
                                         std::vector<std::string>{"limit", "a", "--window", "10"},
                                         std::vector<std::string>{"jobs", "--type", "copy"},
                                         std::vector<std::string>{"pause", "a", "--wrong"}));

TEST(Arguments, HelpTellsTheExitCodes) {
  const ParsedOptions parsed = parseOptions({"--help"});
  EXPECT_EQ(parsed.exit, 0);
  EXPECT_THAT(parsed.text, HasSubstr("Exit codes"));
}

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    std::string name = (fs::temp_directory_path() / "opendrs-ctl-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    environment_["HOME"] = folder_.string();
  }
  ~AccessTest() override { fs::remove_all(folder_); }

  AccessSources sources() {
    AccessSources out;
    out.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    };
    return out;
  }
  void write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  void setAll(const std::string& suffix) {
    for (const char* name : {"DRS_ENDPOINT", "DRS_PROJECT_ID", "DRS_ACCESS_KEY", "DRS_SECRET_KEY"})
      environment_[name] = std::string(name) + suffix;
  }

  fs::path folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(AccessTest, TheDataFolderGivesEverything) {
  write("credentials.json", R"({"endpoint":"http://h:1/","project_id":"p","access_key":"a","secret_key":"s"})");
  setAll("-env");
  AccessSources from = sources();
  from.dataFolder = folder_.string();
  const Access access = findAccess(from);
  EXPECT_EQ(access.endpoint, "http://h:1");
  EXPECT_EQ(access.projectId, "p");
  EXPECT_EQ(access.accessKey, "a");
  EXPECT_EQ(access.secretKey, "s");
  from.endpoint = "http://other:2";
  EXPECT_EQ(findAccess(from).endpoint, "http://other:2");
}

TEST_F(AccessTest, TheEnvironmentWinsOverTheFile) {
  write(".config/opendrs/config.toml",
        "endpoint = \"http://file\"\nproject_id = \"p\"\naccess_key = \"a\"\nsecret_key = \"s\"\n");
  EXPECT_EQ(findAccess(sources()).endpoint, "http://file");
  environment_["DRS_ENDPOINT"] = "http://env";
  EXPECT_EQ(findAccess(sources()).endpoint, "http://env");
  EXPECT_EQ(findAccess(sources()).accessKey, "a");
}

TEST_F(AccessTest, TheFileMayPointToADataFolder) {
  write("d/credentials.json", R"({"endpoint":"http://h:1","project_id":"p","access_key":"a","secret_key":"s"})");
  write(".config/opendrs/config.toml", "data = \"" + (folder_ / "d").string() + "\"\n");
  EXPECT_EQ(findAccess(sources()).endpoint, "http://h:1");
}

TEST_F(AccessTest, WhatIsMissingIsNamed) {
  setAll("");
  environment_.erase("DRS_SECRET_KEY");
  try {
    (void)findAccess(sources());
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), Exit::noAccess);
    EXPECT_THAT(failure.what(), HasSubstr("DRS_SECRET_KEY"));
    EXPECT_THAT(failure.what(), testing::Not(HasSubstr("DRS_ENDPOINT")));
  }
}

TEST_F(AccessTest, UnreadableFilesAreNamedWithTheLine) {
  write(".config/opendrs/config.toml", "endpoint = \"x\"\nproject_id = \n");
  try {
    (void)findAccess(sources());
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("line 2"));
  }
  AccessSources from = sources();
  from.dataFolder = (folder_ / "absent").string();
  EXPECT_THROW((void)findAccess(from), Failure);
  write("credentials.json", "not json");
  from.dataFolder = folder_.string();
  EXPECT_THROW((void)findAccess(from), Failure);
}

}  // namespace
}  // namespace drs::ctl
