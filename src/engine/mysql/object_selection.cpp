#include "engine/mysql/object_selection.h"

#include "engine/mysql/account_selection.h"
#include "engine/mysql/catalog.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/made_objects.h"
#include "engine/mysql/object_rights.h"
#include "engine/mysql/sink_lookup.h"
#include "engine/mysql/table_ddl.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace drs::mysql {
namespace {

constexpr int kMysqlWithoutAutoCreateUser = 80000;

std::string targetDatabase(const JobSpec& spec, const std::string& source) {
  return mappedName(spec, {source, {}}).database;
}

NameChanges nameChanges(const JobSpec& spec, const std::vector<std::string>& databases) {
  NameChanges out;
  for (const std::string& database : databases) {
    const std::string target = targetDatabase(spec, database);
    if (target != database) out.databases[database] = target;
  }
  if (!spec.dbObject.objectInfo) return out;
  for (const auto& [name, database] : *spec.dbObject.objectInfo) {
    if (!database.tables) continue;
    for (const auto& [table, object] : *database.tables)
      if (isTableObject(object) && mappedName(spec, {name, table}).table != table) out.tables.insert({name, table});
  }
  return out;
}

class Selector {
 public:
  Selector(Connection& source, Connection& target, const EngineJob& job, const std::vector<std::string>& databases)
      : source_(source),
        target_(target),
        job_(job),
        databases_(databases),
        rule_(definerRuleOf(job)),
        changes_(nameChanges(job.spec, databases)),
        collations_(Collations::read(target)),
        made_(job.id),
        rights_(target, rule_),
        hasNotes_(hasControlTables(target)) {}

  ObjectSelection run(const std::stop_token& stop) {
    out_ = selectAccounts(source_, target_, job_, databases_, stop);
    for (const ObjectPlan& account : out_.objects)
      rights_.expect(parseAccount(account.target.table, {}).value_or(Account{}));
    const SourceObjects found = readObjects(source_, job_.spec, databases_);
    for (const std::string& other : found.others)
      out_.problems.push_back({kDefinitionItem, other, "this kind is not copied by this version"});
    for (const std::string& hidden : found.hidden)
      out_.problems.push_back({kDefinitionItem, hidden, "the source account lacks the right to see them"});
    for (const SourceObject& object : found.objects) {
      if (stop.stop_requested()) return {};
      consider(object);
    }
    while (dropDependents()) {
    }
    for (Candidate& one : candidates_) out_.objects.push_back(std::move(one.plan));
    return std::move(out_);
  }

 private:
  struct Candidate {
    ObjectPlan plan;
    std::vector<TableName> references;
  };

  void leaveOut(const char* item, ObjectKind kind, const TableName& name, std::string reason) {
    out_.problems.push_back({item, printable(kind, name), std::move(reason)});
  }

  void consider(const SourceObject& object) {
    const ObjectKind kind = object.text.kind;
    const auto refuse = [&](const char* item, std::string reason) {
      if (reason.empty()) return false;
      leaveOut(item, kind, object.name, std::move(reason));
      return true;
    };
    if (refuse(kDefinitionItem, object.problem)) return;
    RewrittenObject rewritten = rewriteObject(object.text, changes_, rule_);
    if (refuse(kDefinitionItem, rewritten.problem)) return;
    ObjectPlan plan = planOf(object, std::move(rewritten.statement));
    if (refuse(kDefinitionItem, settingsProblem(plan))) return;
    if (refuse(kStandingItem, standingProblem(plan))) return;
    if (refuse(kDefinerItem, rights_.problem(object, plan.target.database))) return;
    if (refuse(kDefinerItem, rights_.definerProblem(rewritten.definer))) return;
    candidates_.push_back({std::move(plan), std::move(rewritten.references)});
  }

  [[nodiscard]] ObjectPlan planOf(const SourceObject& object, std::string statement) const {
    ObjectPlan plan;
    plan.kind = object.text.kind;
    plan.source = object.name;
    plan.target = {targetDatabase(job_.spec, object.name.database), object.name.table};
    plan.statement = std::move(statement);
    plan.sqlMode = object.text.sqlMode;
    plan.charset = object.text.charset;
    plan.collation = collations_.nearest(object.collation).value_or(object.collation);
    plan.timeZone = object.timeZone;
    plan.databaseCollation = object.databaseCollation;
    return plan;
  }

  std::string standingProblem(const ObjectPlan& plan) {
    if (isSystemDatabase(plan.target.database)) return "its database at the target is the server's own";
    if (!objectExists(target_, plan.kind, plan.target)) return {};
    if (hasNotes_ && made_.isMade(target_, plan.kind, plan.target)) return {};
    return "it stands at the target already";
  }

