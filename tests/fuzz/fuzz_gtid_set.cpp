#include "wire/mysql/gtid_set.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// Any text or bytes as a GTID set: what is accepted has one canonical text and survives every way there and back.

namespace {

using namespace drs::mysql;

void require(bool holds) {
  if (!holds) std::abort();
}

void checkSet(const GtidSet& set) {
  const std::string text = set.text();
  const auto again = GtidSet::parse(text);
  require(again && *again == set && again->text() == text);
  require(GtidSet::decode(set.encode()) == set);
  require(set.contains(set));
  GtidSet doubled = set;
  doubled.add(set);
  require(doubled == set);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto set = GtidSet::parse(input)) checkSet(*set);
  if (const auto set = GtidSet::decode(input)) checkSet(*set);
  if (const auto gtid = Gtid::parse(input)) {
    require(Gtid::parse(gtid->text()) == gtid);
    GtidSet set;
    set.add(*gtid);
    require(set.contains(*gtid));
    checkSet(set);
  }
  if (const auto gtid = MariadbGtid::parse(input)) require(MariadbGtid::parse(gtid->text()) == gtid);
  if (const auto position = MariadbPosition::parse(input)) {
    require(MariadbPosition::parse(position->text()) == position);
    require(position->contains(*position));
  }
  return 0;
}
