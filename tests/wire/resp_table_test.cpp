#include "wire/resp/command_table.h"
#include "wire/resp/encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace drs::resp {
namespace {

/// A command written with spaces; `""` is an empty argument.
class Command {
 public:
  explicit Command(const std::string& text) {
    std::istringstream in(text);
    for (std::string word; in >> word;) words_.push_back(word == "\"\"" ? "" : word);
    views_.assign(words_.begin(), words_.end());
  }
  [[nodiscard]] const CommandInfo& info() const { return findCommand(views_); }
  [[nodiscard]] bool repeatable() const { return isRepeatable(info(), views_); }
  /// "k1 k2", or "?k1" if it may touch others, or "malformed".
  [[nodiscard]] std::string keys() const {
    std::vector<std::uint32_t> found{99};
    const KeysFound result = keysOf(info(), views_, found);
    if (result == KeysFound::malformed) return found.empty() ? "malformed" : "not emptied";
    std::string text = result == KeysFound::declared ? "?" : "";
    for (const std::uint32_t index : found) text += (text.empty() || text == "?" ? "" : " ") + words_.at(index);
    return text;
  }

 private:
  std::vector<std::string> words_;
  std::vector<std::string_view> views_;
};

CommandKind kindOf(const std::string& text) {
  return Command(text).info().kind;
}

TEST(RespCommandTable, FindsNamesInAnyCase) {
  EXPECT_EQ(kindOf("SET k v"), CommandKind::data);
  EXPECT_EQ(kindOf("sEt k v"), CommandKind::data);
  EXPECT_EQ(kindOf("Cluster SyncSlots ACK"), CommandKind::migration);
  EXPECT_EQ(kindOf("json.SET k $ 1"), CommandKind::data);
  for (const CommandInfo& entry : allCommands()) {
    std::string text(entry.name == "copy|db" ? "copy a b db 1" : entry.name);
    std::ranges::replace(text, '|', ' ');
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    EXPECT_EQ(&Command(text).info(), &entry) << text;
  }
}

TEST(RespCommandTable, HasEveryNameOnce) {
  std::set<std::string_view> names;
  for (const CommandInfo& entry : allCommands()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_NE(entry.kind, CommandKind::unknown);
  }
}

TEST(RespCommandTable, ReportsWhatItDoesNotHaveAsUnknown) {
  for (const char* text : {"GET k", "SETT k v", "SE k v", "cluster|syncslots x", "CLUSTER MEET a b", "CLUSTER",
                           "DEBUG RELOAD", "a-name-that-is-longer-than-any-command-there-is k", "\"\""}) {
    EXPECT_EQ(kindOf(text), CommandKind::unknown) << text;
    EXPECT_EQ(Command(text).keys(), "malformed") << text;
    EXPECT_FALSE(Command(text).repeatable()) << text;
  }
  EXPECT_EQ(findCommand({}).kind, CommandKind::unknown);
}

TEST(RespCommandTable, TellsKindsApart) {
  EXPECT_EQ(kindOf("SELECT 3"), CommandKind::select);
  EXPECT_EQ(kindOf("multi"), CommandKind::multi);
  EXPECT_EQ(kindOf("exec"), CommandKind::exec);
  EXPECT_EQ(kindOf("FLUSHALL"), CommandKind::flush);
  EXPECT_EQ(kindOf("SWAPDB 0 1"), CommandKind::flush);
  EXPECT_EQ(kindOf("MOVE k 1"), CommandKind::otherDb);
  EXPECT_EQ(kindOf("COPY a b"), CommandKind::data);
  EXPECT_EQ(kindOf("COPY a b REPLACE"), CommandKind::data);
  EXPECT_EQ(kindOf("COPY a b DB 2"), CommandKind::otherDb);
  EXPECT_EQ(kindOf("RESTORE-ASKING k 0 x"), CommandKind::migration);
  EXPECT_EQ(kindOf("TRIMSLOTS RANGES 1 0 5"), CommandKind::migration);
  EXPECT_EQ(kindOf("EVALSHA x 0"), CommandKind::script);
  EXPECT_EQ(kindOf("FCALL f 0"), CommandKind::script);
  EXPECT_EQ(kindOf("FUNCTION LOAD x"), CommandKind::function);
  EXPECT_EQ(kindOf("SCRIPT LOAD x"), CommandKind::function);
  EXPECT_EQ(kindOf("PUBLISH c m"), CommandKind::publish);
  EXPECT_EQ(kindOf("PING"), CommandKind::control);
  EXPECT_EQ(kindOf("REPLCONF GETACK *"), CommandKind::control);
  EXPECT_EQ(kindOf("RREPLAY uuid x"), CommandKind::wrapper);
}

TEST(RespCommandTable, FindsKeys) {
  const std::vector<std::pair<const char*, const char*>> expected{
      {"SET k v", "k"},
      {"SET", "malformed"},
      {"DEL a b c", "a b c"},
      {"DEL", "malformed"},
      {"MSET a 1 b 2", "a b"},
      {"MSET a 1 b", "malformed"},
      {"MSETEX 2 a 1 b 2 PXAT 5", "a b"},
      {"MSETEX 3 a 1 b 2", "malformed"},
      {"BITOP AND d a b", "d a b"},
      {"RENAME a b", "a b"},
      {"RENAME a", "malformed"},
      {"BLPOP a b 0", "a b"},
      {"ZUNIONSTORE d 2 a b WEIGHTS 1 2", "d a b"},
      {"ZUNIONSTORE d 3 a b", "malformed"},
      {"ZUNIONSTORE d 0 a b", "malformed"},
      {"ZUNIONSTORE d x a b", "malformed"},
      {"ZUNIONSTORE d -1 a b", "malformed"},
      {"ZUNIONSTORE d 9223372036854775807 a b", "malformed"},
      {"LMPOP 2 a b LEFT", "a b"},
      {"BZMPOP 0 1 a MIN", "a"},
      {"EVAL script 2 a b x", "?a b"},
      {"EVAL script 0 x", "?"},
      {"EVAL script -1 x", "malformed"},
      {"SORT l", "l"},
      {"SORT l LIMIT 0 5 ALPHA STORE d", "l d"},
      {"SORT l STORE x STORE d", "l d"},
      {"SORT l BY store STORE d", "?l d"},
      {"SORT l GET # STORE d", "?l d"},
      {"SORT l STORE", "malformed"},
      {"GEORADIUS g 1 2 3 km STORE d", "g d"},
      {"GEORADIUS g 1 2 3 km COUNT 3 STOREDIST d ASC", "g d"},
      {"GEORADIUSBYMEMBER g store 3 km store d", "g d"},
      {"GEORADIUSBYMEMBER g store 3 km", "g"},
      {"XGROUP CREATE s g 0", "s"},
      {"XREADGROUP GROUP streams c COUNT 1 STREAMS a b 0 0", "a b"},
      {"XREADGROUP GROUP g c STREAMS a b 0", "malformed"},
      {"MIGRATE h 1 k 0 5", "k"},
      {"MIGRATE h 1 \"\" 0 5 AUTH keys KEYS a b", "a b"},
      {"MIGRATE h 1 \"\" 0 5 AUTH2 u keys COPY KEYS a b", "a b"},
      {"MIGRATE h 1 k 0 5 KEYS a b", "malformed"},
      {"JSON.MSET a $ 1 b $ 2", "a b"},
      {"TS.MADD a 1 1 b 2 2", "a b"},
      {"CMS.MERGE d 2 a b", "d a b"},
      {"TDIGEST.MERGE d 1 a OVERRIDE", "d a"},
      {"FLUSHALL", ""},
      {"PING", ""},
      {"RREPLAY u SET k v", "malformed"},
  };
  for (const auto& [command, keys] : expected) EXPECT_EQ(Command(command).keys(), keys) << command;
}

TEST(RespCommandTable, KnowsWhatMayBeAppliedAgain) {
  for (const char* yes : {"SET k v",
                          "set k v PXAT 5",
                          "SET k v KEEPTTL",
                          "SET k v XX EXAT 5",
                          "MSET a 1",
                          "HSET h f v",
                          "HMSET h f v",
                          "HDEL h f",
                          "DEL k",
                          "UNLINK a b",
                          "SADD s m",
                          "SREM s m",
                          "ZADD z 1 m",
                          "ZADD z CH 1 m 2 n",
                          "ZADD z 1 nx",
                          "GEOADD g 1 2 m",
                          "ZREM z m",
                          "PERSIST k",
                          "SETBIT k 7 1",
                          "RESTORE k 0 x REPLACE",
                          "RESTORE k 5 x REPLACE ABSTTL",
                          "RESTORE k 5 x ABSTTL REPLACE FREQ 3",
                          "XADD s 5-0 f v",
                          "XADD s MAXLEN = 3 5-0 f v",
                          "XADD s MINID 4-0 5-0 f v",
                          "XDEL s 5-0",
                          "PFADD p a"})
    EXPECT_TRUE(Command(yes).repeatable()) << yes;
  for (const char* no : {"SET k v NX",
                         "SET k v GET",
                         "SET k v EX 5",
                         "SET k v PX 5",
                         "SET k v IFEQ w",
                         "SET k v XX GET",
                         "SET k v PXAT",
                         "SET k",
                         "SETNX k v",
                         "SETEX k 5 v",
                         "APPEND k v",
                         "INCR k",
                         "GETSET k v",
                         "SETRANGE k 0 v",
                         "MSETNX a 1",
                         "MSETEX 1 a 1",
                         "BITFIELD k INCRBY u8 0 1",
                         "HSETNX h f v",
                         "HINCRBY h f 1",
                         "HPEXPIREAT h 5 FIELDS 1 f",
                         "HSETEX h FIELDS 1 f v",
                         "ZADD z NX 1 m",
                         "ZADD z XX 1 m",
                         "ZADD z GT 1 m",
                         "ZADD z CH LT 1 m",
                         "ZADD z INCR 1 m",
                         "ZADD z CH",
                         "ZADD z 1",
                         "GEOADD g NX 1 2 m",
                         "GEOADD g 1 2",
                         "ZINCRBY z 1 m",
                         "ZPOPMIN z",
                         "ZREMRANGEBYRANK z 0 1",
                         "ZREMRANGEBYSCORE z 0 1",
                         "PEXPIREAT k 5",
                         "PEXPIREAT k 5 GT",
                         "EXPIRE k 5",
                         "RESTORE k 0 x",
                         "RESTORE k 5 x REPLACE",
                         "RESTORE k 5 x ABSTTL",
                         "RESTORE k 0 x REPLACE WHAT",
                         "RESTORE-ASKING k 0 x REPLACE",
                         "XADD s * f v",
                         "XADD s 5-* f v",
                         "XADD s 5 f v",
                         "XADD s NOMKSTREAM 5-0 f v",
                         "XADD s MAXLEN ~ 3 5-0 f v",
                         "XADD s 5-0 f",
                         "XADD s 5-0",
                         "XADD s MAXLEN",
                         "XTRIM s MAXLEN 3",
                         "XSETID s 5-0",
                         "LPUSH l a",
                         "LTRIM l 1 -1",
                         "LREM l 0 a",
                         "LSET l 0 a",
                         "LINSERT l BEFORE a b",
                         "RPOP l",
                         "SPOP s",
                         "SMOVE a b m",
                         "RENAME a b",
                         "COPY a b",
                         "SUNIONSTORE d a",
                         "ZRANGESTORE d a 0 1",
                         "PFMERGE d a",
                         "PFCOUNT a",
                         "SORT l STORE d",
                         "EVAL x 0",
                         "FLUSHALL",
                         "SELECT 1",
                         "JSON.SET k $ 1",
                         "DEL"})
    EXPECT_FALSE(Command(no).repeatable()) << no;
}

}  // namespace
}  // namespace drs::resp
