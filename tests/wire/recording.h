#pragma once

#include "base/bytes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace drs::mysql {

/// The whole file under tests/wire/data.
inline std::string readData(const std::string& name) {
  std::ifstream file(std::string(DRS_TEST_DATA) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The packets of a recorded dump (see data/README.md).
inline std::vector<std::string> readPackets(const std::string& name) {
  const std::string bytes = readData(name);
  ByteReader in(bytes);
  std::vector<std::string> packets;
  while (in.left() > 0) packets.emplace_back(in.slice(in.u32()));
  EXPECT_TRUE(in.ok()) << name;
  return packets;
}

}  // namespace drs::mysql
