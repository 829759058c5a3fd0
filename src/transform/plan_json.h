#pragma once

#include "transform/packed_text.h"
#include "transform/table_plan.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

// Plans as JSON, for whoever stores them: the job's documents and the target's control tables. Decoding throws
// nlohmann's exceptions, and Error(storeDamaged) for what encoding does not make.

namespace drs {

[[nodiscard]] nlohmann::json fromTablePlan(const TablePlan& plan);
[[nodiscard]] TablePlan toTablePlan(const nlohmann::json& json);

/// Lists of texts that may hold bytes (packed_text.h).
[[nodiscard]] nlohmann::json packAll(const std::vector<std::string>& texts);
[[nodiscard]] std::vector<std::string> unpackAll(const nlohmann::json& json);

template <typename T, typename Encode>
nlohmann::json listOf(const std::vector<T>& items, Encode encode) {
  nlohmann::json out = nlohmann::json::array();
  for (const T& item : items) out.push_back(encode(item));
  return out;
}

template <typename T, typename Decode>
std::vector<T> listFrom(const nlohmann::json& json, Decode decode) {
  std::vector<T> out;
  out.reserve(json.size());
  for (const nlohmann::json& item : json) out.push_back(decode(item));
  return out;
}

}  // namespace drs
