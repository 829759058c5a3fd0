#include "crypto/master_key.h"

#include "base/error.h"
#include "crypto/encoding.h"
#include "crypto/private_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace drs {
namespace {

class MasterKeyFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "drs-key-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/master.key";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text, ::mode_t mode = 0600) {
    std::ofstream(path_) << text;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  std::string reason() {
    try {
      (void)MasterKey::load(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.msg(), Msg::badConfig);
      return error.text();
    }
    return "it was loaded";
  }

  std::string folder_, path_;
};

TEST_F(MasterKeyFile, IsCreatedPrivateAndLoadsAgain) {
  const MasterKey made = MasterKey::create(path_);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(MasterKey::load(path_).id(), made.id());
  EXPECT_EQ(MasterKey::load(path_).derive("x").bytes(), made.derive("x").bytes());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "a temporary file was left";
}

TEST_F(MasterKeyFile, IsNeverReplaced) {
  const MasterKey made = MasterKey::create(path_);
  EXPECT_THROW((void)MasterKey::create(path_), Error);
  EXPECT_EQ(MasterKey::load(path_).id(), made.id());
}

TEST_F(MasterKeyFile, IsRefusedWhenOthersMayAccessIt) {
  const std::string hex(64, 'a');
  for (const ::mode_t mode : {0640U, 0604U, 0660U, 0601U, 0644U}) {
    write(hex, mode);
    EXPECT_NE(reason().find("chmod 600"), std::string::npos) << mode;
  }
  write(hex, 0400);
  EXPECT_EQ(reason(), "it was loaded");
}

TEST_F(MasterKeyFile, IsRefusedWhenItIsNoKey) {
  for (const std::string& text :
       {std::string(), std::string(63, 'a'), std::string(62, 'a'), std::string(64, 'x'), std::string(100000, 'a')}) {
    write(text);
    EXPECT_NE(reason(), "it was loaded") << text.size();
    EXPECT_EQ(reason().find("aaaa"), std::string::npos) << "the content is in the error";
  }
}

TEST_F(MasterKeyFile, IsRefusedWhenItIsNoPlainFile) {
  EXPECT_NE(reason().find("No such file"), std::string::npos);
  write(std::string(64, 'a'));
  std::filesystem::rename(path_, folder_ + "/real");
  std::filesystem::create_symlink(folder_ + "/real", path_);
  EXPECT_NE(reason().find("symbolic link"), std::string::npos);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_NE(reason().find("not a regular file"), std::string::npos);
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_NE(reason().find("not a regular file"), std::string::npos);
}

TEST(MasterKey, DerivesAnotherKeyForEachPurpose) {
  const MasterKey key(std::string(32, 'k'));
  EXPECT_EQ(key.derive("seal").bytes(), MasterKey(std::string(32, 'k')).derive("seal").bytes());
  EXPECT_NE(key.derive("seal").bytes(), key.derive("token").bytes());
  EXPECT_NE(key.derive("seal").bytes(), MasterKey(std::string(32, 'l')).derive("seal").bytes());
  EXPECT_EQ(key.id().size(), 8U);
}

TEST(MasterKey, DerivesByHkdfWithSha256) {
  // HKDF of RFC 5869 with an empty salt, written out: extract, then the first block of expand.
  const std::string master(32, 'k');
  const std::string extracted = hmacSha256(std::string(32, '\0'), master);
  EXPECT_EQ(MasterKey(master).derive("seal").bytes(), hmacSha256(extracted, std::string("opendrs/seal") + '\x01'));
}

}  // namespace
}  // namespace drs
