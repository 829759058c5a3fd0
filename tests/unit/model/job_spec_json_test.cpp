#include "model/job_spec_json.h"

#include "unit/model/bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(DecodeBatch, TakesTheExamplesAsTheyStand) {
  for (const char* file : {"example1.json", "example2.json", "minimal.json"}) {
    const DecodedBatch batch = decodeBatch(bodyFromFile(file), 100);
    EXPECT_THAT(summary(batch.problems), IsEmpty()) << file;
    EXPECT_EQ(batch.jobs.size(), 1U);
  }
}

}  // namespace
}  // namespace drs::test
