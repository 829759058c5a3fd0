#pragma once

#include "store/records.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

// The stored text of each enumerator, once; both directions read these tables.

namespace drs {

template <typename E>
struct EnumTexts;

#define DRS_ENUM_TEXTS(E, ...)                                                     \
  template <>                                                                      \
  struct EnumTexts<E> {                                                            \
    static constexpr std::string_view kName = #E;                                  \
    static constexpr auto kTexts = std::to_array<std::string_view>({__VA_ARGS__}); \
  };

DRS_ENUM_TEXTS(Phase, "creating", "draft", "scheduled", "planning", "copying", "finishing", "copied", "streaming",
               "editing", "switchingOver", "ending", "ended", "deleted")
DRS_ENUM_TEXTS(Desired, "run", "pause", "end")
DRS_ENUM_TEXTS(Validation, "running", "failed", "passed")
DRS_ENUM_TEXTS(BatchStatus, "ASYNC_JOB_VALIDATING", "ASYNC_JOB_VALIDATE_FAILED", "AUTO_PARAM_VALIDATE_SUCCESS",
               "COMMIT_SUCCESS")
DRS_ENUM_TEXTS(TaskKind, "validate", "network", "precheck", "objects", "position", "plan", "copy", "finish", "stream",
               "lane", "compare", "end", "reset", "cutover", "sourceLog")
DRS_ENUM_TEXTS(TaskState, "pending", "running", "done", "cancelled")
DRS_ENUM_TEXTS(EventLevel, "Info", "Warn", "Error")
DRS_ENUM_TEXTS(QueryState, "pending", "failed", "success")
DRS_ENUM_TEXTS(CompareType, "object", "lines", "contents")
DRS_ENUM_TEXTS(CompareState, "WAITING_FOR_RUNNING", "RUNNING", "SUCCESSFUL", "FAILED", "CANCELLED")
DRS_ENUM_TEXTS(CompareResult, "WAITING_FOR_COMPARISON", "COMPARING", "CONSISTENT", "INCONSISTENT", "FAILED_TO_COMPARE")
DRS_ENUM_TEXTS(PrecheckRow::Result, "PASSED", "ALARM", "FAILED")
DRS_ENUM_TEXTS(Action, "retry", "ask_user", "give_up")
#undef DRS_ENUM_TEXTS

template <typename E>
constexpr std::string_view textOf(E value) noexcept {
  return EnumTexts<E>::kTexts[static_cast<std::size_t>(value)];
}

/// Throws Error(storeDamaged) for a text that no enumerator has.
template <typename E>
E enumOf(std::string_view text) {
  const auto& texts = EnumTexts<E>::kTexts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i] == text) return static_cast<E>(i);
  }
  throw Error(Msg::storeDamaged, {"'" + std::string(text) + "' is no " + std::string(EnumTexts<E>::kName)},
              Origin::store);
}

}  // namespace drs
