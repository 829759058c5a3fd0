#include "wire/rdb/value_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace drs::rdb {
namespace {

struct TypeRow {
  std::uint8_t type;
  std::string_view name;
  std::optional<ValueKind> kind;
  std::uint16_t version;
};

// The version is the lowest whose servers read the type (redis.md 3.3); 6 is the lowest that any server writes into
// DUMP.
constexpr std::array kCommon = {
    TypeRow{kString, "string", ValueKind::string, 6},
    TypeRow{kList, "list", ValueKind::list, 6},
    TypeRow{kSet, "set", ValueKind::set, 6},
    TypeRow{kZset, "zset", ValueKind::zset, 6},
    TypeRow{kHash, "hash", ValueKind::hash, 6},
    TypeRow{kZset2, "zset with binary scores", ValueKind::zset, 8},
    TypeRow{kModulePreGa, "module of a release candidate", std::nullopt, 8},
    TypeRow{kModule2, "module", ValueKind::module, 8},
    TypeRow{kHashZipmap, "hash as zipmap", ValueKind::hash, 6},
    TypeRow{kListZiplist, "list as ziplist", ValueKind::list, 6},
    TypeRow{kSetIntset, "set as intset", ValueKind::set, 6},
    TypeRow{kZsetZiplist, "zset as ziplist", ValueKind::zset, 6},
    TypeRow{kHashZiplist, "hash as ziplist", ValueKind::hash, 6},
    TypeRow{kListQuicklist, "list of ziplists", ValueKind::list, 7},
    TypeRow{kStreamListpacks, "stream", ValueKind::stream, 9},
    TypeRow{kHashListpack, "hash as listpack", ValueKind::hash, 10},
    TypeRow{kZsetListpack, "zset as listpack", ValueKind::zset, 10},
    TypeRow{kListQuicklist2, "list of listpacks", ValueKind::list, 10},
    TypeRow{kStreamListpacks2, "stream with counters", ValueKind::stream, 10},
    TypeRow{kSetListpack, "set as listpack", ValueKind::set, 11},
    TypeRow{kStreamListpacks3, "stream with times of consumers", ValueKind::stream, 11},
};
constexpr std::array kRedis = {
    TypeRow{kHashMetadataPreGa, "hash with field deadlines of a release candidate", ValueKind::hash, 12},
    TypeRow{kHashListpackExPreGa, "hash with field deadlines of a release candidate, as listpack", ValueKind::hash, 12},
    TypeRow{kHashMetadata, "hash with field deadlines", ValueKind::hash, 12},
    TypeRow{kHashListpackEx, "hash with field deadlines, as listpack", ValueKind::hash, 12},
    TypeRow{kStreamListpacks4, "stream with idempotent producers", ValueKind::stream, 13},
    TypeRow{kStreamListpacks5, "stream with returned entries", ValueKind::stream, 14},
    TypeRow{28, "array", std::nullopt, 14},
    TypeRow{29, "hash template", std::nullopt, 15},
    TypeRow{30, "reference to a hash template", std::nullopt, 15},
    TypeRow{31, "hash template as array", std::nullopt, 15},
    TypeRow{32, "reference to a hash template as array", std::nullopt, 15},
    TypeRow{33, "rate limiter", std::nullopt, 15},
};
constexpr std::array kValkey = {
    TypeRow{kValkeyHash2, "hash with field deadlines", ValueKind::hash, 80},
};

template <std::size_t N>
const TypeRow* findIn(const std::array<TypeRow, N>& rows, std::uint8_t type) {
  const auto found = std::find_if(rows.begin(), rows.end(), [type](const TypeRow& row) { return row.type == type; });
  return found == rows.end() ? nullptr : &*found;
}

const TypeRow* find(std::uint8_t type, Dialect dialect) {
  if (const TypeRow* common = findIn(kCommon, type)) return common;
  return dialect == Dialect::redis ? findIn(kRedis, type) : findIn(kValkey, type);
}

}  // namespace

std::optional<ValueKind> kindOf(std::uint8_t type, Dialect dialect) noexcept {
  const TypeRow* row = find(type, dialect);
  return row != nullptr ? row->kind : std::nullopt;
}

std::string_view toText(ValueKind kind) noexcept {
  constexpr std::array<std::string_view, 7> kTexts = {"string", "list", "set", "zset", "hash", "stream", "module"};
  return kTexts[static_cast<std::size_t>(kind)];
}

std::string typeName(std::uint8_t type, Dialect dialect) {
  const TypeRow* row = find(type, dialect);
  return row != nullptr ? fmt::format("type {} ({})", type, row->name) : fmt::format("type {}", type);
}

std::optional<std::uint16_t> lowestVersion(std::uint8_t type, Dialect dialect) noexcept {
  const TypeRow* row = find(type, dialect);
  if (row == nullptr || !row->kind) return std::nullopt;
  return row->version;
}

}  // namespace drs::rdb
