#include "engine/redis/server_writer.h"

#include "base/failpoint.h"
#include "engine/redis/slot_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace drs::redis {
namespace {

constexpr std::size_t kAnswerReadBytes = std::size_t{64} << 10U;
constexpr std::chrono::milliseconds kAnswerPatience{200};  ///< between two looks at the stop token
constexpr std::chrono::seconds kStopGrace{3};
constexpr int kClaims = 100;  ///< others that may take the lane over while we do

constexpr std::string_view kOk = "+OK\r\n", kNull = "$-1\r\n";

/// A text as servers send it.
std::string bulk(const std::string& text) {
  return fmt::format("${}\r\n{}\r\n", text.size(), text);
}

/// A batch that is on its way is not given up at once when a stop is asked for: what became of it would be unknown.
bool isOver(net::Deadline deadline, std::optional<net::Deadline>& last, const std::stop_token& stop) {
  if (stop.stop_requested() && !last) last = net::after(kStopGrace);
  const auto now = std::chrono::steady_clock::now();
  return now > deadline || (last && now > *last);
}

}  // namespace

ServerWriter::ServerWriter(Options options) : TargetWriter(std::move(options)), keys_(options_.jobId, options_.lane) {}

std::unique_ptr<TargetWriter> ServerWriter::takeOver(Options options, const std::stop_token& stop) {
  std::unique_ptr<ServerWriter> writer(new ServerWriter(std::move(options)));
  writer->stream_ = Connection::open(writer->options_.target)->release(writer->rest_);
  writer->claim(stop);
  writer->findMark(stop);
  return writer;
}

void ServerWriter::claim(const std::stop_token& stop) {
  const std::uint32_t home = options_.databases.front();
  const std::string ours = toText(options_.fence);
  for (int i = 0; i < kClaims; ++i) {
    resp::Encoder look;
    look.command({"WATCH", keys_.owner});
    look.command({"GET", keys_.owner});
    const auto found = ask(0, home, look.bytes(), 2, stop);
    for (const resp::Reply& reply : found)
      if (reply.isError()) throw errorOf(reply, options_.target, "WATCH");
    const auto other = parseFence(found[1].text());
    if (!found[1].isNull() && (!other || isNewer(*other, options_.fence)))
      throw Error(Msg::fenced, {"the lane at " + options_.target.address.text()}, Origin::target);
    resp::Encoder take;
    take.command({"MULTI"});
    take.command({"SET", keys_.owner, ours});
    take.command({"EXEC"});
    const auto taken = ask(0, home, take.bytes(), 3, stop);
    for (const resp::Reply& reply : taken)
      if (reply.isError()) throw errorOf(reply, options_.target, "SET");
    if (!taken[2].isNull()) return;
  }
  throw Error(Msg::redisNotReady,
              {options_.target.address.text(), "a writer", "others take the lane over all the time"}, Origin::target);
}

void ServerWriter::findMark(const std::stop_token& stop) {
  resp::Encoder look;
  for (const std::uint32_t db : options_.databases) {
    if (options_.databases.size() > 1) look.command({"SELECT", std::to_string(db)});
    look.command({"GET", keys_.mark});
  }
  const std::size_t each = options_.databases.size() > 1 ? 2 : 1;
  const auto replies = ask(0, options_.databases.front(), look.bytes(), options_.databases.size() * each, stop);
  selected_ = options_.databases.back();
  newest_ = {options_.databases.front(), {}};
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const resp::Reply& reply = replies[i];
    const bool isSelect = each == 2 && i % 2 == 0;
    if (reply.isError()) throw errorOf(reply, options_.target, isSelect ? "SELECT" : "GET");
    if (isSelect || reply.isNull()) continue;
    const std::uint32_t db = options_.databases[i / each];
    if (!found_ && db == newest_->db) newest_->text = reply.text();
    const auto mark = parseMark(reply.text());
    if (!mark)
      throw Error(Msg::redisRefused, {options_.target.address.text(), "GET", "the key " + keys_.mark + " is no mark"},
                  Origin::target);
    if (mark->plan != options_.fence.plan || (found_ && mark->sequence <= found_->sequence)) continue;
    found_ = mark;
    newest_ = {db, reply.text()};
  }
  if (!found_) return;
  sequence_ = found_->sequence;
  done_ = *found_;
}

/// FLUSHDB takes the owner along, which is named anew behind it.
void ServerWriter::removeAll(std::uint32_t db, const std::function<bool(std::string_view key)>& /*covers*/,
                             LaneMark mark, const CommandPlace& place, const std::stop_token& stop) {
  if (next_.db != db && !isEmpty()) commit(mark, stop);
  select(db);
  next_.commands.command({"FLUSHDB"});
  added(place);
  if (db != options_.databases.front()) return;
  next_.commands.command({"SET", keys_.owner, toText(options_.fence)});
  added({0, "set"});
}

