#pragma once

#include "model/job_spec_json.h"
#include "model/rule.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drs {

/// Bounds of one request, beside the body's size (a setting of the HTTP server). They keep the memory that a request of
/// many empty objects can claim, and the size of the answer, in proportion.
inline constexpr std::size_t kMaxProblems = 1000;      ///< decoding stops at the last; the answer stays readable
inline constexpr std::size_t kMaxObjects = 200'000;    ///< databases, schemas, tables, columns of all jobs together
inline constexpr std::size_t kMaxKeyCharacters = 256;  ///< of an object's name; databases themselves allow 64 to 128
inline constexpr int kMaxShardDepth = 2;               ///< source_sharding within source_sharding
inline constexpr std::size_t kShownCharacters = 64;    ///< of a value in a problem

// Problems as the decoder words them, for whoever checks what no table says. Values are shortened here; objects and
// arrays are shown by their type, because they may hold secrets.
[[nodiscard]] Problem missingProblem(const std::string& path);
/// `expected`: "text", "a boolean" …
[[nodiscard]] Problem wrongTypeProblem(const std::string& path, std::string_view expected, const nlohmann::json& value);
/// `expected`: "an object", "an array". What stands in its place may be a secret: only its type is shown.
[[nodiscard]] Problem noContainerProblem(const std::string& path, std::string_view expected,
                                         const nlohmann::json& value);
[[nodiscard]] Problem notAllowedProblem(const std::string& path, std::string_view value, std::string allowed);
[[nodiscard]] Problem duplicateProblem(const std::string& path, std::string_view value);

/// One run of the decoder: what it is for, and the problems found so far. One thread.
class Decoding {
 public:
  enum class From { request, store };
  explicit Decoding(From from) : from_(from) {}

  /// False while the store is read: the rules held when it was written, and may have changed since.
  [[nodiscard]] bool rulesApply() const noexcept { return from_ == From::request; }
  /// True when enough problems were found; whoever loops over input stops then.
  [[nodiscard]] bool full() const noexcept { return problems_.size() >= kMaxProblems; }

  /// `value` as sent, or "***" for a secret; it is shortened here.
  void missing(const std::string& path);
  void wrongType(const std::string& path, std::string_view expected, const nlohmann::json& value);
  void noContainer(const std::string& path, std::string_view expected, const nlohmann::json& value);
  void wrongTypeOfSecret(const std::string& path, const nlohmann::json& value);
  void notAllowed(const std::string& path, std::string_view value, std::string allowed);
  void forbidden(const std::string& path, std::string_view value, std::string_view what, std::string allowed);
  void tooLong(Msg msg, const std::string& path, std::string_view value, std::string allowed);
  void duplicate(const std::string& path, std::string_view value);
  void cross(const std::string& path, std::string_view value, std::string allowed);
  void report(Problem problem);

  /// True if a problem was found at exactly this path: a rule that builds on the value keeps silent then.
  [[nodiscard]] bool hasProblemAt(const std::string& path) const;

  /// Counts one object of the selection; false (and one problem) beyond kMaxObjects.
  [[nodiscard]] bool takeObject(const std::string& path);
  [[nodiscard]] bool enterShards() noexcept { return ++shardDepth_ <= kMaxShardDepth; }
  void leaveShards() noexcept { --shardDepth_; }

  [[nodiscard]] std::vector<Problem>& problems() noexcept { return problems_; }

 private:
  From from_;
  std::vector<Problem> problems_;
  std::size_t objects_ = 0;
  int shardDepth_ = 0;
};

/// "a.b", "a[3]", and for names of databases, tables and columns a.b or a["odd name"]; such names are shortened.
[[nodiscard]] std::string memberPath(const std::string& path, std::string_view name);
[[nodiscard]] std::string elementPath(const std::string& path, std::size_t index);
[[nodiscard]] std::string keyPath(const std::string& path, std::string_view key);

}  // namespace drs
