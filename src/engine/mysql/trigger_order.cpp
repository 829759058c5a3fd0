#include "engine/mysql/trigger_order.h"

#include "engine/mysql/column_types.h"
#include "wire/mysql/sql_tokens.h"

#include <algorithm>
#include <vector>

namespace drs::mysql {
namespace {

SqlSyntax syntaxOf(const ObjectPlan& trigger) {
  const auto holds = [&](std::string_view mode) { return trigger.sqlMode.find(mode) != std::string::npos; };
  return {holds("ANSI_QUOTES"), holds("NO_BACKSLASH_ESCAPES")};
}

}  // namespace

TriggerPlace triggerPlace(const ObjectPlan& trigger) {
  TriggerPlace place{lowerCase(trigger.target.database), {}, {}, {}};
  const std::vector<Token> tokens = tokenize(trigger.statement, syntaxOf(trigger));
  const auto at = [&](std::size_t i, std::string_view word) { return i < tokens.size() && tokens[i].is(word); };
  std::size_t i = 0;
  while (i < tokens.size() && !at(i, "TRIGGER")) ++i;
  while (i < tokens.size() && !at(i, "BEFORE") && !at(i, "AFTER")) ++i;
  if (i + 3 >= tokens.size()) return place;
  const std::string moment = at(i, "BEFORE") ? "BEFORE" : "AFTER";
  for (++i; i < tokens.size() && !at(i, "ON"); ++i)
    for (const char* event : {"INSERT", "UPDATE", "DELETE"})
      if (at(i, event)) place.events.insert(event);
  if (i + 1 >= tokens.size() || place.events.empty()) return place;
  const bool qualified = i + 3 < tokens.size() && tokens[i + 2].isSymbol('.');
  place.table = lowerCase(tokens[i + (qualified ? 3 : 1)].name());
  place.moment = moment;
  return place;
}

bool fireTogether(const TriggerPlace& a, const TriggerPlace& b) {
  if (a.database != b.database) return false;
  if (a.moment.empty() || b.moment.empty()) return true;
  return a.table == b.table && a.moment == b.moment &&
         std::any_of(a.events.begin(), a.events.end(),
                     [&](const std::string& event) { return b.events.contains(event); });
}

}  // namespace drs::mysql
