#pragma once

#include "store/records.h"

#include <string>
#include <vector>

// Records that are stored as JSON text inside a row. Decoding throws Error(storeDamaged).

namespace drs {

[[nodiscard]] std::string encodeNetwork(const std::vector<NetworkRow>& rows);
[[nodiscard]] std::vector<NetworkRow> decodeNetwork(const std::string& text);
[[nodiscard]] std::string encodePrecheck(const PrecheckReport& report);
[[nodiscard]] PrecheckReport decodePrecheck(const std::string& text);
[[nodiscard]] std::string encodeProgress(const TaskProgress& progress);
[[nodiscard]] std::string encodeRate(const JobRate& rate);
[[nodiscard]] JobRate decodeRate(const std::string& text);
[[nodiscard]] TaskProgress decodeProgress(const std::string& text);
[[nodiscard]] std::string encodeFault(const Fault& fault);
[[nodiscard]] Fault decodeFault(const std::string& text);
[[nodiscard]] std::string encodeStrings(const std::vector<std::string>& texts);
[[nodiscard]] std::vector<std::string> decodeStrings(const std::string& text);

}  // namespace drs
