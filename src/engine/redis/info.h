#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::redis {

/// What INFO answers: lines "name:value" below headings. A value.
class Info {
 public:
  struct Keyspace {
    std::uint32_t database = 0;
    std::uint64_t keys = 0, expires = 0;
    std::uint64_t fieldExpires = 0;  ///< keys with fields that have a deadline (Redis 7.4, Valkey 9)
  };
  /// A replica as its master sees it ("slave0:ip=…").
  struct Replica {
    std::string host;
    std::uint16_t port = 0;
    bool online = false;       ///< else it gets its snapshot, or waits for it
    std::uint64_t offset = 0;  ///< that it has acknowledged
  };

  Info() = default;
  /// Lines that are no "name:value" are passed over: forks and proxies say what they like.
  explicit Info(std::string_view text);

  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  /// The value; nothing: the server does not tell it.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  /// The value as a number; nothing also if it is none.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
  [[nodiscard]] bool is(std::string_view name, std::string_view value) const { return find(name) == value; }
  /// The databases that are not empty, by number.
  [[nodiscard]] std::vector<Keyspace> keyspace() const;
  [[nodiscard]] std::vector<Replica> replicas() const;
  /// redis_version (of Valkey: valkey_version) as 70215 for 7.2.15; nothing if it is no version.
  [[nodiscard]] std::optional<std::uint32_t> version() const;
  /// "Redis 7.2.15", "Valkey 9.1.2"; "a server of unknown version" if it does not say.
  [[nodiscard]] std::string versionText() const;
  [[nodiscard]] bool isValkey() const { return has("valkey_version"); }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// A version as servers write it: "2.8.24" → 20824. Nothing if the text does not begin with two numbers.
[[nodiscard]] std::optional<std::uint32_t> parseVersion(std::string_view text);

}  // namespace drs::redis
