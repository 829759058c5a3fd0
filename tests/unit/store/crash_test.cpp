#include "store/sql.h"
#include "support/store_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace drs {
namespace {

using drs::testing::TempFolder;

/// Writes pairs (n, 1), (n, 2), each pair in one transaction, and answers with n through the pipe after each commit.
[[noreturn]] void writeForEver(const std::string& path, int answers) {
  SqliteOptions options;
  options.path = path;
  const auto database = openSqlite(options);
  std::int64_t n = database->query("SELECT count(*) FROM store_value").rows.at(0).integer(0) / 2;
  for (;;) {
    ++n;
    database->transaction([&](SqlSession& session) {
      for (const char* half : {"a", "b"}) {
        session.query("INSERT INTO store_value (name, value) VALUES ($1, $2)",
                      {std::to_string(n) + half, std::string(300, 'v')});
      }
    });
    if (::write(answers, &n, sizeof n) != sizeof n) ::_exit(1);
  }
}

/// Lets a writer run for a moment, kills it, and returns the last number that it answered.
std::int64_t runAndKill(const std::string& path, std::chrono::microseconds life) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) writeForEver(path, ends[1]);
  ::close(ends[1]);
  std::int64_t answered = 0;
  std::int64_t n = 0;
  EXPECT_EQ(::read(ends[0], &n, sizeof n), static_cast<ssize_t>(sizeof n));  // it runs
  answered = n;
  std::this_thread::sleep_for(life);
  ::kill(child, SIGKILL);
  while (::read(ends[0], &n, sizeof n) == static_cast<ssize_t>(sizeof n)) answered = n;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return answered;
}

TEST(StoreCrash, AKilledWriterLosesNothingThatItAnswered) {
  TempFolder folder;
  const std::string path = folder.path("db");
  std::mt19937 random(7);
  std::int64_t answered = 0;
  for (int kill = 0; kill < 8; ++kill) {
    const std::int64_t last = runAndKill(path, std::chrono::microseconds(random() % 60'000));
    EXPECT_GT(last, answered) << "the writer of round " << kill << " did not go on";
    answered = std::max(answered, last);
    SqliteOptions options;
    options.path = path;
    const auto database = openSqlite(options);
    const auto halves = database->query(
        "SELECT count(*), count(DISTINCT CAST(name AS INTEGER)), max(CAST(name AS INTEGER)) FROM store_value");
    const std::int64_t rows = halves.rows.at(0).integer(0);
    const std::int64_t pairs = halves.rows.at(0).integer(1);
    EXPECT_EQ(rows, 2 * pairs) << "half a transaction is there";
    EXPECT_EQ(halves.rows.at(0).integer(2), pairs) << "one is missing in between";
    EXPECT_GE(pairs, answered) << "an answered write is lost";
  }
}

}  // namespace
}  // namespace drs
