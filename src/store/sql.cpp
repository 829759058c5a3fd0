#include "store/sql.h"

#include "base/error.h"

namespace drs {

std::int64_t SqlRow::integer(std::size_t column) const {
  const SqlValue& cell = cells_.at(column);
  if (const auto* value = std::get_if<std::int64_t>(&cell)) return *value;
  if (std::holds_alternative<std::monostate>(cell)) return 0;
  throw Error(Msg::storeDamaged, {"a number was expected in column " + std::to_string(column)}, Origin::store);
}

std::string SqlRow::text(std::size_t column) const {
  const SqlValue& cell = cells_.at(column);
  if (const auto* value = std::get_if<std::string>(&cell)) return *value;
  if (std::holds_alternative<std::monostate>(cell)) return {};
  throw Error(Msg::storeDamaged, {"a text was expected in column " + std::to_string(column)}, Origin::store);
}

}  // namespace drs
