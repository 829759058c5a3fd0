#include "base/error.h"
#include "store/migrations.h"
#include "store/sql.h"
#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace drs {
namespace {

using drs::testing::TempFolder;

std::unique_ptr<SqlDatabase> open(const std::string& path) {
  SqliteOptions options;
  options.path = path;
  return openSqlite(options);
}

Msg messageOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.msg();
  }
  ADD_FAILURE() << "no error";
  return Msg::internal;
}

void put(SqlDatabase& database, const std::string& name, const std::string& value) {
  database.transaction([&](SqlSession& session) {
    session.query("INSERT INTO store_value (name, value) VALUES ($1, $2)", {name, value});
  });
}

std::int64_t countValues(SqlDatabase& database) {
  return database.query("SELECT count(*) FROM store_value").rows.at(0).integer(0);
}

TEST(Sqlite, BindsByNumberWhateverTheOrderOfUse) {
  TempFolder folder;
  const auto database = open(folder.path("db"));
  const auto row = database->query("SELECT $3, $1, $2, $1", {std::int64_t{7}, 1.5, std::string("text")}).rows.at(0);
  EXPECT_EQ(row.text(0), "text");
  EXPECT_EQ(row.integer(1), 7);
  EXPECT_EQ(row.integer(3), 7);
}

TEST(Sqlite, KeepsBytesAndTellsNullFromEmpty) {
  TempFolder folder;
  const auto database = open(folder.path("db"));
  const std::string bytes("a\0b\xff", 4);
  const auto row = database->query("SELECT $1, $2, $3", {bytes, std::string(), SqlValue{}}).rows.at(0);
  EXPECT_EQ(row.text(0), bytes);
  EXPECT_FALSE(row.isNull(1));
  EXPECT_TRUE(row.isNull(2));
  EXPECT_EQ(row.text(2), "");
  EXPECT_EQ(row.integer(2), 0);
}

TEST(Sqlite, NowIsTheClockThatWasGiven) {
  TempFolder folder;
  SqliteOptions options;
  options.path = folder.path("db");
  options.clock = std::make_shared<drs::testing::ManualClock>(4711);
  EXPECT_EQ(openSqlite(options)->query("SELECT now_ms()").rows.at(0).integer(0), 4711);
}

