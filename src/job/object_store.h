#pragma once

#include "transform/object_plan.h"

#include <string>

namespace drs {

/// What planning fixed beside the tables: kept as the job's document "objects" until the job ends.
struct StoredObjects {
  bool copyDone = false;  ///< the finish step is over: what waits for the end may be created
  ObjectPlans objects;    ///< in the order of their creation
};

// JSON text. Decoding throws Error(storeDamaged).
[[nodiscard]] std::string encodeObjects(const StoredObjects& stored);
[[nodiscard]] StoredObjects decodeObjects(const std::string& text);

/// The same without the definitions: names, kinds and what is done. Kept as the document "object_list", also when the
/// job has ended; who only counts or lists reads this one. decodeObjects() reads both.
[[nodiscard]] std::string encodeObjectList(const StoredObjects& stored);

/// Names of the documents. Jobs that were planned before there were any have none.
inline constexpr const char* kObjectsDocument = "objects";
inline constexpr const char* kObjectListDocument = "object_list";

}  // namespace drs
