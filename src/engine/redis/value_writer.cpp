#include "engine/redis/value_writer.h"

#include "base/clock.h"
#include "engine/redis/deadlines.h"
#include "wire/rdb/dump_payload.h"

#include <algorithm>
#include <array>

namespace drs::redis {
namespace {

constexpr CommandPlace kValuePlace{0, "a command of the snapshot"};

}  // namespace

ValueWriter::ValueWriter(TargetWriter& writer, const Capabilities& target, bool holds, std::function<void()> roomMade)
    : writer_(writer),
      target_(target),
      holds_(holds),
      roomMade_(std::move(roomMade)),
      form_(*this, target.commandOptions()) {}

ValueWriter::~ValueWriter() = default;

bool ValueWriter::takesFunctions() const {
  return target_.functions;
}

std::optional<std::int64_t> ValueWriter::deadlineFor(const rdb::KeyInfo& info) const {
  if (!info.expireAtMs || !holds_) return info.expireAtMs;
  return std::max(*info.expireAtMs, kHeldDeadline);
}

std::optional<std::uint16_t> ValueWriter::stampFor(const rdb::KeyInfo& info) const {
  if (info.type == rdb::kString) return std::nullopt;  // SET is as fast, and every target has it
  return target_.restoreStamp(info.type, dialect_);
}

void ValueWriter::write(const rdb::KeyInfo& info, std::string_view raw) {
  unsaid_ = {};
  if (const auto stamp = stampFor(info)) return restore(info, raw, *stamp);
  form_.begin(info.key, deadlineFor(info));
  rdb::decodeValue(info.type, dialect_, raw, form_);
  unsaid_ = form_.end();
}

void ValueWriter::restore(const rdb::KeyInfo& info, std::string_view raw, std::uint16_t stamp) {
  const auto deadline = deadlineFor(info);
  const auto footer = rdb::dumpFooter(info.type, raw, stamp);
  const char type = static_cast<char>(info.type);
  resp::Encoder& out = writer_.encoder();
  const bool hasIdle = info.idleSeconds && target_.restoreIdletime;
  const bool hasFrequency = info.frequency && target_.restoreFreq;
  out.begin(5 + (deadline ? 1 : 0) + (hasIdle || hasFrequency ? 2 : 0))
      .argument("RESTORE")
      .argument(info.key)
      .argument(deadline.value_or(0));
  out.argumentHead(1 + raw.size() + footer.size()).raw({&type, 1}).raw(raw).raw({footer.data(), footer.size()});
  out.raw("\r\n").argument("REPLACE");
  if (deadline) out.argument("ABSTTL");
  // How the target evicts decides which of the two it takes; a snapshot has one.
  if (hasIdle) {
    out.argument("IDLETIME").argument(*info.idleSeconds);
  } else if (hasFrequency) {
    out.argument("FREQ").argument(std::uint64_t{*info.frequency});
  }
  writer_.added(kValuePlace);
}

void ValueWriter::begin(const rdb::BigBegin& big) {
  unsaid_ = {};
  inParts_ = true;
  decoder_.reset();
  form_.begin(big.info.key, deadlineFor(big.info));
  if (!big.textBytes) decoder_ = std::make_unique<rdb::ValueDecoder>(big.info.type, dialect_);
}

void ValueWriter::part(std::string_view bytes) {
  if (decoder_)
    decoder_->decode(bytes, form_);
  else
    form_.appendText(bytes);
}

void ValueWriter::end() {
  if (decoder_) decoder_->finish();
  unsaid_ = form_.end();
  decoder_.reset();
  inParts_ = false;
}

void ValueWriter::command(std::span<const std::string_view> arguments) {
  writer_.encoder().command(arguments);
  writer_.added(kValuePlace);
  if (inParts_ && writer_.isFull()) roomMade_();
}

}  // namespace drs::redis
