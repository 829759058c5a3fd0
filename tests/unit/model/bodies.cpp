#include "unit/model/bodies.h"

#include <fstream>
#include <stdexcept>

namespace drs::test {

nlohmann::json bodyFromFile(const std::string& name) {
  std::ifstream file(std::string(DRS_MODEL_TEST_DATA) + "/" + name);
  if (!file) throw std::runtime_error("no test data " + name);
  return nlohmann::json::parse(file);
}

nlohmann::json minimalJob() {
  return bodyFromFile("minimal.json")["jobs"][0];
}

std::vector<std::string> summary(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& p : problems) out.push_back(std::string(message(p.msg).code) + " " + p.path);
  return out;
}

std::vector<std::string> problemsAfter(const char* change) {
  nlohmann::json job = minimalJob();
  job.merge_patch(nlohmann::json::parse(change));
  return summary(decodeJob(job, "job").problems);
}

}  // namespace drs::test
