#include "store/records.h"

#include "store/enum_texts.h"

#include <algorithm>

namespace drs {

std::string_view toText(Phase phase) noexcept {
  return textOf(phase);
}
std::string_view toText(Desired desired) noexcept {
  return textOf(desired);
}
std::string_view toText(Validation validation) noexcept {
  return textOf(validation);
}
std::string_view toText(BatchStatus status) noexcept {
  return textOf(status);
}
std::string_view toText(TaskKind kind) noexcept {
  return textOf(kind);
}
std::string_view toText(TaskState state) noexcept {
  return textOf(state);
}
std::string_view toText(EventLevel level) noexcept {
  return textOf(level);
}
std::string_view toText(QueryState state) noexcept {
  return textOf(state);
}
std::string_view toText(CompareType type) noexcept {
  return textOf(type);
}
std::string_view toText(CompareState state) noexcept {
  return textOf(state);
}
std::string_view toText(CompareResult result) noexcept {
  return textOf(result);
}
std::string_view toText(PrecheckRow::Result result) noexcept {
  return textOf(result);
}

Fault faultOf(const Error& error, UnixMillis now) {
  return {.symbol = std::string(message(error.msg()).symbol),
          .code = std::string(error.code()),
          .text = error.text(),
          .remedy = error.remedy(),
          .action = error.action(),
          .millis = now};
}

namespace {

bool blocks(const PrecheckRow& row) {
  return row.result == PrecheckRow::Result::failed && !row.skipped;
}

}  // namespace

bool PrecheckReport::mayStart() const {
  return process == 100 && std::none_of(items.begin(), items.end(), blocks);
}

int PrecheckReport::passedPercent() const {
  if (items.empty()) return 100;
  const auto blocking = std::count_if(items.begin(), items.end(), blocks);
  const auto total = static_cast<std::ptrdiff_t>(items.size());
  return static_cast<int>((total - blocking) * 100 / total);
}

}  // namespace drs
