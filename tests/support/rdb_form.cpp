#include "base/error.h"
#include "wire/rdb/command_form.h"
#include "wire/rdb/dump_payload.h"
#include "wire/rdb/snapshot_parser.h"
#include "wire/rdb/value_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// rdb_form restore|commands FILE [VALUE_LIMIT [PIECE [OPTIONS]]]: reads an RDB file PIECE bytes at a time and writes
// the commands that make the same keys to standard output, for redis-cli --pipe. restore: RESTORE with the lowest
// version that has the type; values above VALUE_LIMIT as commands. OPTIONS: what the target lacks, of p (SET PXAT), c
// (CREATECONSUMER), s (counters of streams), f (deadlines of fields). Standard error has a line for each thing that is
// no key or that commands cannot say. Ends with 1 and the error if the file cannot be read.
// rdb_form many FILE: FILE holds RDB files, each behind its length (4 bytes, little endian). For each of them: the
// length of its commands and these, or the length 0xffffffff if it cannot be read; the reason is a line of standard
// error.

namespace {

using namespace drs;
using namespace drs::rdb;

class Resp final : public CommandSink {
 public:
  explicit Resp(std::string* kept) : kept_(kept) {}
  void command(std::span<const std::string_view> arguments) override {
    std::string head = fmt::format("*{}\r\n", arguments.size());
    write(head);
    for (const std::string_view argument : arguments) {
      write(fmt::format("${}\r\n", argument.size()));
      write(argument);
      write("\r\n");
    }
  }

 private:
  void write(std::string_view text) {
    if (kept_ != nullptr) {
      kept_->append(text);
    } else if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
      std::exit(2);
    }
  }

  std::string* kept_;  ///< null: standard output
};

class Converter {
 public:
  Converter(bool restore, CommandOptions options, std::string* kept)
      : restore_(restore), resp_(kept), form_(resp_, options) {}

  void operator()(const NeedMore&) {}
  void operator()(const SnapshotHeader& header) {
    dialect_ = header.dialect;
    fmt::print(stderr, "header {} {}\n", dialect_ == Dialect::redis ? "redis" : "valkey", header.version);
  }
  void operator()(const AuxField& field) { fmt::print(stderr, "aux {} {}\n", field.name, field.value); }
  void operator()(const SelectDb&) {}
  void operator()(const ResizeDb& size) { fmt::print(stderr, "resize {} {}\n", size.keys, size.expiring); }
  void operator()(const SlotInfo& slot) { fmt::print(stderr, "slot {} {} {}\n", slot.slot, slot.keys, slot.expiring); }
  void operator()(const SlotImport& import) { fmt::print(stderr, "import {}\n", import.job); }
  void operator()(const FunctionLibrary& library) {
    send({"FUNCTION", "LOAD", "REPLACE", library.code});
    fmt::print(stderr, "function\n");
  }
  void operator()(const ModuleAux& data) { fmt::print(stderr, "module {} {}\n", data.module, data.bytes); }
  void operator()(const SnapshotEnd& end) { fmt::print(stderr, "end {} {}\n", end.checked, end.bytes); }

  void operator()(const Entry& entry) {
    select(entry.info);
    if (restore_) return restore(entry);
    form_.begin(entry.info.key, entry.info.expireAtMs);
    decodeValue(entry.info.type, dialect_, entry.raw, form_);
    report(entry.info.key);
  }
  void operator()(const BigBegin& big) {
    select(big.info);
    key_ = big.info.key;
    text_ = big.textBytes.has_value();
    fmt::print(stderr, "big {}\n", key_);
    form_.begin(key_, big.info.expireAtMs);
    decoder_ = std::make_unique<ValueDecoder>(big.info.type, dialect_);
  }
  void operator()(const BigPart& part) {
    if (text_) {
      form_.appendText(part.bytes);
    } else {
      decoder_->decode(part.bytes, form_);
    }
  }
  void operator()(const BigEnd&) {
    if (!text_) decoder_->finish();
    report(key_);
  }