void ServerWriter::send(std::string_view bytes, const std::stop_token& stop) {
  const net::Deadline deadline = net::after(answerTimeout_);
  std::optional<net::Deadline> last;
  while (!bytes.empty()) {
    bytes.remove_prefix(stream_->tryWrite(bytes));
    if (bytes.empty()) return;
    // A server that answers while it reads must not wait for us to take the answers.
    const auto ready = stream_->wait({true, true}, net::after(kAnswerPatience));
    if (ready.readable) receive();
    if (isOver(deadline, last, stop))
      throw Error(Msg::connectionLost, {options_.target.address.text(), "it takes no more bytes"}, Origin::target);
  }
}

/// Reads what is there, without waiting.
void ServerWriter::receive() {
  if (taken_ == rest_.size()) {
    rest_.clear();
    taken_ = 0;
  }
  for (;;) {
    const std::size_t at = rest_.size();
    rest_.resize(at + kAnswerReadBytes);
    const auto got = stream_->tryRead(rest_.data() + at, kAnswerReadBytes);
    rest_.resize(at + got.value_or(0));
    if (got && *got == 0)
      throw Error(Msg::connectionLost, {options_.target.address.text(), "it closed the connection"}, Origin::target);
    if (!got || *got < kAnswerReadBytes) return;
  }
}

/// Takes replies until `count` have come; `problems_` says what was wrong with them, `text` gets their bytes.
void ServerWriter::takeReplies(std::uint64_t count, std::string* text, const std::stop_token& stop) {
  problems_.clear();
  scanner_.reset();
  const net::Deadline deadline = net::after(answerTimeout_);
  std::optional<net::Deadline> last;
  while (count > 0) {
    const std::string_view there = std::string_view(rest_).substr(taken_);
    if (!there.empty()) {
      const auto progress = scanner_.feed(there, problems_, count);
      if (text != nullptr) text->append(there.substr(0, progress.bytes));
      taken_ += progress.bytes;
      count -= progress.replies;
      continue;
    }
    receive();
    if (taken_ < rest_.size()) continue;
    (void)stream_->wait({true, false}, net::after(kAnswerPatience));
    if (isOver(deadline, last, stop))
      throw Error(Msg::connectionLost, {options_.target.address.text(), "no answer in time"}, Origin::target);
  }
}

std::vector<resp::Reply> ServerWriter::ask(std::size_t /*server*/, std::uint32_t db, std::string_view commands,
                                           std::size_t count, const std::stop_token& stop) {
  drain(stop);
  head_.clear();
  const bool selects = selected_ != db;
  if (selects) head_.command({"SELECT", std::to_string(db)});
  send(head_.bytes(), stop);
  send(commands, stop);
  std::string text;
  takeReplies(count + (selects ? 1 : 0), &text, stop);
  resp::ReplyReader reader;
  reader.append(text);
  std::vector<resp::Reply> out;
  while (auto reply = reader.next()) out.push_back(std::move(*reply));
  if (selects) {
    if (out.front().isError()) throw errorOf(out.front(), options_.target, "SELECT");
    selected_ = db;
    out.erase(out.begin());
  }
  return out;
}

/// Everything but EXEC. Returns the replies that come before those of the commands; heads_ says what they must be.
std::size_t ServerWriter::sendBatch(const Batch& batch, const std::stop_token& stop) {
  head_.clear();
  heads_.clear();
  std::size_t heads = 0;
  const auto enter = [&](std::uint32_t db) {
    if (selected_ == db) return;
    head_.command({"SELECT", std::to_string(db)});
    heads_ += kOk;
    selected_ = db;
    ++heads;
  };
  enter(options_.databases.front());
  head_.command({"WATCH", keys_.owner});
  head_.command({"GET", keys_.owner});
  heads_ += kOk;
  heads_ += bulk(toText(options_.fence));
  if (newest_) {
    enter(newest_->db);
    head_.command({"GET", keys_.mark});
    heads_ += newest_->text.empty() ? kNull : bulk(newest_->text);
    ++heads;
  }
  enter(batch.db);
  head_.command({"MULTI"});
  heads_ += kOk;
  heads += 3;
  send(head_.bytes(), stop);
  send(batch.commands.bytes(), stop);
  head_.clear();
  head_.command({"SET", keys_.mark, toText(batch.mark)});
  send(head_.bytes(), stop);
  return heads;
}

