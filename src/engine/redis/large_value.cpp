#include "engine/redis/large_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace drs::redis {
namespace {

using resp::Reply;

constexpr std::int64_t kLargePieceBytes = 1 << 20;
constexpr std::int64_t kLargePieceElements = 512;
const std::string kPiece = std::to_string(kLargePieceElements);  // NOLINT(cert-err58-cpp): a short text

std::int64_t nowMillis() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// "5-7". A part that is missing is 0.
rdb::StreamId idOf(const std::string& text) {
  rdb::StreamId out;
  const std::size_t dash = std::min(text.find('-'), text.size());
  std::from_chars(text.data(), text.data() + dash, out.ms);
  if (dash < text.size()) std::from_chars(text.data() + dash + 1, text.data() + text.size(), out.seq);
  return out;
}

/// The id behind this one. Servers before 6.2 do not know "(5-7".
std::string behind(const std::string& id) {
  rdb::StreamId next = idOf(id);
  if (++next.seq == 0) ++next.ms;
  return std::to_string(next.ms) + "-" + std::to_string(next.seq);
}

LargeRead readString(Connection& source, const std::string& key, rdb::CommandForm& form) {
  for (std::int64_t at = 0;; at += kLargePieceBytes) {
    const Reply piece = source.call({"GETRANGE", key, std::to_string(at), std::to_string(at + kLargePieceBytes - 1)});
    if (piece.text().empty() && at == 0) {
      if (source.call({"EXISTS", key}).integer() == 0) return LargeRead::gone;
      form.onString("");
      return LargeRead::complete;
    }
    if (!piece.text().empty()) form.appendText(piece.text());
    if (static_cast<std::int64_t>(piece.text().size()) < kLargePieceBytes) return LargeRead::complete;
  }
}

/// Length and both ends.
std::array<std::string, 3> endsOf(Connection& source, const std::string& key) {
  return {source.call({"LLEN", key}).describe(), source.call({"LINDEX", key, "0"}).text(),
          source.call({"LINDEX", key, "-1"}).text()};
}

LargeRead readList(Connection& source, const std::string& key, rdb::CommandForm& form) {
  const auto before = endsOf(source, key);
  for (std::int64_t at = 0;; at += kLargePieceElements) {
    const Reply piece = source.call({"LRANGE", key, std::to_string(at), std::to_string(at + kLargePieceElements - 1)});
    if (piece.elements().empty() && at == 0) return LargeRead::gone;
    for (const Reply& each : piece.elements()) form.onItem(each.text());
    if (static_cast<std::int64_t>(piece.elements().size()) < kLargePieceElements) break;
  }
  return endsOf(source, key) == before ? LargeRead::complete : LargeRead::shifted;
}

/// The deadlines of a page's fields; a server that has none knows no HPEXPIRETIME.
std::vector<std::optional<std::int64_t>> fieldDeadlines(Connection& source, const std::string& key,
                                                        const std::vector<Reply>& page) {
  std::vector<std::optional<std::int64_t>> out(page.size() / 2);
  const std::string count = std::to_string(out.size());
  std::vector<std::string_view> command = {"HPEXPIRETIME", key, "FIELDS", count};
  for (std::size_t i = 0; i + 1 < page.size(); i += 2) command.emplace_back(page[i].text());
  const Reply reply = source.ask(command, source.answerDeadline());
  for (std::size_t i = 0; i < out.size() && i < reply.elements().size(); ++i)
    if (const auto deadline = reply.at(i).integer(); deadline && *deadline >= 0) out[i] = deadline;
  return out;
}

void takePage(Connection& source, const std::string& key, const std::string& type, const std::vector<Reply>& page,
              rdb::CommandForm& form) {
  if (type == "set") {
    for (const Reply& each : page) form.onMember(each.text());
    return;
  }
  if (type == "zset") {
    for (std::size_t i = 0; i + 1 < page.size(); i += 2)
      form.onScore(page[i].text(), std::strtod(page[i + 1].text().c_str(), nullptr));
    return;
  }
  const auto deadlines = fieldDeadlines(source, key, page);
  for (std::size_t i = 0; i + 1 < page.size(); i += 2)
    form.onField(page[i].text(), page[i + 1].text(), deadlines[i / 2]);
}

LargeRead readByScan(Connection& source, const std::string& key, const std::string& type, rdb::CommandForm& form) {
  const std::string_view scan = type == "set" ? "SSCAN" : type == "zset" ? "ZSCAN" : "HSCAN";
  std::string cursor = "0";
  bool any = false;
  do {
    const Reply page = source.call({scan, key, cursor, "COUNT", kPiece});
    cursor = page.at(0).text();
    const std::vector<Reply>& found = page.at(1).elements();
    if (found.empty()) continue;
    any = true;
    takePage(source, key, type, found, form);
  } while (cursor != "0" && !cursor.empty());
  return any ? LargeRead::complete : LargeRead::gone;
}

// --- streams -------------------------------------------------------------------------------------------------------

bool readEntries(Connection& source, const std::string& key, rdb::CommandForm& form, rdb::StreamInfo& info) {
  std::string from = "-";
  while (true) {
    const Reply page = source.call({"XRANGE", key, from, "+", "COUNT", kPiece});
    for (const Reply& entry : page.elements()) {
      std::vector<std::string_view> fields;
      for (const Reply& field : entry.at(1).elements()) fields.emplace_back(field.text());
      const rdb::StreamId id = idOf(entry.at(0).text());
      if (info.length++ == 0) info.firstId = id;
      form.onStreamEntry(id, fields);
    }
    if (static_cast<std::int64_t>(page.elements().size()) < kLargePieceElements) return info.length > 0;
    from = behind(page.elements().back().at(0).text());
  }
}

void readPending(Connection& source, const std::string& key, const std::string& group, const std::string& consumer,
                 rdb::CommandForm& form) {
  std::string from = "-";
  while (true) {
    const Reply page = source.call({"XPENDING", key, group, from, "+", kPiece, consumer});
    for (const Reply& each : page.elements()) {
      const auto deliveries = static_cast<std::uint64_t>(each.at(3).integer().value_or(1));
      form.onPending({idOf(each.at(0).text()), nowMillis() - each.at(2).integer().value_or(0), deliveries}, true);
    }
    if (static_cast<std::int64_t>(page.elements().size()) < kLargePieceElements) return;
    from = behind(page.elements().back().at(0).text());
  }
}

void readGroups(Connection& source, const std::string& key, rdb::CommandForm& form) {
  const Reply groups = source.call({"XINFO", "GROUPS", key});
  for (const Reply& group : groups.elements()) {
    const std::string& name = group.find("name").text();
    rdb::StreamGroup out{name, idOf(group.find("last-delivered-id").text()), {}};
    // Servers before 7.0 have no such member; a null is "not known".
    const auto& members = group.elements();
    const bool counts = std::ranges::any_of(members, [](const Reply& each) { return each.is("entries-read"); });
    if (counts) out.entriesRead = group.find("entries-read").integer().value_or(-1);
    form.onGroup(out);
    const Reply consumers = source.call({"XINFO", "CONSUMERS", key, name});
    for (const Reply& consumer : consumers.elements()) {
      const std::int64_t seen = nowMillis() - consumer.find("idle").integer().value_or(0);
      const std::string& who = consumer.find("name").text();
      form.onConsumer({who, seen, seen});
      if (consumer.find("pending").integer().value_or(0) > 0) readPending(source, key, name, who, form);
    }
  }
}

LargeRead readStream(Connection& source, const std::string& key, rdb::CommandForm& form) {
  const Reply about = source.ask({"XINFO", "STREAM", key});
  if (about.isError()) {
    if (source.call({"EXISTS", key}).integer() == 0) return LargeRead::gone;
    throw errorOf(about, source.options(), "XINFO STREAM");
  }
  rdb::StreamInfo info;
  (void)readEntries(source, key, form, info);
  // Behind the entries: none of those given may be newer than it.
  const Reply now = source.call({"XINFO", "STREAM", key});
  info.lastId = idOf(now.find("last-generated-id").text());
  info.maxDeletedId = idOf(now.find("max-deleted-entry-id").text());
  info.added =
      static_cast<std::uint64_t>(now.find("entries-added").integer().value_or(static_cast<std::int64_t>(info.length)));
  info.added = std::max(info.added, info.length);
  form.onStream(info);
  readGroups(source, key, form);
  return LargeRead::complete;
}

}  // namespace

LargeRead readInPieces(Connection& source, const std::string& key, const std::string& type, rdb::CommandForm& form) {
  if (type == "none") return LargeRead::gone;
  if (type == "string") return readString(source, key, form);
  if (type == "list") return readList(source, key, form);
  if (type == "set" || type == "zset" || type == "hash") return readByScan(source, key, type, form);
  if (type == "stream") return readStream(source, key, form);
  throw Error(Msg::logUnsupported,
              {"a value of the type " + type, "Values of modules are read by DUMP alone; leave such keys out"},
              Origin::source);
}

}  // namespace drs::redis
