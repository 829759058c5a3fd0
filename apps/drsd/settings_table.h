#pragma once

#include "drsd/config.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace drs {

struct IntegerSetting {
  std::int64_t least, most;
  std::function<std::int64_t(const Config&)> get;
  std::function<void(Config&, std::int64_t)> set;
};

struct TextSetting {
  std::vector<std::string> allowed;  ///< empty = any
  std::function<std::string(const Config&)> get;
  std::function<void(Config&, const std::string&)> set;
};

/// One setting: [section] name = value. Units are part of the name.
struct Setting {
  std::string_view section, name;
  std::variant<IntegerSetting, TextSetting> kind;
  std::string_view text;
};

/// All settings but [[instances]], in the order of the reference.
[[nodiscard]] const std::vector<Setting>& settingsTable();

/// A member of an [[instances]] entry.
struct InstanceSetting {
  std::string_view name;
  bool mandatory;
  std::variant<int Instance::*, std::string Instance::*> member;
  std::string_view text;
};
[[nodiscard]] const std::vector<InstanceSetting>& instanceSettings();

}  // namespace drs