TEST(Sqlite, ATransactionThatThrowsLeavesNothing) {
  TempFolder folder;
  const auto database = open(folder.path("db"));
  EXPECT_THROW(database->transaction([](SqlSession& session) {
    session.query("INSERT INTO store_value (name, value) VALUES ('a', 'b')");
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(countValues(*database), 0);
  put(*database, "a", "b");  // and the connection is usable
  EXPECT_EQ(countValues(*database), 1);
}

TEST(Sqlite, ANestedTransactionIsRefusedInsteadOfWaitingForItself) {
  TempFolder folder;
  const auto database = open(folder.path("db"));
  EXPECT_EQ(messageOf([&] { database->transaction([&](SqlSession&) { put(*database, "a", "b"); }); }), Msg::internal);
  put(*database, "a", "b");
  EXPECT_EQ(countValues(*database), 1);
}

TEST(Sqlite, ReadersSeeOnlyWhatIsCommitted) {
  TempFolder folder;
  const auto database = open(folder.path("db"));
  database->transaction([&](SqlSession& session) {
    session.query("INSERT INTO store_value (name, value) VALUES ('a', 'b')");
    EXPECT_EQ(countValues(*database), 0);
  });
  EXPECT_EQ(countValues(*database), 1);
}

TEST(Sqlite, ReadingConnectionsCannotWrite) {
  TempFolder folder;
  const auto database = open(folder.path("db"));
  EXPECT_EQ(messageOf([&] { database->query("INSERT INTO store_value (name, value) VALUES ('a', 'b')"); }),
            Msg::storeFailed);
  EXPECT_EQ(countValues(*database), 0);
}

TEST(Sqlite, CommitsAreForcedToTheDisk) {
  TempFolder folder;
  const auto database = open(folder.path("db"));
  database->transaction([](SqlSession& session) {
    EXPECT_EQ(session.query("PRAGMA synchronous").rows.at(0).integer(0), 2);  // FULL
    EXPECT_EQ(session.query("PRAGMA journal_mode").rows.at(0).text(0), "wal");
  });
}

TEST(Sqlite, MigratesOnceAndKeepsContent) {
  TempFolder folder;
  put(*open(folder.path("db")), "a", "b");
  const auto again = open(folder.path("db"));
  EXPECT_EQ(countValues(*again), 1);
  EXPECT_EQ(again->query("PRAGMA user_version").rows.at(0).integer(0), static_cast<std::int64_t>(migrations().size()));
}

TEST(Sqlite, RefusesAStoreOfANewerVersion) {
  TempFolder folder;
  open(folder.path("db"))->transaction([](SqlSession& session) { session.query("PRAGMA user_version = 1000"); });
  EXPECT_EQ(messageOf([&] { open(folder.path("db")); }), Msg::storeDamaged);
}

TEST(Sqlite, NamesAFileThatIsNoStoreDamaged) {
  TempFolder folder;
  std::ofstream(folder.path("db")) << std::string(10'000, 'x');
  EXPECT_EQ(messageOf([&] { open(folder.path("db")); }), Msg::storeDamaged);
}

TEST(Sqlite, NoticesOverwrittenPagesAtTheStart) {
  TempFolder folder;
  {
    const auto database = open(folder.path("db"));
    for (int i = 0; i < 500; ++i) put(*database, "name " + std::to_string(i), std::string(500, 'v'));
    database->transaction([](SqlSession&) {});
  }
  {
    SqliteOptions options;
    options.path = folder.path("db");
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(options.path.c_str(), &raw), SQLITE_OK);
    sqlite3_wal_checkpoint_v2(raw, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_close(raw);
  }
  std::fstream file(folder.path("db"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  const std::string noise(60'000, '\x5a');
  file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  file.close();
  EXPECT_EQ(messageOf([&] { open(folder.path("db")); }), Msg::storeDamaged);
}

TEST(Sqlite, AMissingFolderMayPass) {
  TempFolder folder;
  EXPECT_EQ(messageOf([&] { open(folder.path("missing/db")); }), Msg::storeFailed);
}

// The limit on the file's size behaves like a full disk; in a process of its own because it cannot be taken back.
TEST(Sqlite, AFullDiskMayPassAndLosesNothing) {
  TempFolder folder;
  const std::string path = folder.path("db");
  open(path);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto database = open(path);
    put(*database, "before", "kept");
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{256 << 10, 256 << 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int code = 1;
    try {
      for (int i = 0; i < 1000; ++i) put(*database, "name " + std::to_string(i), std::string(4000, 'v'));
    } catch (const Error& error) {
      code = error.msg() == Msg::storeFailed && error.action() == Action::retry ? 0 : 2;
    }
    ::_exit(code);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const auto database = open(path);
  EXPECT_EQ(database->query("SELECT value FROM store_value WHERE name = 'before'").rows.at(0).text(0), "kept");
}

TEST(Sqlite, AWaitForAnotherWriterEndsWithAFailureThatMayPass) {
  TempFolder folder;
  SqliteOptions options;
  options.path = folder.path("db");
  options.busyTimeoutMillis = 50;
  const auto one = openSqlite(options);
  const auto other = openSqlite(options);
  one->transaction([&](SqlSession& session) {
    session.query("INSERT INTO store_value (name, value) VALUES ('a', 'b')");
    EXPECT_EQ(messageOf([&] { put(*other, "c", "d"); }), Msg::storeFailed);
  });
  put(*other, "c", "d");
  EXPECT_EQ(countValues(*one), 2);
}

}  // namespace
}  // namespace drs
