#include "engine/redis/restore_samples.h"

#include <array>

namespace drs::redis {
namespace {

using namespace std::string_view_literals;
using rdb::Dialect;

// Layouts: wire/rdb/value_grammar.h. Lengths below 64 are one byte; ziplists, listpacks and intsets are texts.
constexpr std::array kSamples = {
    RestoreSample{rdb::kString, Dialect::redis, "string", "\x01\x61"sv, "GET", "", "a"},
    RestoreSample{rdb::kList, Dialect::redis, "list", "\x01\x01\x61"sv, "LINDEX", "0", "a"},
    RestoreSample{rdb::kSet, Dialect::redis, "set", "\x01\x01\x61"sv, "SISMEMBER", "a", "1"},
    // the score as text
    RestoreSample{rdb::kZset, Dialect::redis, "zset", "\x01\x01\x61\x01\x31"sv, "ZSCORE", "a", "1"},
    RestoreSample{rdb::kHash, Dialect::redis, "hash", "\x01\x01\x66\x01\x76"sv, "HGET", "f", "v"},
    RestoreSample{rdb::kZset2, Dialect::redis, "zset", "\x01\x01\x61\x00\x00\x00\x00\x00\x00\xf0\x3f"sv, "ZSCORE", "a",
                  "1"},
    RestoreSample{rdb::kHashZipmap, Dialect::redis, "hash", "\x07\x01\x01\x66\x01\x00\x76\xff"sv, "HGET", "f", "v"},
    RestoreSample{rdb::kListZiplist, Dialect::redis, "list",
                  "\x0e\x0e\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x01\x61\xff"sv, "LINDEX", "0", "a"},
    // of 16 bits
    RestoreSample{rdb::kSetIntset, Dialect::redis, "set", "\x0a\x02\x00\x00\x00\x01\x00\x00\x00\x07\x00"sv, "SISMEMBER",
                  "7", "1"},
    RestoreSample{rdb::kZsetZiplist, Dialect::redis, "zset",
                  "\x10\x10\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01\x61\x03\xf2\xff"sv, "ZSCORE", "a", "1"},
    RestoreSample{rdb::kHashZiplist, Dialect::redis, "hash",
                  "\x10\x10\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01\x61\x03\xf2\xff"sv, "HGET", "a", "1"},
    RestoreSample{rdb::kListQuicklist, Dialect::redis, "list",
                  "\x01\x0e\x0e\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x01\x61\xff"sv, "LINDEX", "0", "a"},
    // without an entry, last id 5-5
    RestoreSample{rdb::kStreamListpacks, Dialect::redis, "stream", "\x00\x00\x05\x05\x00"sv, "", "", ""},
    RestoreSample{rdb::kHashListpack, Dialect::redis, "hash", "\x0c\x0c\x00\x00\x00\x02\x00\x81\x61\x02\x01\x01\xff"sv,
                  "HGET", "a", "1"},
    RestoreSample{rdb::kZsetListpack, Dialect::redis, "zset", "\x0c\x0c\x00\x00\x00\x02\x00\x81\x61\x02\x01\x01\xff"sv,
                  "ZSCORE", "a", "1"},
    RestoreSample{rdb::kListQuicklist2, Dialect::redis, "list",
                  "\x01\x02\x0a\x0a\x00\x00\x00\x01\x00\x81\x61\x02\xff"sv, "LINDEX", "0", "a"},
    RestoreSample{rdb::kStreamListpacks2, Dialect::redis, "stream", "\x00\x00\x05\x05\x00\x00\x00\x00\x00\x00"sv, "",
                  "", ""},
    RestoreSample{rdb::kSetListpack, Dialect::redis, "set", "\x0a\x0a\x00\x00\x00\x01\x00\x81\x61\x02\xff"sv,
                  "SISMEMBER", "a", "1"},
    RestoreSample{rdb::kStreamListpacks3, Dialect::redis, "stream", "\x00\x00\x05\x05\x00\x00\x00\x00\x00\x00"sv, "",
                  "", ""},
    // the lowest deadline 2100-01-01, and the field with that very one
    RestoreSample{rdb::kHashMetadata, Dialect::redis, "hash",
                  "\x00\xd8\xc3\x2c\xbb\x03\x00\x00\x01\x01\x01\x66\x01\x76"sv, "HGET", "f", "v"},
    // the field stays for ever
    RestoreSample{rdb::kHashListpackEx, Dialect::redis, "hash",
                  "\x00\xd8\xc3\x2c\xbb\x03\x00\x00\x0e\x0e\x00\x00\x00\x03\x00\x81\x61\x02\x01\x01\x00\x01\xff"sv,
                  "HGET", "a", "1"},
    // ids of producers: 60 s, 10 of them; none
    RestoreSample{rdb::kStreamListpacks4, Dialect::redis, "stream",
                  "\x00\x00\x05\x05\x00\x00\x00\x00\x00\x00\x3c\x0a\x00"sv, "", "", ""},
    RestoreSample{rdb::kStreamListpacks5, Dialect::redis, "stream",
                  "\x00\x00\x05\x05\x00\x00\x00\x00\x00\x00\x3c\x0a\x00"sv, "", "", ""},
    RestoreSample{rdb::kValkeyHash2, Dialect::valkey, "hash", "\x01\x01\x66\x01\x76\x00\xd8\xc3\x2c\xbb\x03\x00\x00"sv,
                  "HGET", "f", "v"},
};

}  // namespace

std::span<const RestoreSample> restoreSamples() noexcept {
  return kSamples;
}

}  // namespace drs::redis
