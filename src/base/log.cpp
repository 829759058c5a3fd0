#include "base/log.h"

#include "base/error.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace drs {
namespace {

constexpr std::size_t kMaxFileBytes = 64U << 20U;
constexpr std::size_t kOldFiles = 5;

spdlog::level::level_enum levelOf(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

class SpdlogSink final : public LogSink {
 public:
  SpdlogSink(spdlog::sink_ptr sink, LogLevel least) : logger_("drs", std::move(sink)) {
    logger_.set_level(levelOf(least));
    logger_.flush_on(spdlog::level::info);
    logger_.set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %t %v", spdlog::pattern_time_type::utc));
  }

  void write(LogLevel level, std::string_view context, std::string_view text) noexcept override {
    try {
      logger_.log(levelOf(level), "[{}] {}", context, text);
    } catch (...) {  // a full disk must not end the operation that wanted to log
    }
  }

 private:
  spdlog::logger logger_;
};

}  // namespace

Log Log::with(std::string_view context) const {
  return Log(sink_, context_.empty() ? std::string(context) : context_ + " " + std::string(context));
}

std::shared_ptr<LogSink> stderrSink(LogLevel least) {
  return std::make_shared<SpdlogSink>(std::make_shared<spdlog::sinks::stderr_sink_mt>(), least);
}

std::shared_ptr<LogSink> fileSink(const std::string& path, LogLevel least) {
  try {
    return std::make_shared<SpdlogSink>(
        std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, kMaxFileBytes, kOldFiles), least);
  } catch (const spdlog::spdlog_ex& e) {
    throw Error(Msg::badConfig, {std::string("log file: ") + e.what()});
  }
}

}  // namespace drs
