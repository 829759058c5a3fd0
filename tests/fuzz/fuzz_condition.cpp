#include "base/error.h"
#include "transform/condition/condition.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

// Any text as a condition over a row whose values are the input's first bytes: it is refused by name or judged, twice
// the same.

namespace {

drs::Column column(const char* name, drs::ColumnKind kind, const char* type) {
  drs::Column out;
  out.name = name;
  out.kind = kind;
  out.type = type;
  out.dataType = out.type.substr(0, out.type.find('('));
  out.charset = "utf8mb4";
  out.collation = "utf8mb4_general_ci";
  out.length = 4;
  return out;
}

drs::TableSchemaPtr makeTable() {
  auto table = std::make_shared<drs::TableSchema>();
  using Kind = drs::ColumnKind;
  table->columns = {column("i", Kind::integer, "bigint"),
                    column("d", Kind::decimal, "decimal(20,2)"),
                    column("r", Kind::real, "double"),
                    column("v", Kind::text, "varchar(20)"),
                    column("b", Kind::bytes, "binary(4)"),
                    column("t", Kind::temporal, "datetime(6)"),
                    column("e", Kind::enumerated, "enum('a','b''c')")};
  table->columns[5].fraction = 6;
  return table;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const drs::TableSchemaPtr kTable = makeTable();
  constexpr std::size_t kRowBytes = 24;
  if (size < kRowBytes) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::int64_t number = 0;
  double real = 0;
  std::memcpy(&number, data, sizeof number);
  std::memcpy(&real, data + 8, sizeof real);
  drs::RowBatch rows(kTable);
  rows.addSigned(number);
  rows.addNumber(std::to_string(number / 100) + ".25");
  rows.addReal(real);
  rows.addText(bytes.substr(16, 4));
  rows.addText(bytes.substr(20, 2));
  rows.addText((data[22] & 1U) != 0 ? "2024-02-00 01:02:03.5" : "2024-02-29 23:59:59.999999");
  rows.addUnsigned(data[23] % 4);
  try {
    const auto condition = drs::condition::Condition::compile(bytes.substr(kRowBytes), *kTable, {"utf8mb4_0900_ai_ci"});
    drs::condition::Scope scope;
    const auto verdict = condition.judge(rows, 0, scope);
    if (condition.judge(rows, 0, scope) != verdict) std::abort();
  } catch (const drs::Error&) {
    return 0;
  }
  return 0;
}
