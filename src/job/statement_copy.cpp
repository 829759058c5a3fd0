#include "job/statement_copy.h"

#include "base/error.h"
#include "model/statement_row.h"
#include "model/utf8.h"

#include <nlohmann/json.hpp>

namespace drs {
namespace {

constexpr std::size_t kStatementsAtOnce = 200;

}  // namespace

void StatementCopy::bring() {
  try {
    carry();
  } catch (const Error& error) {
    context_.log.warn("job {}: statements are not listed yet: {}", context_.job.id, error.text());
  }
}

void StatementCopy::carry() {
  std::uint64_t after = context_.store->view().lastSettledStatement(context_.job.id);
  for (;;) {
    const std::vector<StatementRow> rows = sink_.statements(after, kStatementsAtOnce);
    if (rows.empty()) return;
    bool isOurs = false;
    std::vector<StatementRow> news;
    context_.store->write([&](StoreTransaction& tx) {
      news.clear();
      const auto task = tx.task(context_.task.id);
      isOurs = task && task->state == TaskState::running && task->epoch == context_.epoch;
      if (!isOurs) return;
      for (const StatementRow& row : rows) {
        const auto known = tx.statement(context_.job.id, row.number);
        if (!known || known->state != row.state || known->reason != row.reason) news.push_back(row);
      }
      if (!news.empty()) tx.putStatements(context_.job.id, news, kMost);
    });
    if (!isOurs) return;  // a reset may have begun the list anew
    for (const StatementRow& row : news) {
      if (row.state != "filtered" && row.state != "skipped" && row.state != "replaced") continue;
      context_.event(row.state == "filtered" ? EventLevel::info : EventLevel::warn,
                     "Schema change " + std::to_string(row.number) + " is " + row.state + " (" + row.reason +
                         "): " + shortened(row.sql, kShownStatement));
    }
    after = rows.back().number;
    if (rows.size() < kStatementsAtOnce) return;
  }
}

std::string encodeDecision(const StatementDecision& decision) {
  return nlohmann::json{{"transaction", decision.transaction},
                        {"fingerprint", decision.fingerprint},
                        {"skip", decision.skip},
                        {"replacement", decision.replacement}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<StatementDecision> decodeDecision(const std::optional<std::string>& document) {
  if (!document || document->empty()) return std::nullopt;
  try {
    const auto json = nlohmann::json::parse(*document);
    return StatementDecision{json.at("transaction").get<std::string>(), json.at("fingerprint").get<std::string>(),
                             json.at("skip").get<bool>(), json.at("replacement").get<std::string>()};
  } catch (const nlohmann::json::exception& error) {
    throw Error(Msg::storeDamaged, {"a decision about a statement"}, Origin::store, error.what());
  }
}

}  // namespace drs
