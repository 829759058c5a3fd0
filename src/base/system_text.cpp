#include "base/system_text.h"

#include <array>
#include <cstring>

namespace drs {

std::string systemText(int code) {
  std::array<char, 256> buffer{};
  return ::strerror_r(code, buffer.data(), buffer.size());  // the GNU variant returns the text
}

}  // namespace drs