 private:
  void send(std::initializer_list<std::string_view> words) { resp_.command({words.begin(), words.size()}); }
  void select(const KeyInfo& info) {
    fmt::print(stderr, "key {} {} type {} expire {} idle {} freq {}\n", info.db, info.key, info.type,
               info.expireAtMs.value_or(-1), info.idleSeconds.value_or(0), info.frequency.value_or(0));
    if (info.db != db_) send({"SELECT", std::to_string(info.db)});
    db_ = info.db;
  }
  void restore(const Entry& entry) {
    const KeyInfo& info = entry.info;
    payload_.clear();
    appendDumpPayload(payload_, info.type, entry.raw, *lowestVersion(info.type, dialect_));
    const std::string at = std::to_string(info.expireAtMs.value_or(0));
    std::vector<std::string> words{"RESTORE", std::string(info.key), at, payload_, "REPLACE", "ABSTTL"};
    if (info.idleSeconds) words.insert(words.end(), {"IDLETIME", std::to_string(*info.idleSeconds)});
    if (info.frequency) words.insert(words.end(), {"FREQ", std::to_string(*info.frequency)});
    resp_.command(std::vector<std::string_view>(words.begin(), words.end()));
  }
  void report(std::string_view key) {
    for (const UnsaidCount& unsaid : form_.end())
      fmt::print(stderr, "unsaid {} {}: {}\n", key, toText(unsaid.what), unsaid.count);
  }

  bool restore_;
  Resp resp_;
  CommandForm form_;
  Dialect dialect_ = Dialect::redis;
  std::uint64_t db_ = 0;
  std::string key_, payload_;
  bool text_ = false;
  std::unique_ptr<ValueDecoder> decoder_;
};

using Read = std::function<std::size_t(char* to, std::size_t most)>;

/// Throws Error if what is read is no RDB file.
void convert(const Read& read, SnapshotLimits limits, Converter converter) {
  SnapshotParser parser(limits);
  while (!parser.ended()) {
    const SnapshotItem& item = parser.next();
    if (std::holds_alternative<NeedMore>(item)) {
      const auto room = parser.room();
      const std::size_t got = read(room.data(), room.size());
      if (got == 0) throw Error(Msg::logCorrupt, {"its end", "the file is cut off"});
      parser.filled(got);
    } else {
      std::visit(converter, item);
    }
  }
}

std::FILE* open(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) throw Error(Msg::internal, {fmt::format("{} cannot be opened", path)});
  return file;
}

void answer(std::uint32_t length, std::string_view bytes) {
  (void)std::fwrite(&length, 1, sizeof length, stdout);
  (void)std::fwrite(bytes.data(), 1, bytes.size(), stdout);
}

void convertMany(const char* path) {
  std::FILE* file = open(path);
  std::uint32_t length = 0;
  while (std::fread(&length, 1, sizeof length, file) == sizeof length) {
    std::vector<char> bytes(length);  // of its own, so that a read beyond its end shows
    if (std::fread(bytes.data(), 1, length, file) != length) std::exit(2);
    std::size_t at = 0;
    std::string out;
    try {
      convert(
          [&](char* to, std::size_t most) {
            const std::size_t size = std::min(most, bytes.size() - at);
            std::copy_n(bytes.data() + at, size, to);
            at += size;
            return size;
          },
          {}, Converter(false, {true, true, true, true}, &out));
      answer(static_cast<std::uint32_t>(out.size()), out);
    } catch (const Error& error) {
      fmt::print(stderr, "error {}\n", error.text());
      answer(UINT32_MAX, {});
    }
  }
  (void)std::fclose(file);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const auto number = [&](int at, std::size_t otherwise) {
    return count > at ? static_cast<std::size_t>(std::atoll(arguments[at])) : otherwise;
  };
  const std::string_view lacks = count > 5 ? arguments[5] : "";
  const auto has = [&](char what) { return lacks.find(what) == std::string_view::npos; };
  try {
    const std::string_view mode = arguments[1];
    if (mode == "many") {
      convertMany(arguments[2]);
      return 0;
    }
    SnapshotLimits limits;
    limits.wholeValueBytes = number(3, limits.wholeValueBytes);
    const std::size_t piece = std::max<std::size_t>(1, number(4, std::size_t{1} << 18U));
    std::FILE* file = open(arguments[2]);
    convert([&](char* to, std::size_t most) { return std::fread(to, 1, std::min(most, piece), file); }, limits,
            Converter(mode == "restore", {has('p'), has('c'), has('s'), has('f')}, nullptr));
    (void)std::fclose(file);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "error {}\n", error.text());
    return 1;
  }
}
