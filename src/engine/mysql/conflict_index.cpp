#include "engine/mysql/conflict_index.h"

#include "engine/mysql/column_types.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace drs::mysql {
namespace {

bool startsAny(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(), [&](std::string_view start) { return text.starts_with(start); });
}

bool isUtf8(std::string_view charset) {
  return charset == "utf8mb4" || charset == "utf8mb3" || charset == "utf8";
}

KeyForm textForm(const Column& column) {
  const std::string_view charset = column.charset;
  std::string_view name = column.collation;
  if (!isUtf8(charset) && charset != "latin1" && charset != "ascii") return KeyForm::unknown;
  if (name.ends_with("_bin")) return KeyForm::binaryText;
  // "utf8mb4_general_ci" → "general_ci"; MariaDB also has names without a charset, "uca1400_ai_ci".
  if (name.starts_with(charset))
    name.remove_prefix(charset.size() + 1);
  else if (name.starts_with("utf8mb3_"))
    name.remove_prefix(8);
  else if (name.starts_with("utf8_"))
    name.remove_prefix(5);
  // Without tailoring for a language, which may take two letters for one.
  constexpr std::array<std::string_view, 13> kPlain = {
      "general_ci",     "general_nopad_ci",     "general_cs", "general_mysql500_ci", "unicode_ci", "unicode_nopad_ci",
      "unicode_520_ci", "unicode_520_nopad_ci", "swedish_ci", "swedish_nopad_ci",    "0900_ai_ci", "0900_as_ci",
      "0900_as_cs"};
  if (std::find(kPlain.begin(), kPlain.end(), name) != kPlain.end()) return KeyForm::foldedText;
  if (startsAny(name, {"uca1400_ai_ci", "uca1400_as_ci", "uca1400_as_cs", "uca1400_ai_cs", "uca1400_nopad_a"}))
    return KeyForm::foldedText;
  return KeyForm::unknown;
}

std::string_view withoutTrailing(std::string_view text, char what) {
  const auto last = text.find_last_not_of(what);
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

/// The first `count` characters; all for 0.
std::string_view firstOf(std::string_view text, std::uint32_t count, bool manyBytes) {
  if (count == 0) return text;
  if (!manyBytes) return text.substr(0, count);
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool continues = (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
    if (!continues && count-- == 0) break;
  }
  return text.substr(0, at);
}

std::string_view digitsOf(std::string_view text) {
  const auto first = text.find_first_not_of("+-0");
  text = first == std::string_view::npos ? std::string_view() : text.substr(first);
  if (text.find('.') == std::string_view::npos) return text;
  return withoutTrailing(withoutTrailing(text, '0'), '.');
}

std::uint64_t hashBytes(std::uint64_t seed, std::string_view bytes) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

/// False for a character that is not printable ASCII.
bool hashFolded(std::uint64_t& hash, std::string_view text) {
  std::array<char, 256> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  do {
    const std::size_t size = std::min(text.size(), piece.size());
    for (std::size_t i = 0; i < size; ++i) {
      const char c = text[i];
      if (c < ' ' || c > '~') return false;
      piece[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    hash = hashBytes(hash, {piece.data(), size});
    text.remove_prefix(size);
  } while (!text.empty());
  return true;
}

bool hashText(std::uint64_t& hash, const ConflictIndex::Part& part, std::string_view text) {
  switch (part.form) {
    case KeyForm::decimal:
      hash = hashBytes(hash, digitsOf(text));
      return true;
    case KeyForm::temporal:
      hash = hashBytes(hash, text.starts_with('-') ? text.substr(1) : text);
      return true;
    case KeyForm::bytes:
      hash = hashBytes(hash, firstOf(text, part.prefix, false));
      return true;
    case KeyForm::fixedBytes:
      hash = hashBytes(hash, withoutTrailing(firstOf(text, part.prefix, false), '\0'));
      return true;
    case KeyForm::binaryText:
      hash = hashBytes(hash, withoutTrailing(firstOf(text, part.prefix, part.manyBytes), ' '));
      return true;
    case KeyForm::foldedText:
      return hashFolded(hash, withoutTrailing(firstOf(text, part.prefix, part.manyBytes), ' '));
    default:
      return false;
  }
}

bool hashCell(std::uint64_t& hash, const ConflictIndex::Part& part, const RowBatch& rows, const Cell& cell) {
  switch (cell.kind) {
    case CellKind::signedInt:
    case CellKind::unsignedInt:
      if (part.form != KeyForm::number) return false;
      hash = hashBytes(hash, {reinterpret_cast<const char*>(&cell.u), sizeof cell.u});  // NOLINT
      return true;
    case CellKind::number:
    case CellKind::text:
      return hashText(hash, part, rows.text(cell));
    default:
      return false;
  }
}

}  // namespace

KeyForm keyFormOf(const Column& target) {
  if (target.generated) return KeyForm::unknown;
  switch (target.kind) {
    case ColumnKind::integer:
    case ColumnKind::bit:
    case ColumnKind::enumerated:
    case ColumnKind::set:
      return KeyForm::number;
    case ColumnKind::decimal:
      return KeyForm::decimal;
    case ColumnKind::temporal:
      return KeyForm::temporal;
    case ColumnKind::bytes:
      if (isGeometry(target) || target.dataType == "vector") return KeyForm::unknown;
      return isFixedBytes(target) ? KeyForm::fixedBytes : KeyForm::bytes;
    case ColumnKind::text:
      return textForm(target);
    case ColumnKind::real:
    case ColumnKind::json:
      break;
  }
  return KeyForm::unknown;
}

std::uint64_t hashName(std::uint64_t salt, std::string_view name) {
  return hashBytes(salt, name);
}

ConflictIndex::ConflictIndex(std::uint64_t token, std::vector<Part> parts, bool isReference)
    : token_(token),
      parts_(std::move(parts)),
      alwaysKnown_(!isReference && !parts_.empty() && std::all_of(parts_.begin(), parts_.end(), [](const Part& part) {
        return part.form != KeyForm::unknown && part.form != KeyForm::foldedText;
      })) {}

bool ConflictIndex::appendUpdate(const RowBatch& rows, std::size_t before, std::size_t after, bool exclusive,
                                 std::vector<ConflictKey>& out) const {
  const bool isTold = append(rows, before, before, exclusive, out);
  return append(rows, after, before, exclusive, out) && isTold;
}

bool ConflictIndex::isLeftOut(const RowBatch& rows, std::size_t row) const {
  return !parts_.empty() && std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    return rows.cell(row, part.column).kind == CellKind::absent;
  });
}

bool ConflictIndex::append(const RowBatch& rows, std::size_t row, std::size_t base, bool exclusive,
                           std::vector<ConflictKey>& out) const {
  std::uint64_t hash = token_;
  bool isKnown = !parts_.empty();
  for (const Part& part : parts_) {
    const Cell& own = rows.cell(row, part.column);
    const Cell& cell = own.kind == CellKind::absent ? rows.cell(base, part.column) : own;
    if (cell.kind == CellKind::null) return true;
    isKnown = isKnown && hashCell(hash, part, rows, cell);
  }
  if (isKnown) {
    if (!alwaysKnown_) out.push_back(sharedKey(token_));
    out.push_back(exclusive ? exclusiveKey(hash) : sharedKey(hash));
    return true;
  }
  out.push_back(exclusiveKey(token_));
  return !alwaysKnown_;
}

}  // namespace drs::mysql
