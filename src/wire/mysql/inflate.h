#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace drs::mysql {

/// The largest that a packed event or value may become; servers hold events below 1 GiB.
constexpr std::size_t kMaxInflatedBytes = std::size_t{1} << 30U;

/// Unpacks the compressed part of MariaDB's QUERY_COMPRESSED and …_ROWS_COMPRESSED: one byte (0x80 | kind << 4 | n),
/// the length in n bytes big-endian, then a zlib stream, which must be whole and of just this length. Throws
/// Error(logCorrupt, logUnsupported, limitExceeded).
[[nodiscard]] std::string inflateRecord(std::string_view record);

/// Unpacks a value of a MariaDB COMPRESSED column: empty; or 0 and the plain value; or (0x88 | n), the length in n
/// bytes big-endian and a raw deflate stream; or (0x80 | n), the length and a zlib stream; whole ones, as above. The
/// result may point into `value`. Errors as above.
[[nodiscard]] std::string_view inflateColumn(std::string_view value, std::string& scratch);

/// Unpacks a TRANSACTION_PAYLOAD event by event: memory holds one event and a small buffer, never the whole payload.
class PayloadReader {
 public:
  /// `body` must outlive the reader. Throws Error(logCorrupt, logUnsupported).
  explicit PayloadReader(std::string_view body);
  ~PayloadReader();
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;

  /// The next inner event, valid until the next call; nothing at the end. Throws Error(logCorrupt).
  std::optional<std::string_view> next();

 private:
  struct Stream;
  [[nodiscard]] bool fill(std::size_t bytes);

  std::string_view packed_;         ///< what is still to be unpacked
  std::unique_ptr<Stream> stream_;  ///< null: stored as it is
  std::string event_;
};

}  // namespace drs::mysql
