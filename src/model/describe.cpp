#include "model/spec_tables.h"

#include <nlohmann/json.hpp>

// The tables as data: held against api/openapi.yaml by a test, and the source of docs/reference/request.md.

namespace drs {
namespace {

void describeLimits(OutJson& out, const Rule& rule, const Kind& kind) {
  if (kind.type == "integer") {
    if (!rule.numbers.empty()) {
      out["enum"] = rule.numbers;
    } else {
      out["min"] = rule.min;
      out["max"] = rule.max;
    }
  } else if (kind.type == "array" || kind.type == "map") {
    out["min"] = rule.min;
    out["max"] = rule.max;
  } else if (kind.type == "text" || kind.type == "secret") {
    const std::string pattern = patternOf(rule);
    if (!rule.values.empty() && !rule.list) {
      out["enum"] = std::vector<std::string>(rule.values.begin(), rule.values.end());
    } else {
      if (!rule.numeric) {
        out["min"] = rule.min;
        out["max"] = rule.max;
      } else {
        out["number"] = {rule.min, rule.max};
      }
      if (!pattern.empty()) out["pattern"] = pattern;
    }
    out["allowed"] = allowedText(rule);
  }
}

template <class T>
void describe(OutJson& out) {
  const Table<T>& table = tableOf<T>();
  for (const Field<T>& field : table.fields) {
    const Kind kind = field.kind();
    OutJson row;
    row["object"] = table.object;
    row["table"] = table.number;
    row["field"] = field.name;
    row["type"] = kind.type == "secret" ? "text" : kind.type;
    if (!kind.of.empty()) row["of"] = kind.of;
    row["mandatory"] = field.rule.mandatory;
    describeLimits(row, field.rule, kind);
    if (field.rule.acceptNumber) row["accepts_number"] = true;
    row["secret"] = kind.type == "secret";
    if (!field.rule.fallback.empty()) row["default"] = field.rule.fallback;
    row["use"] = toText(field.use);
    row["note"] = field.note;
    out.push_back(std::move(row));
  }
}

}  // namespace

OutJson describeRequest() {
  OutJson out = OutJson::array();
#define X(object) describe<object>(out);
  DRS_SPEC_OBJECTS(X)
#undef X
  return out;
}

}  // namespace drs
