#include "model/job_spec_json.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>
#include <string_view>

// Prints the rules of the request as JSON, or with --check reads one request body per line and prints for each a line
// with its problems. Used by tests/contract and by tools/gen_request.py; not part of what is installed.

namespace {

nlohmann::ordered_json shown(const std::vector<drs::Problem>& problems) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const drs::Problem& p : problems) {
    out.push_back(
        {{"error_code", drs::message(p.msg).code}, {"path", p.path}, {"value", p.value}, {"allowed", p.allowed}});
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::size_t kMaxJobs = 100;
  if (argc == 1) {
    std::cout << drs::describeRequest().dump(1) << "\n";
    return 0;
  }
  if (std::string_view(argv[1]) != "--check") {
    std::cerr << "usage: describe_request [--check < bodies, one per line]\n";
    return 2;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto body = nlohmann::json::parse(line, nullptr, false);
    if (body.is_discarded()) {
      std::cerr << "not JSON: " << line << "\n";
      return 1;
    }
    std::cout << shown(drs::decodeBatch(body, kMaxJobs).problems).dump() << "\n";
  }
}
