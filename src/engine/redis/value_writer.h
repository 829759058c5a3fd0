#pragma once

#include "engine/redis/capabilities.h"
#include "engine/redis/target_writer.h"
#include "wire/rdb/command_form.h"
#include "wire/rdb/snapshot_item.h"
#include "wire/rdb/value_decoder.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace drs::redis {

/// Writes keys with their values into the batches of a TargetWriter: as SET, as RESTORE of the raw value where the
/// target takes its type, else by commands. What stood under the key before is replaced. One thread.
class ValueWriter final : private rdb::CommandSink {
 public:
  /// `holds`: deadlines are held back (deadlines.h). `roomMade` is called whenever the batch is full in the middle of a
  /// value that comes in parts; it commits.
  ValueWriter(TargetWriter& writer, const Capabilities& target, bool holds, std::function<void()> roomMade);
  ~ValueWriter() override;

  /// Does the target keep functions?
  [[nodiscard]] bool takesFunctions() const;
  /// Before the first key: whose types they are.
  void setDialect(rdb::Dialect dialect) { dialect_ = dialect; }
  /// A whole value. What the target could not be told of it stands in unsaid() until the next call.
  void write(const rdb::KeyInfo& info, std::string_view raw);
  /// A value in parts.
  void begin(const rdb::BigBegin& big);
  void part(std::string_view bytes);
  void end();
  [[nodiscard]] std::span<const rdb::UnsaidCount> unsaid() const { return unsaid_; }

 private:
  void command(std::span<const std::string_view> arguments) override;
  [[nodiscard]] std::optional<std::int64_t> deadlineFor(const rdb::KeyInfo& info) const;
  [[nodiscard]] std::optional<std::uint16_t> stampFor(const rdb::KeyInfo& info) const;
  void restore(const rdb::KeyInfo& info, std::string_view raw, std::uint16_t stamp);

  TargetWriter& writer_;
  const Capabilities& target_;
  const bool holds_;
  const std::function<void()> roomMade_;
  rdb::Dialect dialect_ = rdb::Dialect::redis;
  rdb::CommandForm form_;
  std::unique_ptr<rdb::ValueDecoder> decoder_;  ///< of a value in parts; none: pieces of text
  bool inParts_ = false;
  std::span<const rdb::UnsaidCount> unsaid_;
};

}  // namespace drs::redis
