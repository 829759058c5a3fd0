#include "store/records_json.h"

#include "store/enum_texts.h"

#include <nlohmann/json.hpp>

namespace drs {
namespace {

using Json = nlohmann::json;

// Database messages may hold bytes that are not UTF-8: they are replaced, never a reason to fail.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Runs `read` on the parsed text; whatever does not fit is damage, since only this program writes these texts.
template <typename Read>
auto parse(const std::string& text, Read read) {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& e) {
    throw Error(Msg::storeDamaged, {"a stored record is not readable"}, Origin::store, e.what());
  }
}

template <typename T>
T get(const Json& json, const char* name) {
  return json.at(name).template get<T>();
}

Json tablesOf(const std::vector<TableCount>& tables) {
  Json out = Json::array();
  for (const TableCount& table : tables) out.push_back({table.plan, table.rows, table.bytes});
  return out;
}

Json fromRate(const JobRate& rate) {
  return {rate.rows, rate.bytes, rate.unlimited, rate.limit};
}

JobRate toRate(const Json& json) {
  return {.rows = json.at(0).get<std::uint64_t>(),
          .bytes = json.at(1).get<std::uint64_t>(),
          .unlimited = json.at(2).get<std::uint64_t>(),
          .limit = json.at(3).get<std::uint64_t>()};
}

}  // namespace

std::string encodeNetwork(const std::vector<NetworkRow>& rows) {
  Json out = Json::array();
  for (const NetworkRow& row : rows) {
    out.push_back({{"ip", row.ip}, {"success", row.success}, {"code", row.errorCode}, {"message", row.errorMessage}});
  }
  return dump(out);
}

std::vector<NetworkRow> decodeNetwork(const std::string& text) {
  return parse(text, [](const Json& json) {
    std::vector<NetworkRow> rows;
    for (const Json& row : json) {
      rows.push_back({get<std::string>(row, "ip"), get<bool>(row, "success"), get<std::string>(row, "code"),
                      get<std::string>(row, "message")});
    }
    return rows;
  });
}

std::string encodePrecheck(const PrecheckReport& report) {
  Json items = Json::array();
  for (const PrecheckRow& row : report.items) {
    items.push_back({{"item", row.item},
                     {"result", textOf(row.result)},
                     {"group", row.group},
                     {"reason", row.reason},
                     {"raw", row.rawError},
                     {"skippable", row.skippable},
                     {"skipped", row.skipped}});
  }
  return dump({{"process", report.process}, {"items", std::move(items)}});
}

PrecheckReport decodePrecheck(const std::string& text) {
  return parse(text, [](const Json& json) {
    PrecheckReport report;
    report.process = get<int>(json, "process");
    for (const Json& row : json.at("items")) {
      report.items.push_back({.item = get<std::string>(row, "item"),
                              .result = enumOf<PrecheckRow::Result>(get<std::string>(row, "result")),
                              .group = get<std::string>(row, "group"),
                              .reason = get<std::string>(row, "reason"),
                              .rawError = get<std::string>(row, "raw"),
                              .skippable = get<bool>(row, "skippable"),
                              .skipped = get<bool>(row, "skipped")});
    }
    return report;
  });
}

std::string encodeProgress(const TaskProgress& p) {
  Json json{{"tables", tablesOf(p.tables)},          {"position", p.position}, {"commit", p.lastCommitMillis},
            {"transactions", p.transactions},        {"rows", p.rows},         {"kept", p.conflictsKept},
            {"overwritten", p.conflictsOverwritten}, {"percent", p.percent},   {"updated", p.updateMillis}};
  if (p.delayMillis) json["delay"] = *p.delayMillis;
  if (p.readMillis) json["read"] = *p.readMillis;
  if (p.unreceivedBytes) json["unreceived"] = *p.unreceivedBytes;
  if (p.unappliedBytes) json["unapplied"] = *p.unappliedBytes;
  if (p.rate.bytes > 0) json["rate"] = fromRate(p.rate);
  return dump(json);
}

TaskProgress decodeProgress(const std::string& text) {
  return parse(text, [](const Json& json) {
    TaskProgress p;
    if (json.empty()) return p;
    for (const Json& table : json.at("tables")) {
      p.tables.push_back(
          {table.at(0).get<std::size_t>(), table.at(1).get<std::uint64_t>(), table.at(2).get<std::uint64_t>()});
    }
    if (json.contains("rate")) p.rate = toRate(json.at("rate"));
    p.position = get<std::string>(json, "position");
    if (json.contains("delay")) p.delayMillis = get<std::int64_t>(json, "delay");
    if (json.contains("read")) p.readMillis = get<std::int64_t>(json, "read");
    if (json.contains("unreceived")) p.unreceivedBytes = get<std::uint64_t>(json, "unreceived");
    if (json.contains("unapplied")) p.unappliedBytes = get<std::uint64_t>(json, "unapplied");
    p.lastCommitMillis = get<UnixMillis>(json, "commit");
    p.transactions = get<std::uint64_t>(json, "transactions");
    p.rows = get<std::uint64_t>(json, "rows");
    p.conflictsKept = get<std::uint64_t>(json, "kept");
    p.conflictsOverwritten = get<std::uint64_t>(json, "overwritten");
    p.percent = get<int>(json, "percent");
    p.updateMillis = get<UnixMillis>(json, "updated");
    return p;
  });
}

std::string encodeRate(const JobRate& rate) {
  return dump(fromRate(rate));
}

JobRate decodeRate(const std::string& text) {
  return parse(text, toRate);
}

std::string encodeFault(const Fault& fault) {
  return dump({{"symbol", fault.symbol},
               {"code", fault.code},
               {"text", fault.text},
               {"remedy", fault.remedy},
               {"action", textOf(fault.action)},
               {"millis", fault.millis}});
}

Fault decodeFault(const std::string& text) {
  return parse(text, [](const Json& json) {
    return Fault{.symbol = get<std::string>(json, "symbol"),
                 .code = get<std::string>(json, "code"),
                 .text = get<std::string>(json, "text"),
                 .remedy = get<std::string>(json, "remedy"),
                 .action = enumOf<Action>(get<std::string>(json, "action")),
                 .millis = get<UnixMillis>(json, "millis")};
  });
}

std::string encodeStrings(const std::vector<std::string>& texts) {
  return dump(Json(texts));
}

std::vector<std::string> decodeStrings(const std::string& text) {
  return parse(text, [](const Json& json) { return json.get<std::vector<std::string>>(); });
}

}  // namespace drs