  /// Whether the target knows the SQL mode, the character set and the time zone; the same for many objects.
  std::string settingsProblem(const ObjectPlan& plan) {
    const std::string settings = sessionSettings(plan, target_.server());
    const auto known = settings_.find(settings);
    if (known != settings_.end()) return known->second;
    std::string problem;
    try {
      target_.execute(settings);
    } catch (const Error& error) {
      if (error.action() == Action::retry) throw;
      problem = "the target does not take its session settings: " + error.text();
    }
    target_.execute(ordinarySettings());
    return settings_[settings] = problem;
  }

  // --- what a view stands on ---------------------------------------------------------------------------------------

  /// Leaves out the views that use what is not there; true if there were any: others may stand on them.
  bool dropDependents() {
    bool any = false;
    std::erase_if(candidates_, [&](const Candidate& one) {
      if (one.plan.kind != ObjectKind::view) return false;
      for (const TableName& used : one.references) {
        if (isThere(used, one.plan)) continue;
        leaveOut(kDefinitionItem, ObjectKind::view, one.plan.source,
                 fmt::format("it uses {}.{}, which is neither selected nor at the target", used.database, used.table));
        any = true;
        return true;
      }
      return false;
    });
    return any;
  }

  bool isThere(const TableName& used, const ObjectPlan& view) {
    if (used == view.source || isSystemDatabase(used.database)) return true;
    const bool planned = std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& other) {
      const bool usable = other.plan.kind == ObjectKind::view || other.plan.kind == ObjectKind::function;
      return usable && other.plan.source == used;
    });
    if (planned) return true;
    const std::string type = typeAtSource(used);
    if (type.empty()) return true;  // no object: `alias`.`column`
    if (type == "BASE TABLE" && isSelected(job_.spec, used)) return true;
    const TableName target{targetDatabase(job_.spec, used.database), used.table};
    return objectExists(target_, type == "FUNCTION" ? ObjectKind::function : ObjectKind::view, target);
  }

  /// The table's type, "FUNCTION", or nothing.
  const std::string& typeAtSource(const TableName& name) {
    const auto known = types_.find(name);
    if (known != types_.end()) return known->second;
    const auto type = source_.value("SELECT TABLE_TYPE FROM information_schema.TABLES WHERE " + onTable(name));
    if (type) return types_[name] = *type;
    return types_[name] = objectExists(source_, ObjectKind::function, name) ? "FUNCTION" : "";
  }

  Connection& source_;
  Connection& target_;
  const EngineJob& job_;
  const std::vector<std::string>& databases_;
  const DefinerRule rule_;
  const NameChanges changes_;
  const Collations collations_;
  const MadeObjects made_;
  ObjectRights rights_;
  const bool hasNotes_;
  std::vector<Candidate> candidates_;
  std::map<std::string, std::string> settings_;
  std::map<TableName, std::string> types_;
  ObjectSelection out_;
};

}  // namespace

DefinerRule definerRuleOf(const EngineJob& job) {
  const auto rule = parseDefiner(job.definer);
  if (!rule) throw Error(Msg::internal, {"mysql.definer is " + job.definer});
  return *rule;
}

std::string sessionSettings(const ObjectPlan& object, const ServerInfo& target) {
  std::string mode = object.sqlMode;
  // Gone there, and without influence on what an object does: it was about GRANT.
  if (!target.mariadb && target.version >= kMysqlWithoutAutoCreateUser) {
    constexpr std::string_view kGone = "NO_AUTO_CREATE_USER";
    const std::size_t at = mode.find(kGone);
    if (at != std::string::npos) {
      const bool last = at + kGone.size() == mode.size();
      mode.erase(last && at > 0 ? at - 1 : at, kGone.size() + (last && at == 0 ? 0 : 1));
    }
  }
  std::string sql = "SET SESSION sql_mode = " + quoteText(mode);
  if (!object.timeZone.empty()) sql += ", time_zone = " + quoteText(object.timeZone);
  // After the mode, because the rest of a statement is read in the old character set.
  if (!object.charset.empty()) sql += ", character_set_client = " + quoteText(object.charset);
  if (!object.collation.empty()) sql += ", collation_connection = " + quoteText(object.collation);
  return sql;
}

std::string ordinarySettings() {
  return "SET NAMES utf8mb4, character_set_results = binary, time_zone = '+00:00', sql_mode = "
         "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,STRICT_ALL_TABLES'";
}

ObjectSelection selectObjects(Connection& source, Connection& target, const EngineJob& job,
                              const std::vector<std::string>& databases, const std::stop_token& stop) {
  if (job.spec.baseInfo.taskType.value_or("") == "INCR_TRANS" || !syncTypesOf(job.spec).structure) return {};
  return Selector(source, target, job, databases).run(stop);
}

}  // namespace drs::mysql
