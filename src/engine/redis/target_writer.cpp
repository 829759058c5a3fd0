#include "engine/redis/target_writer.h"

#include "engine/redis/cluster_writer.h"
#include "engine/redis/server_writer.h"

namespace drs::redis {

TargetWriter::TargetWriter(Options options) : options_(std::move(options)), answerTimeout_(options_.answerTimeout) {
  next_.db = sent_.db = options_.databases.at(0);
}

std::unique_ptr<TargetWriter> TargetWriter::takeOver(Options options, const std::stop_token& stop) {
  if (options.cluster) return ClusterWriter::takeOver(std::move(options), stop);
  return ServerWriter::takeOver(std::move(options), stop);
}

}  // namespace drs::redis
