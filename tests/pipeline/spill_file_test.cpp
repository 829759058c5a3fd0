#include "pipeline/spill_file.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <sys/resource.h>

namespace drs {
namespace {

std::string folder() {
  return testing::TempDir() + "opendrs-spill-file";
}

Plans twoPlans() {
  Plans plans(2);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    auto schema = std::make_shared<TableSchema>();
    schema->name = {"d", i == 0 ? "a" : "b"};
    schema->columns.resize(2);
    plans[i].source = schema;
  }
  return plans;
}

RowsChange change(const Plans& plans, std::size_t plan, std::int64_t number, const std::string& text) {
  RowsChange out{RowOp::insert, RowBatch(plans[plan].source), plan, plan == 0};
  out.rows.addSigned(number);
  out.rows.addText(text);
  return out;
}

std::string textOf(const SpillFile& file, std::uint64_t from = 0) {
  std::string out;
  file.read(from, [&](const RowsChange& c) {
    for (std::size_t row = 0; row < c.rows.rows(); ++row)
      out += c.rows.schema().name.table + std::to_string(c.rows.cell(row, 0).i) +
             std::string(c.rows.text(c.rows.cell(row, 1))) + (c.foreignKeyChecks ? " " : "! ");
    return true;
  });
  return out;
}

TEST(SpillFile, givesBackWhatWasWritten) {
  const Plans plans = twoPlans();
  SpillFile file(folder(), plans);
  EXPECT_EQ(textOf(file), "");
  file.append(change(plans, 0, 1, "x"));
  file.append(change(plans, 1, -2, ""));
  const std::uint64_t middle = file.size();
  file.append(change(plans, 0, 3, std::string(1U << 20U, 'y')));
  EXPECT_EQ(textOf(file), "a1x b-2! a3" + std::string(1U << 20U, 'y') + " ");
  EXPECT_EQ(textOf(file, middle).substr(0, 3), "a3y");
  EXPECT_EQ(textOf(file).size(), textOf(file).size());  // as often as one likes
  file.truncate(middle);
  file.append(change(plans, 1, 4, "z"));
  EXPECT_EQ(textOf(file), "a1x b-2! b4z! ");
  EXPECT_EQ(file.plans(), (std::vector<std::size_t>{0, 1}));
}

TEST(SpillFile, leavesDroppedPlansOutAndStopsWhenTold) {
  const Plans plans = twoPlans();
  SpillFile file(folder(), plans);
  for (int i = 0; i < 4; ++i) file.append(change(plans, i % 2, i, "x"));
  int seen = 0;
  file.forEach([&](const RowsChange&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
  file.drop(0);
  EXPECT_EQ(textOf(file), "b1x! b3x! ");
  EXPECT_EQ(file.plans(), std::vector<std::size_t>{1});
}

TEST(SpillFile, leavesNothingInTheFolder) {
  const Plans plans = twoPlans();
  SpillFile file(folder(), plans);
  file.append(change(plans, 0, 1, "x"));
  EXPECT_TRUE(std::filesystem::is_empty(folder()));
}

/// Of a full disk and of a file that must not grow the system says the same way that a write failed.
TEST(SpillFile, saysThatItCannotWrite) {
  const Plans plans = twoPlans();
  SpillFile file(folder(), plans);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1U << 16U, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  try {
    for (int i = 0; i < 100; ++i) file.append(change(plans, 0, i, std::string(10000, 'x')));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::spillFailed);
    EXPECT_NE(error.text().find("File too large"), std::string::npos) << error.text();
    EXPECT_NE(error.text().find(folder()), std::string::npos) << error.text();
  }
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THROW(SpillFile("/proc/no/such/folder", plans), Error);
}

}  // namespace
}  // namespace drs
