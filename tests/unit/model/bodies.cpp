#include "unit/model/bodies.h"

#include <fstream>
#include <stdexcept>

namespace drs::test {

using nlohmann::json;

json bodyFromFile(const std::string& path) {
  std::ifstream file(std::string(DRS_TEST_FOLDER) + "/" + path);
  if (!file) throw std::runtime_error("no test data " + path);
  return json::parse(file);
}

json minimalJob() {
  return bodyFromFile("unit/model/data/minimal.json")["jobs"][0];
}
json fullJob() {
  return bodyFromFile("unit/model/data/full.json")["jobs"][0];
}

std::vector<std::string> summary(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& p : problems) out.push_back(std::string(message(p.msg).code) + " " + p.path);
  return out;
}

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.what;
}

std::vector<Problem> problemsAfter(const std::string& patch) {
  json job = minimalJob();
  job.merge_patch(json::parse(patch));
  return decodeJob(job, "job").problems;
}

json jobWithEndpoints(const std::string& source, const std::string& target, const std::string& patch) {
  json job = minimalJob();
  job["source_endpoint"][0].merge_patch(json::parse(source));
  job["target_endpoint"][0].merge_patch(json::parse(target));
  job.merge_patch(json::parse(patch));
  return job;
}

}  // namespace drs::test
