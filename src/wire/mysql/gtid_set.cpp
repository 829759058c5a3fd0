#include "wire/mysql/gtid_set.h"

#include "base/bytes.h"
#include "wire/mysql/varlen.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace drs::mysql {
namespace {

/// The largest number that a server gives out: 2^63 − 2.
constexpr std::uint64_t kMaxNumber = 0x7ffffffffffffffe;
constexpr std::size_t kMaxTag = 32;

bool isSpace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

/// Cuts the part before the next `separator` off `rest`.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return trimmed(part);
}

template <typename T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The tag in lower case, or nothing if it is none: a letter or '_' first, then letters, digits and '_'.
std::optional<std::string> parseTag(std::string_view text) {
  if (text.empty() || text.size() > kMaxTag || (text.front() >= '0' && text.front() <= '9')) return std::nullopt;
  std::string tag;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool isLetter = lower >= 'a' && lower <= 'z';
    const bool isDigit = lower >= '0' && lower <= '9';
    if (lower != '_' && !isLetter && !isDigit) return std::nullopt;
    tag += lower;
  }
  return tag;
}

void appendLittle(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift & 0xffU);
}

}  // namespace

std::string SourceUuid::text() const {
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    fmt::format_to(std::back_inserter(out), "{:02x}", bytes[i]);
  }
  return out;
}

std::optional<SourceUuid> SourceUuid::parse(std::string_view text) {
  const bool dashes = text.size() == 36;
  if (!dashes && text.size() != 32) return std::nullopt;
  SourceUuid out;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dashes && (i == 8 || i == 13 || i == 18 || i == 23)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = hexDigit(text[i]);
    if (digit < 0) return std::nullopt;
    std::uint8_t& byte = out.bytes.at(digits++ / 2);
    byte = static_cast<std::uint8_t>((static_cast<unsigned>(byte) << 4U) | static_cast<unsigned>(digit));
  }
  return out;
}

std::string Gtid::text() const {
  return tag.empty() ? fmt::format("{}:{}", source.text(), number)
                     : fmt::format("{}:{}:{}", source.text(), tag, number);
}

std::optional<Gtid> Gtid::parse(std::string_view text) {
  Gtid out;
  const auto source = SourceUuid::parse(cut(text, ':'));
  if (!source) return std::nullopt;
  out.source = *source;
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    const auto tag = parseTag(cut(text, ':'));
    if (!tag) return std::nullopt;
    out.tag = *tag;
  }
  const auto value = mysql::number<std::uint64_t>(trimmed(text));
  if (!value || *value == 0 || *value > kMaxNumber) return std::nullopt;
  out.number = *value;
  return out;
}

void GtidSet::insert(Intervals& into, Interval added) {
  // The usual case by far: the next transaction of a source.
  if (into.empty() || added.first > into.back().last + 1) {
    into.push_back(added);
    return;
  }
  auto first = std::lower_bound(into.begin(), into.end(), added.first,
                                [](const Interval& have, std::uint64_t value) { return have.last + 1 < value; });
  auto end = first;
  while (end != into.end() && end->first <= added.last + 1) {
    added.first = std::min(added.first, end->first);
    added.last = std::max(added.last, end->last);
    ++end;
  }
  if (first == end) {
    into.insert(first, added);
    return;
  }
  *first = added;
  into.erase(first + 1, end);
}

std::optional<GtidSet> GtidSet::parse(std::string_view text) {
  GtidSet out;
  while (!trimmed(text).empty()) {
    std::string_view entry = cut(text, ',');
    if (entry.empty()) continue;  // servers tolerate stray commas
    if (entry.back() == ':') return std::nullopt;
    const auto source = SourceUuid::parse(cut(entry, ':'));
    if (!source || entry.empty()) return std::nullopt;
    Key key{*source, {}};
    bool numbers = true;
    while (!entry.empty()) {
      std::string_view part = cut(entry, ':');
      if (const auto tag = parseTag(part)) {
        if (!numbers && !key.tag.empty()) return std::nullopt;  // two tags in a row
        key.tag = *tag;
        numbers = false;
        continue;
      }
      const bool range = part.find('-') != std::string_view::npos;
      const auto first = number<std::uint64_t>(cut(part, '-'));
      const auto last = range ? number<std::uint64_t>(trimmed(part)) : first;
      if (!first || !last || *first == 0 || *last < *first || *last > kMaxNumber) return std::nullopt;
      insert(out.sets_[key], {*first, *last});
      numbers = true;
    }
    if (!numbers) return std::nullopt;
  }
  return out;
}

std::optional<GtidSet> GtidSet::decode(std::string_view bytes) {
  ByteReader in(bytes);
  GtidSet out;
  // The count is a 64-bit integer; since 8.3 its first and last byte are 1 if tags follow, and the count lies between.
  std::uint64_t count = in.u64();
  const bool tagged = count >> 56U == 1;
  if (tagged) count = count >> 8U & 0xffffffffffffU;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Key key;
    const std::string_view raw = in.slice(16);
    if (!in.ok()) return std::nullopt;
    std::copy(raw.begin(), raw.end(), key.source.bytes.begin());
    if (tagged) {
      const auto tagText = in.slice(readVarlen(in));
      if (!tagText.empty()) {
        const auto tag = parseTag(tagText);
        if (!tag) return std::nullopt;
        key.tag = *tag;
      }
    }
    const std::uint64_t intervals = in.u64();
    for (std::uint64_t k = 0; k < intervals && in.ok(); ++k) {
      const std::uint64_t first = in.u64();
      const std::uint64_t behind = in.u64();
      if (!in.ok() || first == 0 || behind <= first || behind - 1 > kMaxNumber) return std::nullopt;
      insert(out.sets_[key], {first, behind - 1});
    }
  }
  if (!in.ok() || in.left() != 0) return std::nullopt;
  return out;
}

