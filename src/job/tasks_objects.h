#pragma once

#include "job/object_store.h"
#include "job/task_body.h"

namespace drs {

/// The objects that the task will create. Each that cannot be copied is written to the job's log if the user skipped
/// the item that names it; if not, throws Error(precheckFailed).
[[nodiscard]] ObjectPlans planObjects(const TaskContext& context, const Engine& engine);

/// The job's document; empty if it has none.
[[nodiscard]] StoredObjects storedObjects(const TaskContext& context);

/// Creates those that are not done and are due: triggers and events with `atEnd`, the others without; marks them as
/// done. The fence must have been taken. Throws what ObjectCopier::create() throws.
void createObjects(const TaskContext& context, StoredObjects& stored, bool atEnd);

}  // namespace drs
