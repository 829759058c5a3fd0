#include "wire/resp/command_table.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace drs::resp {
namespace {

constexpr std::size_t kLongestName = 24;

constexpr CommandInfo plain(std::string_view name, CommandKind kind) {
  return {name, kind, KeyForm::none, 0, 0, 0, 0, RepeatRule::never};
}
constexpr CommandInfo keys(std::string_view name, std::int16_t first, std::int16_t last, std::int16_t step,
                           RepeatRule repeat = RepeatRule::never, CommandKind kind = CommandKind::data) {
  return {name, kind, KeyForm::range, first, last, step, 0, repeat};
}
/// The usual case: the first argument is the key.
constexpr CommandInfo key(std::string_view name, RepeatRule repeat = RepeatRule::never) {
  return keys(name, 1, 1, 1, repeat);
}
/// The count at `counter`, the keys from the argument behind it on; `also`: one more key in front, 0 = none.
constexpr CommandInfo counted(std::string_view name, std::int16_t counter, std::int16_t also = 0, std::int16_t step = 1,
                              CommandKind kind = CommandKind::data) {
  return {name, kind, KeyForm::counted, also, static_cast<std::int16_t>(counter + 1), step, counter, RepeatRule::never};
}
constexpr CommandInfo formed(std::string_view name, KeyForm form, std::int16_t first, std::int16_t searchFrom = 0) {
  return {name, CommandKind::data, form, first, searchFrom, 1, 0, RepeatRule::never};
}

using Kind = CommandKind;
using Rule = RepeatRule;

/// By group, as the servers' manuals have them. In brackets: since when, if not since Redis 7.0.
constexpr std::array kCommands{
    // keys
    key("persist", Rule::always), key("expire"), key("expireat"), key("pexpire"), key("pexpireat"),
    keys("del", 1, -1, 1, Rule::always), keys("unlink", 1, -1, 1, Rule::always), keys("rename", 1, 2, 1),
    keys("renamenx", 1, 2, 1), keys("copy", 1, 2, 1), keys("copy|db", 1, 2, 1, Rule::never, Kind::otherDb),
    keys("move", 1, 1, 1, Rule::never, Kind::otherDb), key("restore", Rule::restore),
    keys("restore-asking", 1, 1, 1, Rule::never, Kind::migration), formed("sort", KeyForm::sort, 1, 2),
    formed("migrate", KeyForm::migrate, 3),
    key("delifeq"),  // Valkey 9.0
    key("delex"),    // Redis 8.4
    // strings
    key("set", Rule::set), key("setex"), key("psetex"), key("setnx"), key("getset"), key("getdel"), key("getex"),
    key("append"), key("incr"), key("decr"), key("incrby"), key("decrby"), key("incrbyfloat"), key("setrange"),
    key("setbit", Rule::always), key("bitfield"), keys("bitop", 2, -1, 1), keys("mset", 1, -1, 2, Rule::always),
    keys("msetnx", 1, -1, 2), counted("msetex", 1, 0, 2),  // Redis 8.4, Valkey 9.1
    // lists
    key("lpush"), key("rpush"), key("lpushx"), key("rpushx"), key("linsert"), key("lpop"), key("rpop"), key("lrem"),
    key("lset"), key("ltrim"), keys("rpoplpush", 1, 2, 1), keys("lmove", 1, 2, 1), keys("blmove", 1, 2, 1),
    keys("brpoplpush", 1, 2, 1), keys("blpop", 1, -2, 1), keys("brpop", 1, -2, 1), counted("lmpop", 1),
    counted("blmpop", 2),
    // sets
    key("sadd", Rule::always), key("srem", Rule::always), key("spop"), keys("smove", 1, 2, 1),
    keys("sinterstore", 1, -1, 1), keys("sunionstore", 1, -1, 1), keys("sdiffstore", 1, -1, 1),
    // sorted sets
    key("zadd", Rule::zadd), key("zrem", Rule::always), key("zincrby"), key("zpopmin"), key("zpopmax"),
    keys("bzpopmin", 1, -2, 1), keys("bzpopmax", 1, -2, 1), counted("zmpop", 1), counted("bzmpop", 2),
    key("zremrangebyrank"), key("zremrangebyscore"), key("zremrangebylex"), keys("zrangestore", 1, 2, 1),
    counted("zunionstore", 2, 1), counted("zinterstore", 2, 1), counted("zdiffstore", 2, 1),
    key("geoadd", Rule::geoadd), keys("geosearchstore", 1, 2, 1), formed("georadius", KeyForm::store, 1, 6),
    formed("georadiusbymember", KeyForm::store, 1, 5),
    // hashes
    key("hset", Rule::always), key("hmset", Rule::always), key("hsetnx"), key("hdel", Rule::always), key("hincrby"),
    key("hincrbyfloat"),
    key("hexpire"),  // Redis 7.4, Valkey 9.0, as those that follow
    key("hexpireat"), key("hpexpire"), key("hpexpireat"), key("hpersist"),
    key("hgetdel"),  // Redis 8.0, Valkey 9.0
    key("hgetex"), key("hsetex"),
    // HyperLogLog. PFCOUNT writes the count that it has worked out into the key, and is replicated.
    key("pfadd", Rule::always), key("pfcount"), keys("pfmerge", 1, -1, 1), keys("pfdebug", 2, 2, 1),
    // streams
    key("xadd", Rule::xadd), key("xdel", Rule::always), key("xtrim"), key("xsetid"), key("xack"), key("xclaim"),
    key("xautoclaim"), keys("xgroup", 2, 2, 1), formed("xreadgroup", KeyForm::streams, 1),
    key("xdelex"),   // Redis 8.2
    key("xackdel"),  // Redis 8.2
    key("xcfgset"),  // Redis 8.6
    // vector sets (Redis 8.0)
    key("vadd"), key("vrem"), key("vsetattr"),
    // the modules that come with Redis 8
    key("json.set"), key("json.del"), key("json.forget"), key("json.merge"), key("json.clear"), key("json.toggle"),
    key("json.numincrby"), key("json.nummultby"), key("json.strappend"), key("json.arrappend"), key("json.arrinsert"),
    key("json.arrpop"), key("json.arrtrim"), keys("json.mset", 1, -1, 3), key("bf.add"), key("bf.madd"),
    key("bf.insert"), key("bf.reserve"), key("bf.loadchunk"),
    key("bf.load"),  // valkey-bloom
    key("cf.add"), key("cf.addnx"), key("cf.insert"), key("cf.insertnx"), key("cf.del"), key("cf.reserve"),
    key("cf.loadchunk"), key("cms.initbydim"), key("cms.initbyprob"), key("cms.incrby"), counted("cms.merge", 2, 1),
    key("topk.reserve"), key("topk.add"), key("topk.incrby"), key("tdigest.create"), key("tdigest.add"),
    key("tdigest.reset"), counted("tdigest.merge", 2, 1), key("ts.create"), key("ts.alter"), key("ts.add"),
    keys("ts.madd", 1, -1, 3), key("ts.incrby"), key("ts.decrby"), key("ts.del"), keys("ts.createrule", 1, 2, 1),
    keys("ts.deleterule", 1, 2, 1),
    // connection and transactions
    plain("select", Kind::select), plain("multi", Kind::multi), plain("exec", Kind::exec),
    // whole databases
    plain("flushall", Kind::flush), plain("flushdb", Kind::flush), plain("swapdb", Kind::flush),
    // slots on the move
    plain("cluster|setslot", Kind::migration),    // Valkey 8.0
    plain("cluster|syncslots", Kind::migration),  // Valkey 9.0
    plain("cluster|flushslot", Kind::migration),  // Valkey 9.0
    plain("trimslots", Kind::migration),          // Redis 8.4
    // code
    counted("eval", 2, 0, 1, Kind::script), counted("evalsha", 2, 0, 1, Kind::script),
    counted("fcall", 2, 0, 1, Kind::script), plain("function", Kind::function), plain("script", Kind::function),
    // messages
    plain("publish", Kind::publish), plain("spublish", Kind::publish),
    // between servers
    plain("ping", Kind::control), plain("replconf", Kind::control), plain("rreplay", Kind::wrapper),  // KeyDB
};

constexpr CommandInfo kUnknown{};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equals(std::string_view lowerName, std::string_view text) {
  if (lowerName.size() != text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (lower(text[i]) != lowerName[i]) return false;
  return true;
}

/// Open addressing over the table, at most a third full.
class Index {
 public:
  Index() {
    for (std::size_t i = 0; i < kCommands.size(); ++i) {
      std::size_t at = hash(kCommands.at(i).name);
      while (places_.at(at) != 0) at = (at + 1) % kPlaces;
      places_.at(at) = static_cast<std::uint8_t>(i + 1);
    }
  }

  [[nodiscard]] const CommandInfo& find(std::string_view name) const {
    if (name.size() > kLongestName) return kUnknown;
    for (std::size_t at = hash(name); places_[at] != 0; at = (at + 1) % kPlaces) {
      const CommandInfo& entry = kCommands[places_[at] - 1U];
      if (equals(entry.name, name)) return entry;
    }
    return kUnknown;
  }

 private:
  static constexpr std::size_t kPlaces = 1024;
  static_assert(kCommands.size() < 255 && kCommands.size() * 3 < kPlaces);

  /// FNV-1a of the lower-case name.
  static std::size_t hash(std::string_view name) {
    std::uint32_t value = 2166136261U;
    for (const char c : name) value = (value ^ static_cast<unsigned char>(lower(c))) * 16777619U;
    return (value ^ value >> 15U) % kPlaces;
  }

  std::array<std::uint8_t, kPlaces> places_{};
};

const Index& index() {
  static const Index kIndex;
  return kIndex;
}

/// The entries that hang on a subcommand.
const CommandInfo& findSubcommand(std::string_view command, std::string_view subcommand) {
  std::array<char, kLongestName> text{};
  const std::size_t size = command.size() + 1 + subcommand.size();
  if (size > text.size()) return kUnknown;
  auto* end = std::copy(command.begin(), command.end(), text.begin());
  *end++ = '|';
  std::copy(subcommand.begin(), subcommand.end(), end);
  return index().find({text.data(), size});
}

/// COPY source destination [DB n] [REPLACE]
bool namesDatabase(Arguments arguments) {
  for (std::size_t i = 3; i < arguments.size(); ++i)
    if (equals("db", arguments[i])) return true;
  return false;
}

}  // namespace

const CommandInfo& findCommand(Arguments arguments) noexcept {
  if (arguments.empty()) return kUnknown;
  const std::string_view name = arguments[0];
  if (name.find('|') != std::string_view::npos) return kUnknown;
  if (arguments.size() > 1 && equals("cluster", name)) return findSubcommand(name, arguments[1]);
  const CommandInfo& found = index().find(name);
  if (found.name == "copy" && namesDatabase(arguments)) return findSubcommand(name, "db");
  return found;
}

std::span<const CommandInfo> allCommands() noexcept {
  return kCommands;
}

}  // namespace drs::resp
