#include "wire/rdb/rdb_error.h"

#include "base/error.h"

#include <string>

namespace drs::rdb {

void throwCorrupt(std::string_view what) {
  throw Error(Msg::logCorrupt, {std::string(kUnknownPlace), std::string(what)}, Origin::source);
}

void throwUnsupported(std::string_view what, std::string_view remedy) {
  throw Error(Msg::logUnsupported, {std::string(what), std::string(remedy)}, Origin::source);
}

}  // namespace drs::rdb
