#pragma once

#include "model/job_spec.h"
#include "model/table_schema.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drs {

/// Objects beside tables, in the order in which they are created.
enum class ObjectKind : std::uint8_t { role, account, function, procedure, view, trigger, event };

inline constexpr std::array<ObjectKind, 7> kObjectKinds = {
    ObjectKind::role, ObjectKind::account, ObjectKind::function, ObjectKind::procedure,
    ObjectKind::view, ObjectKind::trigger, ObjectKind::event};

/// "role", "account", "function", "procedure", "view", "trigger", "event": as in the API and in messages.
[[nodiscard]] std::string_view toText(ObjectKind kind) noexcept;

/// One object as it is to be created at the target. Fixed when the task is planned and stored with the job.
struct ObjectPlan {
  ObjectKind kind = ObjectKind::view;
  TableName source, target;  ///< `table` is the object's name; roles and accounts ("'user'@'host'") have no database
  std::string statement;     ///< CREATE …, rewritten for the target; bytes in `charset`. Empty for roles and accounts:
                             ///< their secrets are read from the source when they are created, and kept nowhere
  std::string sqlMode;       ///< of the session that creates it
  std::string charset, collation;
  std::string timeZone;              ///< of events, else empty
  std::string databaseCollation;     ///< default of the source's database
  bool done = false;                 ///< it stands at the target
  std::vector<std::string> leftOut;  ///< of roles and accounts: what the planning has said it will lack

  bool operator==(const ObjectPlan&) const = default;
};
using ObjectPlans = std::vector<ObjectPlan>;

/// True for what must not stand at the target while the task writes rows there: triggers, which would do their work a
/// second time, and events. They are created when the task is ended.
[[nodiscard]] constexpr bool isCreatedAtEnd(ObjectKind kind) noexcept {
  return kind == ObjectKind::trigger || kind == ObjectKind::event;
}

[[nodiscard]] constexpr bool isAccountKind(ObjectKind kind) noexcept {
  return kind == ObjectKind::role || kind == ObjectKind::account;
}

/// True if the selection covers everything of the database, not only what it lists.
[[nodiscard]] bool isWholeDatabase(const JobSpec& spec, const std::string& database);

/// True if the selection covers a view, procedure, function or event. `name`: its database and name. (A trigger goes
/// with its table: isSelected().)
[[nodiscard]] bool isSelectedObject(const JobSpec& spec, ObjectKind kind, const TableName& name);

/// The views and procedures that the request lists one by one (tables.X.type).
struct ListedObject {
  ObjectKind kind = ObjectKind::view;
  TableName name;
};
[[nodiscard]] std::vector<ListedObject> listedObjects(const JobSpec& spec);

}  // namespace drs
