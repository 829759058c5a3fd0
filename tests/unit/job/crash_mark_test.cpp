#include "job/crash_mark.h"

#include "base/error.h"
#include "support/store_fixture.h"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace drs {
namespace {

using testing::TempFolder;

/// Runs `body` in a process of its own under a mark and returns how it ended.
int statusOf(const std::string& folder, const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    {
      const CrashMark mark(folder);
      body();
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(CrashMark, IsLeftByAProcessThatAborts) {
  TempFolder folder;
  EXPECT_FALSE(CrashMark(folder.path()).crashedBefore());
  const int status = statusOf(folder.path(), [] { std::abort(); });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
  EXPECT_TRUE(CrashMark(folder.path()).crashedBefore());
  EXPECT_FALSE(CrashMark(folder.path()).crashedBefore()) << "the clean end in between took it away";
}

TEST(CrashMark, IsNotLeftByAKillFromOutside) {
  TempFolder folder;
  const int status = statusOf(folder.path(), [] { ::raise(SIGKILL); });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(CrashMark(folder.path()).crashedBefore());
}

TEST(CrashMark, IsNotLeftByACleanEnd) {
  TempFolder folder;
  EXPECT_EQ(statusOf(folder.path(), [] {}), 0);
  EXPECT_FALSE(CrashMark(folder.path()).crashedBefore());
}

TEST(CrashMark, NeedsItsFolder) {
  EXPECT_THROW(CrashMark("/nonexistent/folder"), Error);
}

}  // namespace
}  // namespace drs
