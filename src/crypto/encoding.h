#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drs {

/// Hash functions and text forms, on OpenSSL. Threads: any. They throw Error(internal) only if OpenSSL itself fails.

/// The 32 bytes of SHA-256.
[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string sha256Hex(std::string_view bytes);
/// The 32 bytes of HMAC-SHA-256.
[[nodiscard]] std::string hmacSha256(std::string_view key, std::string_view bytes);

/// Lower-case hex, and back; nothing if the text is not hex.
[[nodiscard]] std::string toHex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> fromHex(std::string_view hex);

/// Base64 of RFC 4648 section 4, with padding. Decoding is strict: no line breaks, no missing padding.
[[nodiscard]] std::string toBase64(std::string_view bytes);
[[nodiscard]] std::optional<std::string> fromBase64(std::string_view text);

/// Base64 of RFC 4648 section 5 (URL-safe) without padding.
[[nodiscard]] std::string toBase64Url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> fromBase64Url(std::string_view text);

/// `size` random bytes of the system.
[[nodiscard]] std::string randomBytes(std::size_t size);

/// Compares without a time that depends on the content (it does depend on the lengths).
[[nodiscard]] bool equalsConstantTime(std::string_view a, std::string_view b) noexcept;

/// Overwrites the text and makes it empty.
void wipe(std::string& text) noexcept;

}  // namespace drs
