#include "engine/mysql/object_copier.h"

#include "base/failpoint.h"
#include "engine/mysql/account_selection.h"
#include "engine/mysql/catalog.h"
#include "engine/mysql/made_objects.h"
#include "engine/mysql/object_selection.h"
#include "engine/mysql/sink_lookup.h"
#include "engine/mysql/sink_session.h"
#include "engine/mysql/table_ddl.h"
#include "engine/mysql/trigger_order.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace drs::mysql {
namespace {

/// Creates objects over one session, whose settings are the ordinary ones between two objects.
class Creator {
 public:
  Creator(Connection& target, const std::string& jobId)
      : target_(target), made_(jobId), collations_(Collations::read(target)) {}

  /// A view may stand on another one that comes later: what fails is tried again as long as something succeeds. A
  /// trigger waits for those that fire before it: made after it, they would fire after it.
  std::vector<std::string> run(const ObjectPlans& objects, const std::stop_token& stop) {
    std::vector<const ObjectPlan*> waiting;
    for (const ObjectPlan& object : objects) waiting.push_back(&object);
    while (!waiting.empty()) {
      failures_.clear();
      missing_.clear();
      std::vector<const ObjectPlan*> failed;
      for (const ObjectPlan* object : waiting) {
        if (stop.stop_requested())
          throw Error(Msg::connectionLost, {"the target", "the task was stopped"}, Origin::target);
        if (waitsForOther(*object) || !create(*object)) failed.push_back(object);
        if (!failed.empty() && failed.back() == object && object->kind == ObjectKind::trigger)
          missing_.emplace_back(triggerPlace(*object), object);
      }
      if (failed.size() == waiting.size()) throw Error(Msg::objectNotCreated, {failures_}, Origin::target);
      waiting = std::move(failed);
    }
    return std::move(notes_);
  }

 private:
  /// True if an earlier trigger of the same table, moment and event is missing.
  bool waitsForOther(const ObjectPlan& object) {
    if (object.kind != ObjectKind::trigger || missing_.empty()) return false;
    const TriggerPlace place = triggerPlace(object);
    for (const auto& [other, earlier] : missing_) {
      if (!fireTogether(place, other)) continue;
      addFailure(object, "not created before the " + printable(earlier->kind, earlier->target) +
                             ", which has to fire before it: triggers fire in the order of their creation");
      return true;
    }
    return false;
  }

  void addFailure(const ObjectPlan& object, const std::string& why) {
    failures_ += (failures_.empty() ? "" : "; ") + printable(object.kind, object.target) + ": " + why;
  }

  bool create(const ObjectPlan& object) {
    const std::string name = printable(object.kind, object.target);
    if (objectExists(target_, object.kind, object.target)) {
      if (!made_.isMade(target_, object.kind, object.target))
        notes_.push_back("The " + name + " stands at the target already and is left as it is");
      return true;
    }
    prepareDatabase(object);
    made_.note(target_, object.kind, object.target);
    failpoint("objects.noted");
    try {
      target_.execute("USE " + quoteName(object.target.database));
      target_.execute(sessionSettings(object, target_.server()));
      target_.execute(object.statement);
      target_.execute(ordinarySettings());
    } catch (const Error& error) {
      if (error.msg() == Msg::connectionLost) throw;  // it may have been created
      target_.execute(ordinarySettings());
      made_.forget(target_, object.kind, object.target);  // whoever creates it now is not we
      if (error.action() == Action::retry) throw;
      addFailure(object, error.text());
      return false;
    }
    failpoint("objects.created");
    if (object.kind == ObjectKind::event && !objectExists(target_, object.kind, object.target)) {
      made_.forget(target_, object.kind, object.target);
      notes_.push_back("The target did not keep the " + name + ": its time has passed");
    }
    return true;
  }

  void prepareDatabase(const ObjectPlan& object) {
    if (!prepared_.insert(object.target.database).second) return;
    const auto wanted = collations_.nearest(object.databaseCollation);
    if (!databaseExists(target_, object.target.database)) {
      std::string sql = "CREATE DATABASE IF NOT EXISTS " + quoteName(object.target.database);
      if (wanted) sql += " COLLATE " + *wanted;
      target_.execute(sql);
      return;
    }
    const auto now =
        target_.value("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " +
                      quoteText(object.target.database));
    if (wanted && now && *now != *wanted && object.kind != ObjectKind::view)
      notes_.push_back(
          fmt::format("The database {} has the collation {} at the target, {} at the source: variables and "
                      "parameters of its routines, triggers and events that name none take the target's",
                      object.target.database, *now, *wanted));
  }

  Connection& target_;
  MadeObjects made_;
  Collations collations_;
  std::set<std::string> prepared_;
  std::string failures_;
  std::vector<std::pair<TriggerPlace, const ObjectPlan*>> missing_;  ///< triggers that failed in this round
  std::vector<std::string> notes_;
};

class MysqlObjectCopier final : public ObjectCopier {
 public:
  explicit MysqlObjectCopier(EngineJob job) : job_(std::move(job)) {}

  ObjectSelection select(const std::stop_token& stop) override {
    const auto source = Connection::open(connectOptions(job_, Side::source));
    const auto target = Connection::open(connectOptions(job_, Side::target));
    return selectObjects(*source, *target, job_, selectedNow(*source), stop);
  }

  std::vector<std::string> create(const ObjectPlans& objects, const Fence& fence,
                                  const std::stop_token& stop) override {
    if (objects.empty()) return {};
    SinkSession session(connectOptions(job_, Side::target), ControlTables(job_.id));
    const std::stop_callback onStop(stop, [&session] { session.shutdown(); });
    session.adopt(fence);
    ObjectPlans accounts;
    ObjectPlans others;
    for (const ObjectPlan& object : objects) (isAccountKind(object.kind) ? accounts : others).push_back(object);
    if (accounts.empty()) return Creator(session.fenced(), job_.id).run(others, stop);
    // Before the objects that have them as DEFINER; their rights behind, since grants ask for the objects.
    const auto source = Connection::open(connectOptions(job_, Side::source));
    AccountCreator creator(*source, session.fenced(), job_, selectedNow(*source));
    creator.create(accounts, stop);
    std::vector<std::string> notes = Creator(session.fenced(), job_.id).run(others, stop);
    for (std::string& note : creator.grant()) notes.push_back(std::move(note));
    return notes;
  }

 private:
  [[nodiscard]] std::vector<std::string> selectedNow(Connection& source) const {
    std::vector<std::string> databases = userDatabases(source);
    if (const auto wanted = selectedDatabases(job_.spec))
      std::erase_if(databases, [&](const std::string& name) {
        return std::find(wanted->begin(), wanted->end(), name) == wanted->end();
      });
    return databases;
  }

  const EngineJob job_;
};

}  // namespace

std::unique_ptr<ObjectCopier> makeObjectCopier(const EngineJob& job) {
  return std::make_unique<MysqlObjectCopier>(job);
}

}  // namespace drs::mysql
