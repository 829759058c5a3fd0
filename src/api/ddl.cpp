#include "api/call.h"
#include "api/error_response.h"
#include "api/json_io.h"
#include "api/query.h"
#include "job/tasks_common.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <limits>

// …/ddl: the statements of the source's log that define objects of a job, and what is done about one that stops it.

namespace drs::api {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kDdlStatuses[] = {"0", "1"};
constexpr std::size_t kMostReplacementBytes = 65'536;

std::uint64_t numberOf(const std::string& text, std::string_view name, std::string_view allowed) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool fits = problem == std::errc() && end == text.data() + text.size() &&
                    value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!fits) throw Error(Msg::valueNotAllowed, {std::string(name), text, std::string(allowed)}, Origin::request);
  return value;
}

std::uint64_t boundOf(const std::optional<std::string>& text, std::string_view name) {
  return text ? numberOf(*text, name, "a number of the list") : 0;
}

/// The statement that the path names. One that is no number does not exist.
std::uint64_t statementOf(const Call& call, std::string_view parameter) {
  const std::string& text = call.path.at(std::string(parameter));
  try {
    return numberOf(text, parameter, "");
  } catch (const Error&) {
    throw Error(Msg::unknownStatement, {text}, Origin::request);
  }
}

/// It, or what stands in its place, ran at the target.
bool hasRun(const StatementRow& row) {
  return row.state == "applied" || row.state == "replaced";
}

ordered_json encode(const StatementRow& row) {
  return {{"seqno", row.number},
          {"checkpoint", positionForUsers({row.position})},
          {"status", isAlarming(row) ? 1 : 0},
          {"ddl_timestamp", row.committed},
          {"ddl_text", row.sql},
          {"exe_result", hasRun(row)},
          {"record_time", row.recorded},
          {"clean_time", row.cleaned},
          {"kind", row.kind},
          {"state", row.state},
          {"reason", row.reason},
          {"transaction_id", row.transaction}};
}

http::Response accepted(const Call& call, std::uint64_t number) {
  return jsonResponse({{"job_id", call.jobId()}, {"seqno", number}, {"status", "success"}}, 202);
}

}  // namespace

http::Response listStatements(const Call& call) {
  StatementFilter filter;
  filter.first = boundOf(queryText(call.request, "start_seq_no"), "start_seq_no");
  filter.last = boundOf(queryText(call.request, "end_seq_no"), "end_seq_no");
  if (const auto status = queryChoice(call.request, "status", kDdlStatuses)) filter.alarming = *status == "1";
  filter.paging = pagingOf(call.request);
  const Page<StatementRow> page = call.jobs().statements(call.actor, call.jobId(), filter);
  ordered_json list = ordered_json::array();
  for (const StatementRow& row : page.items) list.push_back(encode(row));
  return jsonResponse({{"count", page.total}, {"ddl_list", std::move(list)}});
}

http::Response cleanAlarm(const Call& call) {
  call.jobs().cleanStatement(call.actor, call.jobId(), statementOf(call, "alarm_id"));
  return jsonResponse("");
}

http::Response skipStatement(const Call& call) {
  const std::uint64_t number = statementOf(call, "seqno");
  call.jobs().skipStatement(call.actor, call.jobId(), number);
  return accepted(call, number);
}

http::Response replaceStatement(const Call& call) {
  const std::uint64_t number = statementOf(call, "seqno");
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  const std::string sql = root.requiredText("statement");
  if (sql.size() > kMostReplacementBytes)
    problems.push_back(notAllowedProblem("statement", std::to_string(sql.size()) + " bytes", "at most 65536 bytes"));
  if (!problems.empty()) return errorResponse(problems, call.request);
  call.jobs().replaceStatement(call.actor, call.jobId(), number, sql);
  return accepted(call, number);
}

}  // namespace drs::api
