#include "engine/mysql/parameters.h"

#include "engine/mysql/prober_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace drs::mysql {
namespace {

constexpr int kMysqlWithPersist = 80000;  // SET PERSIST (MySQL manual, Persisted System Variables)
constexpr unsigned kReadOnlyVariable = 1238;

/// "10" and "10.000000" are the same value.
bool isSame(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto number = [](const std::string& text, double& value) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc() && end == text.data() + text.size();
  };
  double one = 0;
  double other = 0;
  return number(a, one) && number(b, other) && one == other;
}

bool canPersist(const Connection& target) {
  return !target.server().mariadb && target.server().version >= kMysqlWithPersist;
}

class Setter {
 public:
  explicit Setter(Connection& target) : target_(target) {}

  std::string set(const ParameterPlan& one) {
    const std::string sql = one.key + " = " + one.wanted;
    const bool persists = canPersist(target_);
    try {
      target_.execute((persists ? "SET PERSIST " : "SET GLOBAL ") + sql);
    } catch (const Error& error) {
      if (error.action() == Action::retry) throw;
      if (target_.lastErrno() == kReadOnlyVariable) return atRestart(one);
      return "The target refuses the parameter " + sql + ": " + error.text();
    }
    const std::string now = globalVariable(target_, one.key);
    std::string text = fmt::format("The parameter {} of the target is {} (before: {})", one.key, now, one.target);
    if (!isSame(now, one.wanted)) text += fmt::format("; it does not take {} as it is", one.wanted);
    if (!persists)
      text += fmt::format("; for a restart to keep it, write {} = {} into its configuration file", one.key, now);
    return text;
  }

 private:
  std::string atRestart(const ParameterPlan& one) {
    const std::string sql = one.key + " = " + one.wanted;
    std::string file = "The parameter " + one.key + " of the target needs a restart: write " + sql +
                       " into its configuration file and restart it";
    if (!canPersist(target_)) return file;
    try {
      target_.execute("SET PERSIST_ONLY " + sql);
    } catch (const Error& error) {
      if (error.action() == Action::retry) throw;
      return file + " (" + error.text() + ")";
    }
    return fmt::format("The parameter {} of the target becomes {} when it is restarted (now: {})", one.key, one.wanted,
                       one.target);
  }

  Connection& target_;
};

}  // namespace

bool isParameterValue(const std::string& key, const std::string& value) {
  if (key == "query_cache_type" && (value == "ON" || value == "OFF" || value == "DEMAND")) return true;
  const std::size_t point = key == "long_query_time" ? value.find('.') : std::string::npos;
  const auto isNumber = [](std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (point == std::string::npos) return isNumber(value);
  return isNumber(value.substr(0, point)) && isNumber(value.substr(point + 1));
}

std::vector<ParameterPlan> planParameters(Connection& source, Connection& target, const JobSpec& spec) {
  std::vector<ParameterPlan> out;
  if (!spec.dbParam) return out;
  std::set<std::string> seen;
  const auto add = [&](const std::optional<std::vector<DbParamItem>>& items, bool common) {
    if (!items) return;
    for (const DbParamItem& item : *items) {
      ParameterPlan& one = out.emplace_back();
      one.key = item.key.value_or("");
      one.wanted = item.targetValue.value_or("");
      one.source = globalVariable(source, one.key);
      one.target = globalVariable(target, one.key);
      if (!seen.insert(one.key).second) one.bad = "it is named twice";
      if (!isParameterValue(one.key, one.wanted)) one.bad = one.wanted + " is no value of it; write a plain number";
      if (one.target.empty())
        one.leftOut = "the target does not have it";
      else if (common && isSame(one.source, one.target))
        one.leftOut =
            "of the common parameters only those that differ may be set, and it is " + one.target + " at both sides";
    }
  };
  add(spec.dbParam->common, true);
  add(spec.dbParam->performance, false);
  return out;
}

std::vector<std::string> setParameters(const EngineJob& job) {
  std::vector<std::string> lines;
  if (!job.spec.dbParam) return lines;
  const auto source = Connection::open(connectOptions(job, Side::source));
  const auto target = Connection::open(connectOptions(job, Side::target));
  Setter setter(*target);
  for (const ParameterPlan& one : planParameters(*source, *target, job.spec)) {
    if (!one.bad.empty() || !one.leftOut.empty())
      lines.push_back("The parameter " + one.key + " is not set: " + (one.bad.empty() ? one.leftOut : one.bad));
    else
      lines.push_back(setter.set(one));
  }
  return lines;
}

}  // namespace drs::mysql
