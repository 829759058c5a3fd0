#include "drsctl/progress.h"

#include "drsctl/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace drs::ctl {
namespace {

constexpr int kBarWidth = 20;

std::int64_t numberOf(const std::string& text, std::int64_t fallback) {
  std::int64_t value = fallback;
  (void)std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string spanText(std::int64_t seconds) {
  if (seconds < 100) return fmt::format("{} s", seconds);
  if (seconds < 6000) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

std::string tail(const ProgressLine& line) {
  std::string out = fmt::format("{:3} %", line.percent);
  if (!line.remains.empty()) out += "  " + line.remains + " left";
  if (!line.delay.empty()) out += "  delay " + line.delay;
  return out;
}

}  // namespace

ProgressLine progressLine(const std::string& name, const nlohmann::json& job) {
  const nlohmann::json info = job.value("progress_info", nlohmann::json::object());
  ProgressLine line;
  line.name = name;
  line.status = textOf(job, "status");
  line.percent = static_cast<int>(std::clamp<std::int64_t>(numberOf(textOf(info, "progress"), 0), 0, 100));
  const std::int64_t millis = numberOf(textOf(info, "incr_trans_delay_millis"), -1);
  if (millis >= 0) {
    line.delaySeconds = static_cast<double>(millis) / 1000;
    line.delay = millis < 10000 ? fmt::format("{:.1f} s", *line.delaySeconds) : spanText(millis / 1000);
  }
  const std::int64_t left = numberOf(textOf(info, "remaining_time"), -1);
  if (left >= 0 && line.percent < 100) line.remains = spanText(left);
  return line;
}

std::string withBar(const ProgressLine& line, std::size_t nameWidth) {
  const int filled = line.percent * kBarWidth / 100;
  const std::size_t pad = nameWidth > width(line.name) ? nameWidth - width(line.name) : 0;
  return fmt::format("{}{}  {:<26}  [{}{}]  {}", printable(line.name), std::string(pad, ' '), printable(line.status),
                     std::string(static_cast<std::size_t>(filled), '#'),
                     std::string(static_cast<std::size_t>(kBarWidth - filled), '-'), tail(line));
}

std::string withoutBar(const ProgressLine& line) {
  return fmt::format("{}  {}  {}", printable(line.name), printable(line.status), tail(line));
}

Rest restOf(const std::string& status, const std::string& taskType, const std::string& until, bool follow) {
  if (!until.empty() && status == until) return Rest::reached;
  if (status.ends_with("_FAILED")) return Rest::failed;
  const bool ended = status == "RELEASE_RESOURCE_COMPLETE" || status == "DELETED";
  if (ended) return until.empty() ? Rest::reached : Rest::failed;  // what was waited for will not come any more
  if (!until.empty()) return Rest::moving;
  const bool copied = status == "FULL_TRANSFER_COMPLETE" && taskType == "FULL_TRANS";
  if (status == "INCRE_TRANSFER_STARTED") return follow ? Rest::moving : Rest::reached;
  return copied || status == "PAUSING" || status == "CONFIGURATION" ? Rest::reached : Rest::moving;
}

}  // namespace drs::ctl
