#pragma once

#include "transform/object_plan.h"

#include <string>

namespace drs {

/// What planning fixed beside the tables: kept as the job's document "objects", also when the job has ended.
struct StoredObjects {
  bool copyDone = false;  ///< the finish step is over: what waits for the end may be created
  ObjectPlans objects;    ///< in the order of their creation
};

// JSON text. Decoding throws Error(storeDamaged).
[[nodiscard]] std::string encodeObjects(const StoredObjects& stored);
[[nodiscard]] StoredObjects decodeObjects(const std::string& text);

/// Name of the document. Jobs that were planned before there was one have none.
inline constexpr const char* kObjectsDocument = "objects";

}  // namespace drs