/// Takes the replies up to the last "+QUEUED"; if anything is wrong the transaction is dropped.
void ServerWriter::queue(const Batch& batch, std::size_t heads, const std::stop_token& stop) {
  std::string text;
  takeReplies(heads, &text, stop);
  const auto headProblems = problems_;
  takeReplies(batch.places.size() + 1, nullptr, stop);
  if (headProblems.empty() && problems_.empty() && text == heads_) return;
  const auto problems = problems_;
  discard(stop);
  if (!headProblems.empty()) refuse(headProblems.front(), "MULTI", 0);
  if (text != heads_ && text.find(bulk(toText(options_.fence))) == std::string::npos)
    throw Error(Msg::fenced, {"the lane at " + options_.target.address.text()}, Origin::target);
  if (text != heads_)
    throw Error(Msg::redisNotReady,
                {options_.target.address.text(), "the stream",
                 "its data is not what the last batch has left there, but older: it was restored, or has lost what it "
                 "had acknowledged. The task goes on from the mark that is there"},
                Origin::target);
  const std::size_t at = problems.front().index;
  if (at >= batch.places.size()) refuse(problems.front(), "SET", 0);
  refuse(problems.front(), batch.places[at].name, batch.places[at].offset);
}

void ServerWriter::refuse(const resp::ReplyProblem& problem, std::string_view command, std::uint64_t offset) const {
  const std::string where =
      offset == 0 ? std::string(command) : fmt::format("{} (offset {} of the source's stream)", command, offset);
  throw errorOf(resp::Reply(resp::Reply::Kind::error, problem.text), options_.target, where);
}

void ServerWriter::discard(const std::stop_token& stop) {
  head_.clear();
  head_.command({"DISCARD"});
  send(head_.bytes(), stop);
  takeReplies(1, nullptr, stop);
}

void ServerWriter::exec(const Batch& batch, const std::stop_token& stop) {
  failpoint("redis.before_exec");
  head_.clear();
  head_.command({"EXEC"});
  send(head_.bytes(), stop);
  failpoint("redis.after_exec");
  inFlight_ = true;
  newest_ = {batch.db, toText(batch.mark)};
}

/// The reply to the EXEC that is on its way.
void ServerWriter::settle(const std::stop_token& stop) {
  if (!inFlight_) return;
  takeReplies(1, nullptr, stop);
  inFlight_ = false;
  if (problems_.empty()) {
    done_ = sent_.mark;
    sent_.clear();
    return;
  }
  if (problems_.front().kind == resp::ReplyProblem::Kind::nullArray)
    throw Error(Msg::fenced, {"the lane at " + options_.target.address.text()}, Origin::target);
  if (problems_.front().kind == resp::ReplyProblem::Kind::error) refuse(problems_.front(), "EXEC", 0);
}

/// The target did a batch but for some of its commands: nobody can tell what that makes of those behind, so this is for
/// good. `queued`: replies of the next batch that are still to come.
void ServerWriter::refusedWithin(const Batch& batch, std::size_t queued, const std::stop_token& stop) {
  const resp::ReplyProblem problem = problems_.front();
  if (queued > 0) {
    takeReplies(queued, nullptr, stop);
    discard(stop);
  }
  const CommandPlace place = problem.position < batch.places.size() ? batch.places[problem.position] : CommandPlace();
  Batch note;
  note.db = batch.db;
  note.mark = batch.mark;
  note.mark.sequence = ++sequence_;
  note.mark.failure = fmt::format("{} at offset {}: {}", place.name.empty() ? "a command of the snapshot" : place.name,
                                  place.offset, withoutArguments(problem.text));
  newest_.reset();  // a target that takes a failed transaction back has the mark before
  const std::size_t heads = sendBatch(note, stop);
  queue(note, heads, stop);
  exec(note, stop);
  takeReplies(1, nullptr, stop);
  inFlight_ = false;
  if (!problems_.empty()) throw Error(Msg::fenced, {"the lane at " + options_.target.address.text()}, Origin::target);
  throw Error(Msg::redisDiverged, {options_.target.address.text(), note.mark.failure}, Origin::target);
}

void ServerWriter::commit(LaneMark mark, const std::stop_token& stop) {
  mark.plan = options_.fence.plan;
  mark.sequence = ++sequence_;
  mark.verified = done_.offset;
  next_.mark = std::move(mark);
  const std::size_t heads = sendBatch(next_, stop);
  if (inFlight_) {
    settle(stop);
    if (!problems_.empty()) refusedWithin(sent_, heads + next_.places.size() + 1, stop);
  }
  queue(next_, heads, stop);
  exec(next_, stop);
  std::swap(next_, sent_);
  next_.clear();
  next_.db = sent_.db;
}

void ServerWriter::drain(const std::stop_token& stop) {
  if (!inFlight_) return;
  settle(stop);
  if (!problems_.empty()) refusedWithin(sent_, 0, stop);
}

void ServerWriter::verify(const std::stop_token& stop) {
  drain(stop);
  if (done_.sequence == 0 || done_.verified == done_.offset) return;
  commit(done_, stop);
  drain(stop);
}

}  // namespace drs::redis
