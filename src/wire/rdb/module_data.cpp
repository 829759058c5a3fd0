#include "wire/rdb/module_data.h"

#include "wire/rdb/reader.h"

namespace drs::rdb {

bool skipModulePiece(ByteReader& in) {
  enum Tag : std::uint64_t { endMark = 0, signedNumber = 1, unsignedNumber = 2, real32 = 3, real64 = 4, string = 5 };
  const std::uint64_t tag = readLength(in);
  if (!in.ok()) return false;
  switch (tag) {
    case endMark:
      return true;
    case signedNumber:
    case unsignedNumber:
      (void)readLength(in);
      return false;
    case real32:
      in.skip(4);
      return false;
    case real64:
      in.skip(8);
      return false;
    case string:
      (void)readRawString(in);
      return false;
    default:
      throwCorrupt("data of a module has an unknown tag");
  }
}

void skipKeyMetadata(ByteReader& in) {
  // number of classes, then of each: 4 bytes that say which, and its pieces up to an end mark
  for (std::uint64_t classes = readLength(in); in.ok() && classes > 0; --classes) {
    in.skip(4);
    while (in.ok() && !skipModulePiece(in)) {
    }
  }
}

std::string moduleName(std::uint64_t id) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string name(9, ' ');
  id >>= 10U;
  for (std::size_t i = name.size(); i-- > 0; id >>= 6U) name[i] = kLetters[id & 63U];
  return name;
}

}  // namespace drs::rdb
