#include "engine/mysql/index_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

namespace drs::mysql {
namespace {

constexpr std::chrono::milliseconds kLookPause{1000};
/// So many figures are of each of the builds that run side by side.
constexpr std::size_t kFigures = 5;
/// Reading the table and sorting what fits into memory takes about this share of an ALTER TABLE, however many indexes
/// it adds (measured: 1.5 million rows, three indexes, MariaDB 10.11: 31 of 54 s).
constexpr double kReading = 0.55;

double asDouble(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

double partOfTime(double told, std::size_t indexes) {
  // The server gives the reading of the table the same share as each index.
  const double reading = 1 / (1 + static_cast<double>(std::max<std::size_t>(indexes, 1)));
  told = std::clamp(told, 0.0, 1.0);
  if (told < reading) return kReading * told / reading;
  return kReading + (1 - kReading) * (told - reading) / (1 - reading);
}

IndexProgress::IndexProgress(const ConnectOptions& options, const Log& log,
                             std::function<void(std::size_t, double)> told)
    : options_(options),
      log_(log),
      told_(std::move(told)),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

IndexProgress::~IndexProgress() {
  thread_.request_stop();
}

IndexProgress::Build::Build(IndexProgress& progress, std::size_t number, double weight)
    : progress_(progress), number_(number) {
  const std::lock_guard lock(progress_.mutex_);
  Running& running = progress_.builds_[number];
  running.weight = weight;
  running.since = Clock::now();
  progress_.changed_.notify_all();
}

IndexProgress::Build::~Build() {
  const std::lock_guard lock(progress_.mutex_);
  progress_.builds_.erase(number_);
}

void IndexProgress::Build::next(double weight, std::size_t indexes) {
  const std::lock_guard lock(progress_.mutex_);
  Running& running = progress_.builds_[number_];
  running.before = begun_;
  running.own = weight;
  running.indexes = indexes;
  running.since = Clock::now();
  begun_ += weight;
}

void IndexProgress::watch(const std::stop_token& stop) {
  try {
    while (!stop.stop_requested()) {
      std::map<std::size_t, Running> builds;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, stop, [&] { return !builds_.empty(); });
        changed_.wait_for(lock, stop, kLookPause, [] { return false; });
        builds = builds_;
      }
      // Most take no longer than the question.
      std::erase_if(builds, [](const auto& build) { return Clock::now() - build.second.since < kLookPause; });
      if (told_ && !builds.empty() && !stop.stop_requested()) look(builds);
    }
  } catch (const std::exception& error) {
    log_.info("the progress of indexes is not watched: {}", error.what());
  }
}

void IndexProgress::look(const std::map<std::size_t, Running>& builds) {
  if (!session_) session_ = Connection::open(options_);
  const std::map<std::size_t, double> parts = askMariadb(builds);
  for (const auto& [number, part] : parts) {
    const Running& then = builds.at(number);
    const double all = std::clamp((then.before + then.own * part) / then.weight, 0.0, 1.0);
    {
      const std::lock_guard lock(mutex_);
      const auto now = builds_.find(number);
      // The figure may be of the statement before.
      if (now == builds_.end() || now->second.since != then.since || all <= now->second.part) continue;
      now->second.part = all;
    }
    told_(number, all);
  }
}

std::map<std::size_t, double> IndexProgress::askMariadb(const std::map<std::size_t, Running>& builds) {
  const auto rows = session_->query(R"(SHOW GLOBAL STATUS LIKE 'Innodb\_onlineddl\_pct\_progress')");
  if (rows.empty()) return {};
  lately_.push_back(asDouble(rows.front().at(1).value_or("0")) / 10000);  // hundredths of a percent
  while (lately_.size() > (builds.size() > 1 ? kFigures : 1)) lately_.pop_front();
  const double lowest = *std::min_element(lately_.begin(), lately_.end());
  std::map<std::size_t, double> parts;
  for (const auto& [number, build] : builds) parts[number] = partOfTime(lowest, build.indexes);
  return parts;
}

}  // namespace drs::mysql
