#pragma once

#include <array>
#include <string>
#include <string_view>

namespace drs {

/// 32 secret bytes; overwritten when they go.
class Key {
 public:
  static constexpr std::size_t kBytes = 32;

  Key() = default;
  ~Key();
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;

  [[nodiscard]] std::string_view bytes() const { return {reinterpret_cast<const char*>(raw_.data()), raw_.size()}; }
  [[nodiscard]] unsigned char* data() { return raw_.data(); }
  [[nodiscard]] const unsigned char* data() const { return raw_.data(); }

 private:
  std::array<unsigned char, kBytes> raw_{};
};

/// The one secret that all keys of an installation come from. It stands as 64 hex digits in `master.key` of the data
/// folder. Threads: read-only after construction, any.
class MasterKey {
 public:
  /// Of 32 bytes. Throws Error(internal) for another length.
  explicit MasterKey(std::string_view bytes);

  /// Reads a key file. Throws Error(badConfig) for what readPrivateFile() refuses and for wrong content.
  [[nodiscard]] static MasterKey load(const std::string& path);
  /// Makes a new random key and its file. Throws Error(badConfig) if the file exists.
  [[nodiscard]] static MasterKey create(const std::string& path);

  /// A key of its own for one purpose ("seal", "token"): HKDF-SHA-256 with the purpose as info.
  [[nodiscard]] Key derive(std::string_view purpose) const;
  /// Names this key in what it sealed: 8 hex digits that tell nothing about the key.
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  Key key_;
  std::string id_;
};

}  // namespace drs
