#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace drs::resp {

/// Appends commands as servers read them (`*n`, then `$len` and the bytes of each argument) to one flat buffer.
/// Allocates only while the buffer grows: clear() keeps its memory. One thread.
///
///     encoder.command({"SET", key, value});
///     encoder.begin(3).argument("PEXPIREAT").argument(key).argument(deadline);
///     encoder.raw(commandAsTheSourceSentIt);
class Encoder {
 public:
  void command(std::initializer_list<std::string_view> arguments) {
    command(std::span<const std::string_view>(arguments.begin(), arguments.size()));
  }
  void command(std::span<const std::string_view> arguments) {
    begin(arguments.size());
    for (const std::string_view each : arguments) argument(each);
  }
  /// The head of a command; exactly `arguments` calls of argument() must follow, the command's name included.
  Encoder& begin(std::size_t arguments) { return head('*', arguments); }
  Encoder& argument(std::string_view bytes) {
    head('$', bytes.size());
    bytes_.append(bytes).append("\r\n");
    return *this;
  }
  Encoder& argument(std::int64_t value);
  Encoder& argument(std::uint64_t value);
  /// An argument that the caller writes in pieces: exactly `size` bytes by raw(), then "\r\n" by raw().
  Encoder& argumentHead(std::size_t size) { return head('$', size); }
  /// Bytes that are commands, or part of one, already.
  Encoder& raw(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }

  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  void clear() { bytes_.clear(); }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  /// Exchanges the buffer, so that a full one can be handed over and an emptied one used again.
  void swap(std::string& other) { bytes_.swap(other); }

 private:
  Encoder& head(char type, std::size_t number);

  std::string bytes_;
};

}  // namespace drs::resp
