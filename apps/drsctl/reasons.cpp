#include "drsctl/reasons.h"

#include "drsctl/text.h"

#include <nlohmann/json.hpp>

namespace drs::ctl {

using nlohmann::json;

std::string reasons(const json& job) {
  std::string out;
  for (const json& result : job.value("network_results", json::array())) {
    if (result.value("success", false)) continue;
    out += "  connection to " + textOf(result, "ip") + ": " + textOf(result, "error_code") + " " +
           textOf(result, "error_msg") + "\n";
  }
  const json precheck = job.value("precheck_result", json::object());
  for (const json& item : precheck.value("precheck_results", json::array())) {
    const std::string result = textOf(item, "result");
    if (result == "PASSED") continue;
    out += "  " + result + " " + textOf(item, "item") + ": " + textOf(item, "failed_reason");
    out += item.value("is_skipped", false) ? " (skipped)\n" : "\n";
  }
  return printable(out, true);
}

}  // namespace drs::ctl
