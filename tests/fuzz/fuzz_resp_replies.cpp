#include "base/error.h"
#include "wire/resp/reply.h"
#include "wire/resp/reply_scanner.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

// Any bytes as replies: the scanner counts the same however they are cut, and the tree reader finds as many.

namespace {

using namespace drs::resp;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::uint64_t replies = 0;
  std::vector<std::string> problems;
  bool refused = false, idle = false;
  bool operator==(const Outcome&) const = default;
};

Outcome scan(std::string_view bytes, std::size_t piece) {
  Outcome outcome;
  ReplyScanner scanner;
  std::vector<ReplyProblem> problems;
  try {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const auto progress = scanner.feed(bytes.substr(at, piece), problems);
      require(progress.bytes == std::min(piece, bytes.size() - at));
      outcome.replies += progress.replies;
    }
    outcome.idle = scanner.idle();
  } catch (const drs::Error& error) {
    require(error.msg() == drs::Msg::badReply);
    outcome.refused = true;
    outcome.replies = scanner.complete();
  }
  require(scanner.complete() == outcome.replies);
  for (const ReplyProblem& each : problems) {
    require(each.text.size() <= ReplyScanner::kMaxErrorBytes && each.index <= outcome.replies);
    outcome.problems.push_back(std::to_string(each.index) + "." + std::to_string(each.position) + each.text);
  }
  return outcome;
}

std::uint64_t readTrees(std::string_view bytes, bool& refused) {
  ReplyReader reader({1U << 20U, 10'000});
  std::uint64_t count = 0;
  try {
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
      reader.append(bytes.substr(at, 7));
      while (const auto reply = reader.next()) {
        ++count;
        require(reply->describe().size() < 300);
        (void)reply->integer();
      }
    }
  } catch (const drs::Error& error) {
    require(error.msg() == drs::Msg::badReply);
    refused = true;
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = scan(bytes, bytes.size() + 1);
  require(scan(bytes, data[0] % 32U + 1) == whole);
  bool refused = false;
  const std::uint64_t trees = readTrees(bytes, refused);
  // The reader looks into numbers that the scanner only passes over, so it may refuse more.
  require(trees == whole.replies || (refused && trees <= whole.replies));
  return 0;
}
