#include "engine/redis/compare_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

namespace drs::redis {
namespace {

using resp::Reply;

constexpr std::int64_t kPieceBytes = 1 << 20;
constexpr std::int64_t kPieceElements = 256;

constexpr std::array<std::string_view, 7> kNames = {"none", "string", "list", "set", "zset", "hash", "stream"};

/// Servers print scores in different ways.
double scoreOf(const std::string& text) {
  const double score = std::strtod(text.c_str(), nullptr);
  return score == 0 ? 0 : score;  // −0 is 0
}

bool sameScore(const Reply& a, const Reply& b) {
  if (a.isNull() || b.isNull() || a.isError() || b.isError()) return false;
  const double x = scoreOf(a.text()), y = scoreOf(b.text());
  return x == y || (std::isnan(x) && std::isnan(y));
}

bool same(const Reply& a, const Reply& b) {
  if (a.kind() != b.kind() || a.isError() || a.text() != b.text() || a.elements().size() != b.elements().size())
    return false;
  if (a.kind() == Reply::Kind::integer) return a.integer() == b.integer();
  for (std::size_t i = 0; i < a.elements().size(); ++i)
    if (!same(a.elements()[i], b.elements()[i])) return false;
  return true;
}

std::vector<std::string_view> sorted(const Reply& reply) {
  std::vector<std::string_view> out;
  for (const Reply& each : reply.elements()) out.emplace_back(each.text());
  std::sort(out.begin(), out.end());
  return out;
}

/// Key and value in turn, by key.
std::vector<std::pair<std::string_view, const Reply*>> pairs(const Reply& reply) {
  std::vector<std::pair<std::string_view, const Reply*>> out;
  for (std::size_t i = 0; i + 1 < reply.elements().size(); i += 2)
    out.emplace_back(reply.at(i).text(), &reply.at(i + 1));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

bool samePairs(const Reply& a, const Reply& b, bool scores) {
  const auto x = pairs(a), y = pairs(b);
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [&](const auto& p, const auto& q) {
    return p.first == q.first && (scores ? sameScore(*p.second, *q.second) : same(*p.second, *q.second));
  });
}

Reply call(Connection& connection, std::initializer_list<std::string_view> command) {
  return connection.call(command);
}

std::optional<std::int64_t> size(Connection& connection, ComparedType type, const std::string& key) {
  resp::Encoder out;
  appendSize(out, type, key);
  return connection.pipeline(out.bytes(), 1, connection.answerDeadline()).front().integer();
}

bool sameString(Connection& source, Connection& target, const std::string& key) {
  for (std::int64_t at = 0;; at += kPieceBytes) {
    const std::string from = std::to_string(at), to = std::to_string(at + kPieceBytes - 1);
    const Reply a = call(source, {"GETRANGE", key, from, to}), b = call(target, {"GETRANGE", key, from, to});
    if (a.text() != b.text()) return false;
    if (static_cast<std::int64_t>(a.text().size()) < kPieceBytes) return true;
  }
}

bool sameList(Connection& source, Connection& target, const std::string& key) {
  for (std::int64_t at = 0;; at += kPieceElements) {
    const std::string from = std::to_string(at), to = std::to_string(at + kPieceElements - 1);
    const Reply a = call(source, {"LRANGE", key, from, to}), b = call(target, {"LRANGE", key, from, to});
    if (!same(a, b)) return false;
    if (static_cast<std::int64_t>(a.elements().size()) < kPieceElements) return true;
  }
}

/// Each element that the scan of the source gives, looked up at the target.
bool sameByScan(Connection& source, Connection& target, ComparedType type, const std::string& key) {
  const char* scan = type == ComparedType::hash ? "HSCAN" : type == ComparedType::set ? "SSCAN" : "ZSCAN";
  const char* look = type == ComparedType::hash ? "HGET" : type == ComparedType::set ? "SISMEMBER" : "ZSCORE";
  const std::size_t step = type == ComparedType::set ? 1 : 2;
  const std::string count = std::to_string(kPieceElements);
  std::string cursor = "0";
  do {
    const Reply page = call(source, {scan, key, cursor, "COUNT", count});
    const std::vector<Reply>& found = page.at(1).elements();
    resp::Encoder out;
    for (std::size_t i = 0; i + step <= found.size(); i += step) out.command({look, key, found[i].text()});
    const auto there = target.pipeline(out.bytes(), found.size() / step, target.answerDeadline());
    for (std::size_t i = 0; i < there.size(); ++i) {
      const Reply& mine = found[i * step + step - 1];
      const bool equal = type == ComparedType::set    ? there[i].integer() == 1
                         : type == ComparedType::hash ? same(mine, there[i])
                                                      : sameScore(mine, there[i]);
      if (!equal) return false;
    }
    cursor = page.at(0).text();
  } while (cursor != "0" && !cursor.empty());
  return size(source, type, key) == size(target, type, key);
}

/// The id behind this one: "5-7" → "5-8". Servers before 6.2 do not know "(5-7".
std::string nextId(const std::string& id) {
  const std::size_t dash = id.find('-');
  std::uint64_t millis = 0, number = 0;
  std::from_chars(id.data(), id.data() + std::min(dash, id.size()), millis);
  if (dash != std::string::npos) std::from_chars(id.data() + dash + 1, id.data() + id.size(), number);
  if (number == UINT64_MAX) return std::to_string(millis + 1) + "-0";
  return std::to_string(millis) + "-" + std::to_string(number + 1);
}

bool sameEntries(Connection& source, Connection& target, const std::string& key) {
  const std::string count = std::to_string(kPieceElements);
  std::string from = "-";
  while (true) {
    const Reply a = call(source, {"XRANGE", key, from, "+", "COUNT", count}),
                b = call(target, {"XRANGE", key, from, "+", "COUNT", count});
    if (!same(a, b)) return false;
    if (static_cast<std::int64_t>(a.elements().size()) < kPieceElements) return true;
    from = nextId(a.elements().back().at(0).text());
  }
}

bool samePending(Connection& source, Connection& target, const std::string& key, const std::string& group) {
  const std::string count = std::to_string(kPieceElements);
  std::string from = "-";
  while (true) {
    const Reply a = call(source, {"XPENDING", key, group, from, "+", count}),
                b = call(target, {"XPENDING", key, group, from, "+", count});
    if (a.elements().size() != b.elements().size()) return false;
    for (std::size_t i = 0; i < a.elements().size(); ++i)  // id, consumer, idle time, deliveries
      for (const std::size_t part : {0U, 1U, 3U})
        if (!same(a.at(i).at(part), b.at(i).at(part))) return false;
    if (static_cast<std::int64_t>(a.elements().size()) < kPieceElements) return true;
    from = nextId(a.elements().back().at(0).text());
  }
}

}  // namespace

std::optional<ComparedType> comparedType(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames.at(i) == name) return static_cast<ComparedType>(i);
  return std::nullopt;
}

