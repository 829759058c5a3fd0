#include "base/failpoint.h"

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <thread>

namespace drs {
namespace {

struct Point {
  std::string name;
  int signal = 0;
  int sleepMillis = 0;
  int atPass = 1;  // 1 = from the first pass on for sleep, exactly then for kill
  std::atomic<int> passes{0};
};

int number(std::string_view text, int otherwise) {
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::deque<Point> parse(std::string_view text) {
  std::deque<Point> points;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const auto equals = item.find('=');
    if (equals == std::string_view::npos) continue;
    Point& point = points.emplace_back();
    point.name = item.substr(0, equals);
    std::string_view action = item.substr(equals + 1);
    if (const auto at = action.find('@'); at != std::string_view::npos) {
      point.atPass = number(action.substr(at + 1), 1);
      action = action.substr(0, at);
    }
    if (action == "kill") point.signal = SIGKILL;
    if (action == "abort") point.signal = SIGABRT;
    if (action.starts_with("sleep:")) point.sleepMillis = number(action.substr(6), 0);
  }
  return points;
}

std::deque<Point>& points() {
  static std::deque<Point> all = [] {
    const char* text =
        std::getenv("OPENDRS_FAILPOINTS");  // NOLINT(concurrency-mt-unsafe): read once, before any setenv
    return parse(text ? text : "");
  }();
  return all;
}

}  // namespace

void failpoint(const char* name) noexcept {
  if (points().empty()) return;
  for (Point& point : points()) {
    if (point.name != name) continue;
    const int pass = ++point.passes;
    if (point.signal != 0 && pass == point.atPass) (void)std::raise(point.signal);  // to this thread: it must not go on
    if (point.sleepMillis > 0 && pass >= point.atPass)
      std::this_thread::sleep_for(std::chrono::milliseconds(point.sleepMillis));
  }
}

}  // namespace drs
