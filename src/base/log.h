#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

namespace drs {

enum class LogLevel { debug, info, warn, error };

/// Where lines go: standard error, a file with rotation, or nowhere. Built once in main, shared by all handles.
class LogSink {
 public:
  virtual ~LogSink() = default;
  /// Writes one line; never throws. Threads: any.
  virtual void write(LogLevel level, std::string_view context, std::string_view text) noexcept = 0;
};

/// A handle for logging with a context ("worker", "job 0f5e…"). Cheap to copy; passed to whoever logs, there is no
/// global logger. Secrets must never be among the arguments. Threads: any.
class Log {
 public:
  /// Writes nowhere.
  Log() = default;
  Log(std::shared_ptr<LogSink> sink, std::string context) : sink_(std::move(sink)), context_(std::move(context)) {}

  /// The same sink with `context` appended.
  [[nodiscard]] Log with(std::string_view context) const;

  template <typename... T>
  void debug(fmt::format_string<T...> pattern, T&&... args) const {
    write(LogLevel::debug, pattern, args...);
  }
  template <typename... T>
  void info(fmt::format_string<T...> pattern, T&&... args) const {
    write(LogLevel::info, pattern, args...);
  }
  template <typename... T>
  void warn(fmt::format_string<T...> pattern, T&&... args) const {
    write(LogLevel::warn, pattern, args...);
  }
  template <typename... T>
  void error(fmt::format_string<T...> pattern, T&&... args) const {
    write(LogLevel::error, pattern, args...);
  }

 private:
  template <typename... T>
  void write(LogLevel level, fmt::string_view pattern, const T&... args) const {
    if (sink_) sink_->write(level, context_, fmt::vformat(pattern, fmt::make_format_args(args...)));
  }

  std::shared_ptr<LogSink> sink_;
  std::string context_;
};

/// A sink on standard error; lines below `least` are dropped. Format: time in UTC, level, thread name, context, text.
[[nodiscard]] std::shared_ptr<LogSink> stderrSink(LogLevel least);

/// A sink on a file that is rotated at 64 MiB, 5 old files kept. Throws Error(badConfig) if it cannot be opened.
[[nodiscard]] std::shared_ptr<LogSink> fileSink(const std::string& path, LogLevel least);

}  // namespace drs
