#include "wire/rdb/snapshot_parser.h"

#include "base/error.h"
#include "wire/rdb/module_data.h"
#include "wire/rdb/rdb_error.h"
#include "wire/rdb/reader.h"
#include "wire/rdb/value_grammar.h"
#include "wire/rdb/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace drs::rdb {
namespace {

/// What stands where a type byte could (redis: src/rdb.h); 243 is kOpcodeKeyMetadata in Redis.
enum Opcode : std::uint8_t {
  kSlotImportOfValkey = 243,
  kSlotInfo = 244,
  kFunction = 245,
  kFunctionPreGa = 246,
  kModuleAuxData = 247,
  kIdle = 248,
  kFrequency = 249,
  kAux = 250,
  kResizeDb = 251,
  kExpireMs = 252,
  kExpireSeconds = 253,
  kSelectDb = 254,
  kEndOfFile = 255,
};
constexpr std::size_t kMagicBytes = 9, kCrcBytes = 8;
constexpr unsigned kFirstVersionWithCrc = 5;
constexpr std::size_t kSlots = 16384;

/// A key as it may stand in a message.
std::string shown(std::string_view key) {
  constexpr std::size_t kLongest = 128;
  std::string out;
  for (const char c : key.substr(0, kLongest)) {
    if (c >= ' ' && c <= '~' && c != '\\') {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return key.size() > kLongest ? out + "…" : out;
}

}  // namespace

struct SnapshotParser::State {
  enum class Mode : std::uint8_t { magic, items, value, bigText, bigRecords, bigEnd, moduleAux, trailer, ended };

  explicit State(SnapshotLimits given) : limits(given) {}

  SnapshotLimits limits;
  Window window;
  Mode mode = Mode::magic;
  SnapshotHeader header;
  std::string server;  ///< as it says itself, for messages
  KeyInfo key;         ///< filled by the opcodes in front of a key
  std::string keyText, aux, auxValue;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> slots;
  ValueGrammar grammar{kString, Dialect::redis};
  std::uint64_t textLeft = 0;
  ModuleAux moduleAux;
  std::uint64_t bigUsed = 0;
  SnapshotItem item;

  /// Sets `item`; false: go on with the mode that is set now.
  bool step();
  bool needMore(std::size_t record);
  bool magic();
  bool items();
  bool opcode(ByteReader& in, std::uint8_t code);
  bool attribute(ByteReader& in, std::uint8_t code);
  bool fact(ByteReader& in, std::uint8_t code);
  bool slotImport(ByteReader& in);
  bool beginKey(ByteReader& in, std::uint8_t type);
  bool beginBigText();
  bool value();
  bool bigText();
  bool bigRecords();
  bool endBig();
  bool moduleAuxPieces();
  bool trailer();
  void endKey();
  [[nodiscard]] std::string place() const;
};

std::string SnapshotParser::State::place() const {
  std::string out = fmt::format("byte {} of the snapshot", window.position());
  if (mode == Mode::value || mode == Mode::bigRecords || mode == Mode::bigText)
    out += fmt::format(" (key {})", shown(keyText));
  return out;
}

/// `record`: bytes of it that are there.
bool SnapshotParser::State::needMore(std::size_t record) {
  if (record > limits.recordBytes) {
    throw Error(Msg::limitExceeded,
                {fmt::format("a value at {}", place()), fmt::format("more than {} bytes at once", record),
                 fmt::format("{} bytes", limits.recordBytes)},
                Origin::source);
  }
  item.emplace<NeedMore>();
  return true;
}

bool SnapshotParser::State::step() {
  switch (mode) {
    case Mode::magic:
      return magic();
    case Mode::items:
      return items();
    case Mode::value:
      return value();
    case Mode::bigText:
      return bigText();
    case Mode::bigRecords:
      return bigRecords();
    case Mode::bigEnd:
      return endBig();
    case Mode::moduleAux:
      return moduleAuxPieces();
    case Mode::trailer:
      return trailer();
    case Mode::ended:
      break;
  }
  throw Error(Msg::internal, {"a snapshot was read beyond its end"});
}

bool SnapshotParser::State::magic() {
  const std::string_view bytes = window.unread();
  if (bytes.size() < kMagicBytes) return needMore(bytes.size());
  const bool valkey = bytes.starts_with("VALKEY");
  if (!valkey && !bytes.starts_with("REDIS")) throwCorrupt("it begins neither with REDIS nor with VALKEY");
  header.dialect = valkey ? Dialect::valkey : Dialect::redis;
  header.version = 0;
  for (const char digit : bytes.substr(valkey ? 6 : 5, valkey ? 3 : 4)) {
    if (digit < '0' || digit > '9') throwCorrupt("the version of its format is not a number");
    header.version = header.version * 10 + static_cast<unsigned>(digit - '0');
  }
  window.use(kMagicBytes);
  mode = Mode::items;
  item = header;
  return true;
}

bool SnapshotParser::State::items() {
  const std::string_view bytes = window.unread();
  if (bytes.empty()) return needMore(0);
  ByteReader in(bytes);
  const std::uint8_t code = in.u8();
  if (kindOf(code, header.dialect)) return beginKey(in, code);
  return opcode(in, code);
}

bool SnapshotParser::State::opcode(ByteReader& in, std::uint8_t code) {
  switch (code) {
    case kExpireMs:
    case kExpireSeconds:
    case kIdle:
    case kFrequency:
      return attribute(in, code);
    case kSlotImportOfValkey:
      if (header.dialect == Dialect::valkey) return slotImport(in);
      skipKeyMetadata(in);
      if (!in.ok()) return needMore(window.unread().size());
      window.use(in.position());
      key.moduleMetadata = true;
      return false;
    case kModuleAuxData: {
      const std::uint64_t id = readLength(in);
      (void)skipModulePiece(in);  // when it is to be loaded
      if (!in.ok()) return needMore(window.unread().size());
      moduleAux = {moduleName(id), moduleVersion(id), 0};
      window.use(in.position());
      mode = Mode::moduleAux;
      return false;
    }
    case kEndOfFile:
      window.use(1);
      mode = Mode::trailer;
      return false;
    case kAux:
    case kFunction:
    case kSelectDb:
    case kResizeDb:
    case kSlotInfo:
      return fact(in, code);
    case kFunctionPreGa:
      throwUnsupported("functions in the form of a release candidate of Redis 7.0",
                       "Load the libraries of functions anew at the source with a released version.");
    default: {
      const RawString name = readRawString(in);
      if (!in.ok()) return needMore(window.unread().size());
      throwUnsupported(fmt::format("{} at the key {} in a snapshot of {}", typeName(code, header.dialect),
                                   shown(textOf(name, keyText)), server.empty() ? "an unnamed server" : server),
                       "Remove the keys of this type from the source, then reset the task.");
    }
  }
}

/// What stands in front of a key.
bool SnapshotParser::State::attribute(ByteReader& in, std::uint8_t code) {
  constexpr std::int64_t kMsPerSecond = 1000;
  KeyInfo with = key;
  if (code == kExpireMs) {
    with.expireAtMs = static_cast<std::int64_t>(in.u64());
  } else if (code == kExpireSeconds) {
    with.expireAtMs = static_cast<std::int32_t>(in.u32()) * kMsPerSecond;
  } else if (code == kIdle) {
    with.idleSeconds = readLength(in);
  } else {
    with.frequency = in.u8();
  }
  if (!in.ok()) return needMore(window.unread().size());
  key = with;
  window.use(in.position());
  return false;
}

bool SnapshotParser::State::fact(ByteReader& in, std::uint8_t code) {
  RawString first, second;
  std::uint64_t numbers[3] = {};
  if (code == kAux || code == kFunction) {
    first = readRawString(in);
    if (code == kAux) second = readRawString(in);
  } else {
    const std::size_t count = code == kSelectDb ? 1 : code == kResizeDb ? 2 : 3;
    for (std::size_t i = 0; i < count; ++i) numbers[i] = readLength(in);
  }
  if (!in.ok()) return needMore(window.unread().size());
  window.use(in.position());
  switch (code) {
    case kAux: {
      const AuxField field{textOf(first, aux), textOf(second, auxValue)};
      if (field.name == "redis-ver" && server.empty()) server = fmt::format("Redis {}", shown(field.value));
      if (field.name == "valkey-ver") server = fmt::format("Valkey {}", shown(field.value));
      item = field;
      break;
    }
    case kFunction:
      item = FunctionLibrary{textOf(first, aux)};
      break;
    case kSelectDb:
      key.db = numbers[0];
      item = SelectDb{numbers[0]};
      break;
    case kResizeDb:
      item = ResizeDb{numbers[0], numbers[1]};
      break;
    default:
      item = SlotInfo{numbers[0], numbers[1], numbers[2]};
  }
  return true;
}

bool SnapshotParser::State::slotImport(ByteReader& in) {
  const RawString job = readRawString(in);
  const std::uint64_t ranges = readLength(in);
  if (ranges > kSlots) throwCorrupt("more slots are imported than there are");
  slots.clear();
  for (std::uint64_t i = 0; i < ranges && in.ok(); ++i) {
    const std::uint64_t from = readLength(in), to = readLength(in);
    if (in.ok() && (from > to || to >= kSlots)) throwCorrupt("slots are imported that do not exist");
    slots.emplace_back(static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to));
  }
  if (!in.ok()) return needMore(window.unread().size());
  window.use(in.position());
  item = SlotImport{textOf(job, aux), slots};
  return true;
}

bool SnapshotParser::State::beginKey(ByteReader& in, std::uint8_t type) {
  const RawString name = readRawString(in);
  if (!in.ok()) return needMore(window.unread().size());
  if (name.form == RawString::Form::plain) {
    keyText = name.bytes;
  } else {
    keyText = std::string(textOf(name, aux));
  }
  key.key = keyText;
  key.type = type;
  window.use(in.position());
  window.keepFromHere();
  grammar = ValueGrammar(type, header.dialect);
  mode = Mode::value;
  return false;
}

void SnapshotParser::State::endKey() {
  window.release();
  const std::uint64_t db = key.db;
  key = {};
  key.db = db;
  mode = Mode::items;
}

bool SnapshotParser::State::value() {
  if (key.type == kString && beginBigText()) return true;
  const std::string_view bytes = window.unread();
  const std::size_t before = window.kept().size();
  ByteReader in(bytes);
  SkipHandler skip;
  std::size_t whole = 0;  // bytes of whole records
  while (!grammar.done() && before + whole <= limits.wholeValueBytes) {
    if (!grammar.record(in, skip)) {
      window.use(whole);
      return needMore(bytes.size() - whole);
    }
    whole = in.position();
  }
  window.use(whole);
  if (before + whole > limits.wholeValueBytes) {
    mode = Mode::bigRecords;
    item = BigBegin{key, std::nullopt};
    return true;
  }
  item.emplace<Entry>(key, window.kept());
  endKey();
  return true;
}

/// A string that is longer than the limit and stored as it is: its text is passed on as it comes.
bool SnapshotParser::State::beginBigText() {
  ByteReader in(window.unread());
  const Length length = readLengthOrForm(in);
  if (!in.ok() || length.encoded || length.value <= limits.wholeValueBytes) return false;
  window.use(in.position());
  window.release();
  textLeft = length.value;
  mode = Mode::bigText;
  item = BigBegin{key, length.value};
  return true;
}

bool SnapshotParser::State::bigText() {
  const std::string_view piece = window.unread().substr(0, textLeft);
  if (piece.size() < std::min<std::uint64_t>(textLeft, Window::kRoomBytes)) return needMore(piece.size());
  textLeft -= piece.size();
  window.use(piece.size());
  if (textLeft == 0) mode = Mode::bigEnd;
  item = BigPart{piece};
  return true;
}

/// What is kept in the window are whole records that have not been handed out.
bool SnapshotParser::State::bigRecords() {
  if (bigUsed > 0) {
    window.keepFromHere();
    bigUsed = 0;
  }
  const std::string_view bytes = window.unread();
  ByteReader in(bytes);
  SkipHandler skip;
  std::size_t whole = 0;
  while (!grammar.done() && window.kept().size() + whole <= limits.wholeValueBytes && grammar.record(in, skip))
    whole = in.position();
  window.use(whole);
  const std::string_view part = window.kept();
  if (part.empty()) return needMore(bytes.size());
  bigUsed = part.size();
  if (grammar.done()) mode = Mode::bigEnd;
  item = BigPart{part};
  return true;
}

bool SnapshotParser::State::endBig() {
  bigUsed = 0;
  endKey();
  item.emplace<BigEnd>();
  return true;
}

bool SnapshotParser::State::moduleAuxPieces() {
  const std::string_view bytes = window.unread();
  ByteReader in(bytes);
  std::size_t whole = 0;
  bool end = false;
  while (!end) {
    end = skipModulePiece(in);
    if (!in.ok()) break;
    whole = in.position();
  }
  window.use(whole);
  moduleAux.bytes += whole;
  if (!end) return needMore(bytes.size() - whole);
  item = std::exchange(moduleAux, {});
  mode = Mode::items;
  return true;
}

bool SnapshotParser::State::trailer() {
  SnapshotEnd end;
  if (header.version >= kFirstVersionWithCrc) {
    if (window.unread().size() < kCrcBytes) return needMore(0);
    const std::uint64_t stored = ByteReader(window.unread()).u64();
    if (stored != 0 && stored != window.crc()) throwCorrupt("its checksum does not fit");
    end.checked = stored != 0;
    window.use(kCrcBytes);
  }
  end.bytes = window.position();
  mode = Mode::ended;
  item = end;
  return true;
}

SnapshotParser::SnapshotParser(SnapshotLimits limits) : state_(std::make_unique<State>(limits)) {}
SnapshotParser::~SnapshotParser() = default;
SnapshotParser::SnapshotParser(SnapshotParser&&) noexcept = default;
SnapshotParser& SnapshotParser::operator=(SnapshotParser&&) noexcept = default;

std::span<char> SnapshotParser::room() {
  return state_->window.room();
}
void SnapshotParser::filled(std::size_t bytes) {
  state_->window.filled(bytes);
}
void SnapshotParser::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> to = room();
    const std::size_t now = std::min(bytes.size(), to.size());
    std::memcpy(to.data(), bytes.data(), now);
    filled(now);
    bytes.remove_prefix(now);
  }
}

const SnapshotItem& SnapshotParser::next() {
  try {
    while (!state_->step()) {
    }
  } catch (const Error& error) {
    if (error.msg() != Msg::logCorrupt) throw;
    throw Error(Msg::logCorrupt, {state_->place(), error.args()[1]}, Origin::source);
  }
  return state_->item;
}

bool SnapshotParser::ended() const {
  return state_->mode == State::Mode::ended;
}
std::uint64_t SnapshotParser::position() const {
  return state_->window.position();
}
std::string_view SnapshotParser::rest() const {
  return state_->window.unread();
}

}  // namespace drs::rdb
