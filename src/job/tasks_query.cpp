#include "base/error.h"
#include "engine/mysql/position.h"
#include "job/tasks_common.h"
#include "model/job_spec_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

// objects, position: questions about the source.

namespace drs {
namespace {

using Json = nlohmann::json;

std::vector<std::string> wantedDatabases(const Json& payload, const std::vector<std::string>& present) {
  const auto wanted = payload.value("databases", std::vector<std::string>{});
  if (wanted.empty()) return present;
  std::vector<std::string> out;
  std::copy_if(present.begin(), present.end(), std::back_inserter(out),
               [&](const std::string& name) { return std::find(wanted.begin(), wanted.end(), name) != wanted.end(); });
  return out;
}

/// What the source has, in the shape of a selection.
class ObjectsBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    const auto catalog = engineOf(context).catalog(context.engineJob, Side::source);
    const auto databases = wantedDatabases(Json::parse(context.task.payload), catalog->databases());
    DbObject found;
    found.objectScope = "table";
    found.objectInfo.emplace();
    for (const std::string& name : databases) {
      DatabaseObject& database = (*found.objectInfo)[name];
      database.totalTableNum = 0;
      database.tables.emplace();
    }
    for (const TableSchemaPtr& table : catalog->tables(databases)) {
      DatabaseObject& database = found.objectInfo->at(table->name.database);
      (*database.tables)[table->name.table].type = "table";
      *database.totalTableNum += 1;
    }
    TaskOutcome outcome;
    outcome.answer = encodeDbObject(found).dump(-1, ' ', false, Json::error_handler_t::replace);
    return outcome;
  }
};

/// Where the source's log is now.
class PositionBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    TaskOutcome outcome;
    outcome.answer = positionForUsers(engineOf(context).source(context.engineJob)->currentPosition());
    return outcome;
  }
};

}  // namespace

std::string positionForUsers(const Position& position) {
  const auto place = mysql::fromPosition(position);
  return place.file.empty() ? place.gtid : place.file + ":" + std::to_string(place.offset);
}

std::unique_ptr<TaskBody> makeObjectsBody() {
  return std::make_unique<ObjectsBody>();
}
std::unique_ptr<TaskBody> makePositionBody() {
  return std::make_unique<PositionBody>();
}

}  // namespace drs
