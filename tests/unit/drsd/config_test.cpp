#include "drsd/config.h"

#include "base/error.h"
#include "drsd/settings_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <stdlib.h>

namespace drs {
namespace {

using ::testing::HasSubstr;

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "drs-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/drsd.toml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Config load(const std::string& text) {
    std::ofstream(path_) << text;
    Config config;
    loadConfig(path_, config);
    return config;
  }
  /// The error without the path of the file.
  std::string reason(const std::string& text) {
    try {
      (void)load(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.msg(), Msg::badConfig);
      const std::string all = error.text();
      EXPECT_THAT(all, HasSubstr(path_ + ":"));
      return all.substr(all.find(path_) + path_.size());
    }
    return "it was loaded";
  }

  std::string folder_, path_;
};

TEST_F(ConfigTest, EmptyFileLeavesTheDefaults) {
  const Config config = load("");
  EXPECT_EQ(config.node.maxRunningTasks, Settings().maxRunningTasks);
  EXPECT_EQ(config.http.limits.bodyBytes, http::ServerLimits().bodyBytes);
}

TEST_F(ConfigTest, SettingsAreTaken) {
  const Config config = load(
      "[node]\nname = \"n1\"\n[worker]\nchunk_bytes = 65536 # small\nlease_ttl_seconds = 60\n[http]\nidle_seconds = 5\n"
      "connections = 99\n[log]\nlevel = \"debug\"\n[[instances]]\nid = \"i1\"\nengine = \"mysql\"\nhosts = "
      "\"a:1,b\"\nport = 3307\n"
      "[[instances]]\nid = \"i2\"\nengine = \"redis\"\nhosts = \"c\"\n");
  EXPECT_EQ(config.node.nodeName, "n1");
  EXPECT_EQ(config.node.chunkBytes, 65536U);
  EXPECT_EQ(config.node.leaseTtlSeconds, 60);
  EXPECT_EQ(config.http.limits.idle, std::chrono::seconds(5));
  EXPECT_EQ(config.http.limits.connections, 99U);
  EXPECT_EQ(config.logLevel, LogLevel::debug);
  ASSERT_EQ(config.node.instances.size(), 2U);
  EXPECT_EQ(config.node.instances.at("i1").hosts, "a:1,b");
  EXPECT_EQ(config.node.instances.at("i1").port, 3307);
  EXPECT_EQ(config.node.instances.at("i2").port, 0);
}

TEST_F(ConfigTest, TheDefinerIsAWordOrAnAccount) {
  EXPECT_EQ(load("").node.mysqlDefiner, "keep");
  EXPECT_EQ(load("[mysql]\ndefiner = \"'app'@'%'\"\n").node.mysqlDefiner, "'app'@'%'");
  EXPECT_THROW((void)load("[mysql]\ndefiner = \"app\"\n"), Error);
  EXPECT_FALSE(load("").node.source.any()) << "nothing is asked of a source unless it is wanted";
  const Config careful = load("[mysql]\nsource_max_running_threads = 50\nsource_max_replica_lag_seconds = 10\n");
  EXPECT_EQ(careful.node.source.runningThreads, 50);
  EXPECT_EQ(careful.node.source.replicaLagSeconds, 10);
}

TEST_F(ConfigTest, MistakesAreRefusedWithTheLine) {
  const std::vector<std::pair<std::string, std::string>> all{
      {"\n\nx = = 1\n", ":3: "},
      {"\n[worker\n", ":2: "},
      {"[node]\n\nnam = \"x\"\n", ":3: unknown setting node.nam"},
      {"\n[nodes]\nname = \"x\"\n", ":2: unknown section [nodes]"},
      {"worker = 5\n", ":1: [worker] is a section"},
      {"[worker]\nstreams = \"5\"\n", ":2: worker.streams must be a whole number"},
      {"[worker]\nstreams = 5.0\n", ":2: worker.streams must be a whole number"},
      {"[worker]\nstreams = true\n", ":2: worker.streams must be a whole number"},
      {"[worker]\nstreams = 0\n", ":2: worker.streams = 0; allowed: 1 to 10000"},
      {"[worker]\nstreams = -9223372036854775808\n", ":2: worker.streams"},
      {"[node]\nname = 5\n", ":2: node.name must be text"},
      {"[log]\n\nlevel = \"loud\"\n", ":3: log.level = \"loud\"; allowed: debug, info, warn, error"},
      {"[worker]\nstreams = 1\nstreams = 2\n", ":3: "},
      {"[instances]\nid = \"x\"\n", ": instances are written as [[instances]]"},
      {"instances = 5\n", ":1: instances are written as"},
      {"[[instances]]\nid = \"x\"\nengine = \"mysql\"\n", ":1: an instance needs hosts"},
      {"[[instances]]\nid = \"x\"\nengine = \"mysql\"\nhosts = \"h\"\nport = 70000\n", ":5: port must be"},
      {"[[instances]]\nid = \"x\"\nengine = \"mysql\"\nhosts = \"h\"\nhots = \"h\"\n", ":5: unknown setting hots"},
      {"[[instances]]\nid = 5\n", ":2: id must be text"},
      {"[[instances]]\nid=\"x\"\nengine=\"e\"\nhosts=\"h\"\n[[instances]]\nid=\"x\"\nengine=\"e\"\nhosts=\"h\"\n",
       "a second instance with the id \"x\""},
      {"[worker]\nlease_ttl_seconds = 10\n", "lease_renew_seconds must be at most half"},
      {"[worker]\nlease_ttl_seconds = 20\nlease_margin_seconds = 10\n", "together must be less"},
      {"[http]\nbody_bytes = 1073741824\n", "http.body_bytes must be at most"},
  };
  for (const auto& [text, wanted] : all) EXPECT_THAT(reason(text), HasSubstr(wanted)) << text;
}

TEST_F(ConfigTest, AMissingFileIsRefused) {
  Config config;
  EXPECT_THROW(loadConfig(folder_ + "/none.toml", config), Error);
}

TEST_F(ConfigTest, TheReferenceIsAFileThatLoadsAndChangesNothing) {
  const Config config = load(configReference());
  const Config defaults;
  for (const Setting& setting : settingsTable()) {
    if (const auto* number = std::get_if<IntegerSetting>(&setting.kind)) {
      EXPECT_EQ(number->get(config), number->get(defaults)) << setting.name;
    } else {
      const auto& text = std::get<TextSetting>(setting.kind);
      EXPECT_EQ(text.get(config), text.get(defaults)) << setting.name;
    }
  }
}

TEST_F(ConfigTest, EverySettingStandsOnceAndSetsItsOwnMember) {
  std::set<std::pair<std::string_view, std::string_view>> names;
  for (const Setting& setting : settingsTable()) {
    EXPECT_TRUE(names.emplace(setting.section, setting.name).second) << setting.name;
    EXPECT_FALSE(setting.text.empty());
    const auto* number = std::get_if<IntegerSetting>(&setting.kind);
    if (number == nullptr) continue;
    const std::int64_t usual = number->get(Config());
    EXPECT_GE(usual, number->least) << setting.name;
    EXPECT_LE(usual, number->most) << setting.name;
    Config changed;
    number->set(changed, number->most);
    EXPECT_EQ(number->get(changed), number->most) << setting.name;
    int others = 0;
    for (const Setting& other : settingsTable()) {
      const auto* value = std::get_if<IntegerSetting>(&other.kind);
      if (value != nullptr && value->get(changed) != value->get(Config())) ++others;
    }
    EXPECT_EQ(others, 1) << setting.name << " sets another one";
  }
}

}  // namespace
}  // namespace drs
