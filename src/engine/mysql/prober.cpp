#include "engine/mysql/prober.h"

#include "engine/mysql/catalog.h"
#include "engine/mysql/object_selection.h"
#include "engine/mysql/prober_checks.h"
#include "transform/table_plan.h"

#include <algorithm>
#include <array>
#include <set>

namespace drs::mysql {

ProbeState::ProbeState(const EngineJob& job, std::stop_token stop) : job_(job), stop_(std::move(stop)) {}

void ProbeState::connect() {
  const auto open = [&](Side side, std::unique_ptr<Connection>& connection, std::optional<Error>& error) {
    try {
      connection = Connection::open(connectOptions(job_, side));
    } catch (const Error& failure) {
      error = failure;
    }
  };
  open(Side::source, source_, sourceError_);
  if (!stop_.stop_requested()) open(Side::target, target_, targetError_);
}

Connection& ProbeState::side(std::unique_ptr<Connection>& connection, const std::optional<Error>& error) {
  if (error) throw Error(*error);
  if (!connection) throw Error(Msg::internal, {"the pre-check was stopped"});
  return *connection;
}

const std::vector<std::string>& ProbeState::databases() {
  if (!databases_) {
    std::vector<std::string> present = userDatabases(source());
    if (const auto wanted = selectedDatabases(job_.spec))
      std::erase_if(present, [&](const std::string& name) {
        return std::find(wanted->begin(), wanted->end(), name) == wanted->end();
      });
    databases_ = std::move(present);
  }
  return *databases_;
}

const std::vector<TableSchemaPtr>& ProbeState::sourceTables() {
  if (tablesError_) throw Error(*tablesError_);
  if (!sourceTables_) {
    try {
      const ConnectOptions second = connectOptions(job_, Side::source);
      sourceTables_ = readTables(
          source(), databases(), [&](const TableName& name) { return isSelected(job_.spec, name); }, &second);
    } catch (const Error& error) {
      tablesError_ = error;
      throw;
    }
  }
  return *sourceTables_;
}

const std::vector<TableSchemaPtr>& ProbeState::selected() {
  if (!selected_) {
    selected_.emplace();
    for (const TableSchemaPtr& table : sourceTables())
      if (isSelected(job_.spec, table->name)) selected_->push_back(table);
  }
  return *selected_;
}

const std::map<TableName, TableSchemaPtr>& ProbeState::targetTables() {
  if (!targetTables_) {
    std::set<std::string> databases;
    std::set<TableName> wanted;  // their foreign keys must be known for sure
    for (const TableSchemaPtr& table : selected()) {
      wanted.insert(mappedName(job_.spec, table->name));
      databases.insert(mappedName(job_.spec, table->name).database);
    }
    std::map<TableName, TableSchemaPtr> tables;
    for (const TableSchemaPtr& table : readTables(target(), {databases.begin(), databases.end()},
                                                  [&](const TableName& name) { return wanted.contains(name); }))
      tables[table->name] = table;
    targetTables_ = std::move(tables);
  }
  return *targetTables_;
}

const ObjectSelection& ProbeState::objects() {
  if (objectsError_) throw Error(*objectsError_);
  if (!objects_) {
    try {
      objects_ = selectObjects(source(), target(), job_, databases(), stop_);
    } catch (const Error& error) {
      objectsError_ = error;
      throw;
    }
  }
  return *objects_;
}

LogMode ProbeState::sourceLogMode() {
  return logMode(source());
}

bool ProbeState::copiesWithoutLog() {
  return job_.spec.baseInfo.taskType == "FULL_TRANS" && sourceLogMode() == LogMode::none;
}

std::string globalVariable(Connection& connection, const std::string& name) {
  const auto rows = connection.query("SHOW GLOBAL VARIABLES WHERE Variable_name = " + quoteText(name));
  return rows.empty() ? std::string() : rows.front().at(1).value_or("");
}

namespace {

std::string explained(const Error& error) {
  const std::string remedy = error.remedy();
  return remedy.empty() ? error.text() : error.text() + ". " + remedy;
}

class MysqlProber final : public Prober {
 public:
  explicit MysqlProber(EngineJob job) : job_(std::move(job)) {}

  std::vector<NetworkResult> network(const std::stop_token& stop) override {
    std::vector<NetworkResult> results;
    for (const Side side : {Side::source, Side::target}) {
      ConnectOptions options;
      try {
        options = connectOptions(job_, side);
      } catch (const Error& error) {
        results.push_back({askedAddress(side), false, std::string(error.code()), explained(error)});
        continue;
      }
      for (const Address& address : options.addresses) {
        if (stop.stop_requested()) return results;
        ConnectOptions one = options;
        one.addresses = {address};
        results.push_back(tryOne(one));
      }
    }
    return results;
  }

  std::vector<PrecheckItem> precheck(const std::stop_token& stop) override {
    ProbeState& state = begin(stop);
    std::vector<PrecheckItem> items;
    for (const auto* checks : {&serverChecks(), &rightsChecks(), &objectChecks(), &otherObjectChecks(),
                               &settingChecks(), &targetChecks(), &twoWayChecks()}) {
      for (const Check& check : *checks) {
        if (stop.stop_requested()) return items;
        items.push_back(runCheck(check, state));
      }
    }
    return items;
  }

  std::vector<TableSchemaPtr> sourceTables(const std::stop_token& stop) override {
    return (state_ ? *state_ : begin(stop)).sourceTables();
  }

 private:
  ProbeState& begin(const std::stop_token& stop) {
    state_.emplace(job_, stop);
    state_->connect();
    return *state_;
  }

  static NetworkResult tryOne(const ConnectOptions& options) {
    NetworkResult result;
    result.ip = options.addresses.front().host;
    try {
      (void)Connection::open(options);
      result.success = true;
    } catch (const Error& error) {
      result.errorCode = error.code();
      result.errorMessage = explained(error);
    }
    return result;
  }

  static PrecheckItem runCheck(const Check& check, ProbeState& state) {
    PrecheckItem item;
    item.item = check.item;
    item.group = check.group;
    try {
      Verdict verdict = check.run(state);
      item.result = verdict.result;
      item.reason = std::move(verdict.reason);
      item.skippable = verdict.skippable;
    } catch (const Error& error) {
      item.result = CheckResult::failed;
      item.reason = explained(error);
      item.rawError = error.text();
    }
    return item;
  }

  [[nodiscard]] std::string askedAddress(Side side) const {
    const auto& list = side == Side::source ? job_.spec.sourceEndpoint : job_.spec.targetEndpoint;
    if (list.empty()) return {};
    return list.front().endpoint.ip.value_or(list.front().endpoint.instanceId.value_or(""));
  }

  EngineJob job_;
  std::optional<ProbeState> state_;  ///< of the latest pre-check
};

}  // namespace

std::unique_ptr<Prober> makeProber(const EngineJob& job) {
  return std::make_unique<MysqlProber>(job);
}

}  // namespace drs::mysql