void appendSize(resp::Encoder& out, ComparedType type, std::string_view key) {
  constexpr std::array<std::string_view, 7> kCommands = {"EXISTS", "STRLEN", "LLEN", "SCARD", "ZCARD", "HLEN", "XLEN"};
  out.command({kCommands.at(static_cast<std::size_t>(type)), key});
}

void appendWhole(resp::Encoder& out, ComparedType type, std::string_view key) {
  switch (type) {
    case ComparedType::none:
      return out.command({"EXISTS", key});
    case ComparedType::string:
      return out.command({"GET", key});
    case ComparedType::list:
      return out.command({"LRANGE", key, "0", "-1"});
    case ComparedType::set:
      return out.command({"SMEMBERS", key});
    case ComparedType::zset:
      return out.command({"ZRANGE", key, "0", "-1", "WITHSCORES"});
    case ComparedType::hash:
      return out.command({"HGETALL", key});
    case ComparedType::stream:
      return out.command({"XRANGE", key, "-", "+"});
  }
}

bool sameWhole(ComparedType type, const resp::Reply& a, const resp::Reply& b) {
  if (a.isError() || b.isError()) return false;
  switch (type) {
    case ComparedType::set:
      return sorted(a) == sorted(b);
    case ComparedType::zset:
      return samePairs(a, b, true);
    case ComparedType::hash:
      return samePairs(a, b, false);
    default:
      return same(a, b);
  }
}

bool sameValue(Connection& source, Connection& target, ComparedType type, const std::string& key) {
  switch (type) {
    case ComparedType::none:
      return true;
    case ComparedType::string:
      return sameString(source, target, key);
    case ComparedType::list:
      return sameList(source, target, key);
    case ComparedType::stream:
      return sameEntries(source, target, key) && sameGroups(source, target, key);
    default:
      return sameByScan(source, target, type, key);
  }
}

bool sameGroups(Connection& source, Connection& target, const std::string& key) {
  const Reply x = call(source, {"XINFO", "STREAM", key}), y = call(target, {"XINFO", "STREAM", key});
  if (!same(x.find("last-generated-id"), y.find("last-generated-id"))) return false;
  Reply a = call(source, {"XINFO", "GROUPS", key}), b = call(target, {"XINFO", "GROUPS", key});
  if (a.elements().size() != b.elements().size()) return false;
  for (const Reply& mine : a.elements()) {
    const std::string& name = mine.find("name").text();
    const auto& others = b.elements();
    const auto other =
        std::find_if(others.begin(), others.end(), [&](const Reply& each) { return each.find("name").is(name); });
    if (other == others.end() || !same(mine.find("last-delivered-id"), other->find("last-delivered-id")) ||
        !same(mine.find("pending"), other->find("pending")))
      return false;
    if (mine.find("pending").integer() != 0 && !samePending(source, target, key, name)) return false;
  }
  return true;
}

bool sameFieldDeadlines(Connection& source, Connection& target, const std::string& key, std::int64_t toleranceMs) {
  const std::string count = std::to_string(kPieceElements);
  std::string cursor = "0";
  do {
    const Reply page = call(source, {"HSCAN", key, cursor, "COUNT", count});
    std::vector<std::string_view> command = {"HPEXPIRETIME", key, "FIELDS", ""};
    for (std::size_t i = 0; i < page.at(1).elements().size(); i += 2) command.emplace_back(page.at(1).at(i).text());
    const std::string fields = std::to_string(command.size() - 4);
    command[3] = fields;
    cursor = page.at(0).text();
    if (command.size() == 4) continue;
    const Reply a = source.call(command, source.answerDeadline()), b = target.call(command, target.answerDeadline());
    if (a.elements().size() != b.elements().size()) return false;
    for (std::size_t i = 0; i < a.elements().size(); ++i) {
      const std::int64_t x = a.at(i).integer().value_or(-2), y = b.at(i).integer().value_or(-2);
      if ((x < 0 || y < 0) ? x != y : std::abs(x - y) > toleranceMs) return false;
    }
  } while (cursor != "0" && !cursor.empty());
  return true;
}

}  // namespace drs::redis