std::string GtidSet::text() const {
  std::string out;
  const SourceUuid* source = nullptr;
  for (const auto& [key, intervals] : sets_) {
    if (source == nullptr || *source != key.source) {
      if (source != nullptr) out += ',';
      out += key.source.text();
      source = &key.source;
    }
    if (!key.tag.empty()) out += ':' + key.tag;
    for (const Interval& interval : intervals) {
      if (interval.first == interval.last) {
        fmt::format_to(std::back_inserter(out), ":{}", interval.first);
      } else {
        fmt::format_to(std::back_inserter(out), ":{}-{}", interval.first, interval.last);
      }
    }
  }
  return out;
}

std::string GtidSet::encode() const {
  const bool tagged =
      std::any_of(sets_.begin(), sets_.end(), [](const auto& entry) { return !entry.first.tag.empty(); });
  std::string out;
  appendLittle(out,
               tagged ? std::uint64_t{1} << 56U | static_cast<std::uint64_t>(sets_.size()) << 8U | 1U : sets_.size());
  for (const auto& [key, intervals] : sets_) {
    out.append(key.source.bytes.begin(), key.source.bytes.end());
    if (tagged) {
      appendVarlenSmall(out, key.tag.size());
      out += key.tag;
    }
    appendLittle(out, intervals.size());
    for (const Interval& interval : intervals) {
      appendLittle(out, interval.first);
      appendLittle(out, interval.last + 1);
    }
  }
  return out;
}

bool GtidSet::contains(const Gtid& gtid) const {
  const auto entry = sets_.find({gtid.source, gtid.tag});
  if (entry == sets_.end()) return false;
  const Intervals& list = entry->second;
  const auto at = std::lower_bound(list.begin(), list.end(), gtid.number,
                                   [](const Interval& have, std::uint64_t value) { return have.last < value; });
  return at != list.end() && at->first <= gtid.number;
}

bool GtidSet::contains(const GtidSet& other) const {
  return std::all_of(other.sets_.begin(), other.sets_.end(), [this](const auto& wanted) {
    const auto mine = sets_.find(wanted.first);
    if (mine == sets_.end()) return false;
    // Both lists are sorted and no two intervals touch, so each wanted one must lie within a single one of mine.
    auto have = mine->second.begin();
    for (const Interval& interval : wanted.second) {
      while (have != mine->second.end() && have->last < interval.last) ++have;
      if (have == mine->second.end() || have->first > interval.first) return false;
    }
    return true;
  });
}

void GtidSet::add(const Gtid& gtid) {
  if (gtid.number != 0) insert(sets_[{gtid.source, gtid.tag}], {gtid.number, gtid.number});
}

void GtidSet::remove(const Gtid& gtid) {
  if (!contains(gtid)) return;
  const auto entry = sets_.find({gtid.source, gtid.tag});
  Intervals& list = entry->second;
  const auto at =
      std::find_if(list.begin(), list.end(), [&](const Interval& have) { return have.last >= gtid.number; });
  const Interval before{at->first, gtid.number - 1}, after{gtid.number + 1, at->last};
  auto next = list.erase(at);
  if (after.first <= after.last) next = list.insert(next, after);
  if (before.first <= before.last) list.insert(next, before);
  if (list.empty()) sets_.erase(entry);
}

void GtidSet::add(const GtidSet& other) {
  for (const auto& [key, intervals] : other.sets_) {
    for (const Interval& interval : intervals) insert(sets_[key], interval);
  }
}

std::string MariadbGtid::text() const {
  return fmt::format("{}-{}-{}", domain, server, sequence);
}

std::optional<MariadbGtid> MariadbGtid::parse(std::string_view text) {
  const auto domain = number<std::uint32_t>(cut(text, '-'));
  const auto server = number<std::uint32_t>(cut(text, '-'));
  const auto sequence = number<std::uint64_t>(trimmed(text));
  if (!domain || !server || !sequence) return std::nullopt;
  return MariadbGtid{*domain, *server, *sequence};
}

std::optional<MariadbPosition> MariadbPosition::parse(std::string_view text) {
  MariadbPosition out;
  while (!trimmed(text).empty()) {
    const auto gtid = MariadbGtid::parse(cut(text, ','));
    if (!gtid || out.last_.contains(gtid->domain)) return std::nullopt;
    out.advance(*gtid);
  }
  return out;
}

std::string MariadbPosition::text() const {
  std::string out;
  for (const auto& [domain, gtid] : last_) {
    if (!out.empty()) out += ',';
    out += gtid.text();
  }
  return out;
}

bool MariadbPosition::contains(const MariadbGtid& gtid) const {
  const auto mine = last_.find(gtid.domain);
  return mine != last_.end() && mine->second.sequence >= gtid.sequence;
}

bool MariadbPosition::contains(const MariadbPosition& other) const {
  return std::all_of(other.last_.begin(), other.last_.end(),
                     [this](const auto& entry) { return contains(entry.second); });
}

}  // namespace drs::mysql
