#include "engine/mysql/catalog.h"
#include "engine/mysql/log_assembler.h"
#include "engine/mysql/log_dump.h"
#include "engine/mysql/log_reader.h"
#include "transform/table_plan.h"

#include <fmt/format.h>
#include <zlib.h>

#include <chrono>
#include <ctime>
#include <fstream>

// bench_log decode|read|receive HOST PORT USER PASSWORD DATABASE POSITION [FILE]: how fast a log becomes transactions
//   decode   events of FILE, all in memory
//   read     the source's log behind POSITION, by the log reader of the product
//   receive  the packets of the same dump, of which nothing is looked at but the heartbeat behind the last one
// Prints "rows seconds cpu_seconds bytes".

namespace {

using namespace drs;
using namespace drs::mysql;

struct Count {
  std::uint64_t rows = 0, bytes = 0;
  void add(const Transaction& transaction) {
    forEachRows(transaction, [&](const RowsChange& change) {
      rows += change.op == RowOp::update ? change.rows.rows() / 2 : change.rows.rows();
      return true;
    });
  }
};

/// As a server announces a file before it dumps it.
std::string rotateTo(const std::string& file) {
  const auto little = [](std::uint64_t value, unsigned width) {
    std::string out;
    for (unsigned i = 0; i < width; ++i) out += static_cast<char>(value >> 8U * i & 0xffU);
    return out;
  };
  constexpr std::uint64_t kChecksumBytes = 4, kFirst = 4, kArtificial = 0x20;
  const std::string body = little(kFirst, 8) + file;
  std::string out = little(0, 4) + little(static_cast<std::uint64_t>(EventType::rotate), 1) + little(1, 4) +
                    little(kEventHeaderBytes + body.size() + kChecksumBytes, 4) + little(0, 4) +
                    little(kArtificial, 2) + body;
  return out + little(crc32_z(0, reinterpret_cast<const unsigned char*>(out.data()), out.size()), 4);  // NOLINT
}

std::string contentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  std::string log(static_cast<std::size_t>(in.tellg()), '\0');
  in.seekg(0);
  in.read(log.data(), static_cast<std::streamsize>(log.size()));
  return log;
}

Count decode(const LogScope& scope, LogPosition start, const std::string& log) {
  Count count;
  LogAssembler assembler(scope, start, {});
  assembler.restart(false);
  (void)assembler.feed(rotateTo(start.file));
  constexpr std::size_t kMagicBytes = 4, kSizeAt = 9;
  for (std::size_t at = kMagicBytes; at + kEventHeaderBytes <= log.size();) {
    std::uint32_t size = 0;
    for (unsigned i = 0; i < 4; ++i)
      size |= static_cast<std::uint32_t>(static_cast<unsigned char>(log[at + kSizeAt + i])) << 8U * i;
    if (const auto transaction = assembler.feed(std::string_view(log).substr(at, size))) count.add(*transaction);
    at += size;
  }
  count.bytes = log.size();
  return count;
}

Count read(const EngineJob& job, const LogPosition& start, const Plans& plans) {
  Count count;
  const auto reader = openLogReader(job, toPosition(start), plans);
  while (const auto transaction = reader->next({})) count.add(*transaction);
  return count;
}

Count receive(const EngineJob& job, const LogPosition& start) {
  Count count;
  const auto dump = LogDump::start(connectOptions(job, Side::source), start, DumpIdentity::random());
  constexpr std::size_t kTypeAt = 4;
  while (true) {
    const std::string_view packet = dump->read();
    const auto type = static_cast<EventType>(static_cast<unsigned char>(packet[kTypeAt]));
    if (type == EventType::heartbeat || type == EventType::heartbeatV2) return count;
    count.bytes += packet.size();
  }
}

int run(const std::vector<std::string>& arguments) {
  EngineJob job;
  EndpointInfo& info = job.spec.sourceEndpoint.emplace_back();
  info.endpoint.ip = arguments.at(1);
  info.endpoint.dbPort = arguments.at(2);
  info.endpoint.dbUser = arguments.at(3);
  info.endpoint.dbPassword = Secret{arguments.at(4), false};
  job.spec.dbObject.objectScope = "database";
  job.spec.dbObject.objectInfo.emplace()[arguments.at(5)].all = true;
  const auto connection = Connection::open(connectOptions(job, Side::source));
  Plans plans;
  for (const auto& table : readTables(*connection, {arguments.at(5)}, [](const TableName&) { return true; }))
    plans.push_back(planFor(job.spec, table));
  LogScope scope;
  scope.plans = &plans;
  scope.covers = [](const TableName&) { return false; };
  scope.coversDatabase = [&](const std::string& name) { return name == arguments.at(5); };
  LogPosition start;
  start.mariadb = connection->server().mariadb;
  const std::string& place = arguments.at(6);
  start.file = place.substr(0, place.rfind(':'));
  start.offset = std::stoull(place.substr(place.rfind(':') + 1));
  const std::string log = arguments.size() > 7 ? contentOf(arguments.at(7)) : std::string();
  const auto begin = std::chrono::steady_clock::now();
  const std::clock_t cpu = std::clock();
  Count count;
  if (arguments.at(0) == "decode") count = decode(scope, start, log);
  if (arguments.at(0) == "read") count = read(job, start, plans);
  if (arguments.at(0) == "receive") count = receive(job, start);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  fmt::print("{} {:.3f} {:.3f} {}\n", count.rows, seconds.count(),
             static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC, count.bytes);
  return 0;
}

}  // namespace

int main(int count, char** values) {
  try {
    return run({values + 1, values + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_log: {}\n", error.what());
    return 1;
  }
}
