#include "engine/mysql/log_tables.h"

#include "engine/mysql/column_types.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/definition_text.h"
#include "engine/mysql/heartbeat.h"
#include "engine/mysql/key_range.h"
#include "engine/mysql/origins.h"
#include "wire/mysql/sql_tokens.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace drs::mysql {
namespace {

/// More tables than this within the log's memory: start anew with the next group.
constexpr std::size_t kMaxEntries = 4096;

/// The types in which the log shows a column of this data type; empty = a type that is not copied.
std::initializer_list<WireType> wireTypesOf(std::string_view dataType) {
  struct Entry {
    std::string_view dataType;
    std::initializer_list<WireType> types;
  };
  using enum WireType;
  static constexpr std::initializer_list<WireType> kBlob{blob, blobCompressed},
      kVarchar{varchar, varString, varcharCompressed};
  static constexpr Entry kEntries[] = {
      {"tinyint", {tiny}},
      {"smallint", {shortInt}},
      {"mediumint", {int24}},
      {"int", {longInt}},
      {"bigint", {longLong}},
      {"float", {floatReal}},
      {"double", {doubleReal}},
      {"decimal", {newDecimal}},
      {"bit", {bit}},
      {"year", {year}},
      {"date", {date, newDate}},
      {"time", {time2, time}},
      {"datetime", {datetime2, datetime}},
      {"timestamp", {timestamp2, timestamp}},
      {"char", {string}},
      {"binary", {string}},
      {"varchar", kVarchar},
      {"varbinary", kVarchar},
      {"tinytext", kBlob},
      {"text", kBlob},
      {"mediumtext", kBlob},
      {"longtext", kBlob},
      {"tinyblob", kBlob},
      {"blob", kBlob},
      {"mediumblob", kBlob},
      {"longblob", kBlob},
      {"enum", {enumerated}},
      {"set", {set}},
      {"json", {json, blob}},
      {"geometry", {geometry}},
      {"point", {geometry}},
      {"linestring", {geometry}},
      {"polygon", {geometry}},
      {"multipoint", {geometry}},
      {"multilinestring", {geometry}},
      {"multipolygon", {geometry}},
      {"geometrycollection", {geometry}},
      {"geomcollection", {geometry}},
      {"vector", {vector, varchar}},  // MariaDB logs it as the bytes that it stores
      {"uuid", {string}},
      {"inet4", {string}},
      {"inet6", {string}},
  };
  for (const Entry& entry : kEntries) {
    if (entry.dataType == dataType) return entry.types;
  }
  return {};
}

bool isFractional(WireType type) {
  return type == WireType::time2 || type == WireType::datetime2 || type == WireType::timestamp2;
}

/// "decimal(10,2)" as the log's metadata would tell it.
std::string decimalText(const WireColumn& wire) {
  return fmt::format("decimal({},{})", wire.precision, wire.scale);
}

std::string columnDrift(const WireColumn& wire, const Column& column) {
  const auto types = wireTypesOf(column.dataType);
  const bool known = std::find(types.begin(), types.end(), wire.type) != types.end();
  if (!known) return fmt::format("was planned as {} and is {} in the log", column.type, wireTypeName(wire.type));
  if (wire.type == WireType::newDecimal && !column.type.starts_with(decimalText(wire))) {
    return fmt::format("was planned as {} and is {} in the log", column.type, decimalText(wire));
  }
  if (wire.type == WireType::bit && wire.length != column.length) {
    return fmt::format("was planned as {} and is bit({}) in the log", column.type, wire.length);
  }
  if (column.dataType == "vector" && wire.type == WireType::varchar && wire.length != column.length) {
    return fmt::format("was planned as {} and has up to {} bytes in the log", column.type, wire.length);
  }
  if (isFractional(wire.type) && wire.fraction != column.fraction) {
    return fmt::format("was planned as {} and has {} fractional digits in the log", column.type, wire.fraction);
  }
  return {};
}

/// MariaDB keeps a unique key over long texts as the hash of the values in a hidden column behind all others.
std::size_t hiddenColumns(const TableSchema& schema) {
  const std::string engine = lowerCase(schema.engine);
  if (engine == "memory" || engine == "ndbcluster") return 0;  // there HASH is an ordinary index
  return static_cast<std::size_t>(std::count_if(schema.indexes.begin(), schema.indexes.end(), [](const Index& index) {
    return index.unique && index.type == "HASH";
  }));
}

/// The old temporal forms have a fraction nowhere in the log's metadata, and MariaDB stores it differently.
void refuseOldFraction(const TableMap& map, const TableSchema& schema) {
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const WireType type = map.columns[i].type;
    const bool old = type == WireType::time || type == WireType::datetime || type == WireType::timestamp;
    if (!old || schema.columns[i].fraction == 0) continue;
    throwUnsupported(fmt::format("the column {} of {}.{} has fractional seconds in the format of MariaDB 5.3",
                                 schema.columns[i].name, map.database, map.table),
                     "Set mysql56_temporal_format=ON at the source and rebuild the table (ALTER TABLE … FORCE).");
  }
}

[[noreturn]] void refuseImage(const LogTables::Table& table, const std::string& what) {
  throwUnsupported(fmt::format("rows of {} {}", table.name(), what),
                   "Set binlog_row_image=FULL at the source, also for each session, then reset the task.");
}

/// Fills a batch; values of the hidden columns at the end of each row are dropped.
class BatchSink final : public RowValueSink {
 public:
  BatchSink(RowBatch& batch, std::size_t columns) : batch_(batch), columns_(columns) {}
  void onNull() override {
    if (wanted()) batch_.addNull();
  }
  void onAbsent() override {
    if (wanted()) batch_.addAbsent();
  }
  void onSigned(std::int64_t value) override {
    if (wanted()) batch_.addSigned(value);
  }
  void onUnsigned(std::uint64_t value) override {
    if (wanted()) batch_.addUnsigned(value);
  }
  void onReal(double value) override {
    if (wanted()) batch_.addReal(value);
  }
  void onNumber(std::string_view text) override {
    if (wanted()) batch_.addNumber(text);
  }
  void onText(std::string_view bytes) override {
    if (wanted()) batch_.addText(bytes);
  }

 private:
  bool wanted() {
    const bool visible = column_ < batch_.width();
    column_ = column_ + 1 == columns_ ? 0 : column_ + 1;
    return visible;
  }

  RowBatch& batch_;
  const std::size_t columns_;  ///< of the log's rows
  std::size_t column_ = 0;
};

/// Has the image every column that is written?
bool isFull(std::string_view bitmap, const LogTables::Table& table) {
  for (std::size_t i = 0; i < table.formats.size(); ++i)
    if (!table.formats[i].mayBeAbsent && !isPresent(bitmap, i)) return false;
  return true;
}

/// Keeps the first and the last value of the newest row.
class MarkSink final : public RowValueSink {
 public:
  explicit MarkSink(std::size_t columns) : columns_(columns) {}
  void onNull() override { take({}); }
  void onAbsent() override { take({}); }
  void onSigned(std::int64_t /*value*/) override { take({}); }
  void onUnsigned(std::uint64_t /*value*/) override { take({}); }
  void onReal(double /*value*/) override { take({}); }
  void onNumber(std::string_view /*text*/) override { take({}); }
  void onText(std::string_view bytes) override { take(bytes); }
  [[nodiscard]] const std::string& first() const { return first_; }
  [[nodiscard]] const std::string& last() const { return last_; }

 private:
  void take(std::string_view text) {
    if (column_ == 0 && !text.empty()) first_ = text;  // an image of changed columns has it in the row before alone
    if (++column_ < columns_) return;
    last_ = text;
    column_ = 0;
  }
  const std::size_t columns_;
  std::size_t column_ = 0;
  std::string first_, last_;
};

}  // namespace

std::optional<OriginMark> originMark(const RowsEvent& event, const LogTables::Table& table) {
  if (event.kind != RowsKind::update) return std::nullopt;
  MarkSink sink(table.map.columns.size());
  table.layout.decode(event, sink);
  OriginMark mark{sink.first(), sink.last()};
  // Control tables of an older version end with another column; an image of changed columns may lack it.
  if (table.map.columns.back().type != WireType::varchar || mark.origins.empty()) mark.origins = kUnknownOrigin;
  return mark;
}

std::optional<std::int64_t> heartbeatMillis(const Event& event, const RowsEvent& rows, const LogTables::Table& table) {
  constexpr std::int64_t kSecond = 1000;
  if (rows.kind != RowsKind::update) return std::nullopt;
  MarkSink sink(table.map.columns.size());
  table.layout.decode(rows, sink);
  const std::string& text = sink.last();
  std::int64_t millis = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (std::abs(millis - std::int64_t{event.header.timestamp} * kSecond) > 2 * kSecond) return std::nullopt;
  return millis;
}

std::string driftOf(const TableMap& map, const TableSchema& schema) {
  const std::size_t columns = schema.columns.size();
  if (map.columns.size() != columns + hiddenColumns(schema)) {
    return fmt::format("it was planned with {} columns and has {} in the log", columns, map.columns.size());
  }
  for (std::size_t i = 0; i < columns; ++i) {
    const Column& column = schema.columns[i];
    if (!map.names.empty() && lowerCase(map.names[i]) != lowerCase(column.name)) {
      return fmt::format("column {} was planned as {} and is {} in the log", i + 1, column.name, map.names[i]);
    }
    if (const std::string drift = columnDrift(map.columns[i], column); !drift.empty()) {
      return fmt::format("the column {} {}", column.name, drift);
    }
    const bool integer = column.kind == ColumnKind::integer && column.dataType != "year";
    if (integer && map.isUnsigned && (*map.isUnsigned)[i] != column.isUnsigned) {
      return fmt::format("the column {} was planned as {} and is {} in the log", column.name, column.type,
                         column.isUnsigned ? "signed" : "unsigned");
    }
  }
  return {};
}

void appendRows(const RowsEvent& event, const LogTables::Table& table, RowBatch& batch) {
  if (batch.rows() == 0) batch.reserve(event.rows.size());
  BatchSink sink(batch, table.map.columns.size());
  table.layout.decode(event, sink);
}

LogTables::LogTables(const LogScope& scope, bool mariadb) : scope_(scope), mariadb_(mariadb) {
  for (std::size_t i = 0; i < scope.plans->size(); ++i) planByName_[(*scope.plans)[i].source->name] = i;
}

std::optional<std::size_t> LogTables::planOf(const TableName& name) const {
  const auto found = planByName_.find(name);
  return found == planByName_.end() ? std::nullopt : std::optional(found->second);
}

void LogTables::startGroup() {
  ++group_;
  statement_.clear();
  if (entries_.size() > kMaxEntries) entries_.clear();
}

void LogTables::define(const Event& event, const FormatDescription& format) {
  ++maps_;
  Entry& entry = entries_[parseTableId(event, format)];
  if (entry.group != 0 && entry.raw == event.body) {
    entry.group = group_;
    return;
  }
  entry.group = 0;  // stays invalid if the new definition is refused
  Table table;
  table.map = parseTableName(event, format);
  const TableName name{table.map.database, table.map.table};
  table.plan = planOf(name);
  table.covered = !table.plan && scope_.covers(name);
  table.mark = name.database == kControlSchema && (name.table == "mark" || name.table == "chunk");
  table.heartbeat = name.database == kControlSchema && name.table == kHeartbeatTable;
  if (table.mark || table.heartbeat) {
    table.map = parseTableMap(event, format);
    table.formats.resize(table.map.columns.size(), {.mayBeAbsent = true});
  }
  if (table.plan) {
    table.map = parseTableMap(event, format);
    const TableSchema& schema = *(*scope_.plans)[*table.plan].source;
    if (std::string drift = driftOf(table.map, schema); !drift.empty()) {
      throw Error(Msg::schemaDrift, {table.name(), std::move(drift)}, Origin::source);
    }
    refuseOldFraction(table.map, schema);
    for (const Column& column : schema.columns)
      table.formats.push_back({column.isUnsigned, isFixedBytes(column), column.dataType == "uuid", column.generated});
    table.formats.resize(table.map.columns.size(), {.mayBeAbsent = true});  // hidden ones
  }
  if (table.plan || table.mark || table.heartbeat) table.layout = RowLayout(table.map, table.formats);
  entry.table = std::move(table);
  entry.raw = event.body;
  entry.group = group_;
}

void LogTables::annotate(std::string_view sql) {
  constexpr std::size_t kBeginning = 1024;  // comments may stand before the verb
  statement_ = sql.substr(0, kBeginning);
  maps_ = 0;
}

/// A trigger or a function may hold a REPLACE too, of another table: then the statement has more than one TABLE_MAP.
void LogTables::refuseReplace(const RowsEvent& event, const Table& table) {
  const auto tokens = tokenize(statement_, {});
  const bool isUpdate = !tokens.empty() && (tokens.front().is("UPDATE") || tokens.front().is("INSERT"));
  if (isUpdate && maps_ == 1) return;
  const TableSchema& schema = *(*scope_.plans)[*table.plan].source;
  const auto& defaults = defaults_[*table.plan];
  bool mayBe = false;
  const auto look = [&](const std::vector<std::size_t>& key) {
    // It meets a row by values that it gives, which are in the image, or by defaults.
    mayBe = mayBe ||
            std::any_of(key.begin(), key.end(), [&](std::size_t i) { return isPresent(event.presentAfter, i); }) ||
            std::all_of(key.begin(), key.end(), [&](std::size_t i) { return defaults[i] && *defaults[i] != "NULL"; });
  };
  if (!schema.primaryKey.empty()) look(schema.primaryKey);
  for (const Index& index : schema.indexes) {
    if (!index.unique) continue;
    std::vector<std::size_t> key;
    for (const IndexPart& part : index.parts) key.push_back(part.column);
    look(key);
  }
  if (mayBe)
    refuseImage(table, "whose update may be a REPLACE of MariaDB, of which the log does not tell what became default");
}

void LogTables::requireUsable(const RowsEvent& event, const Table& table) {
  if (event.columns != table.formats.size()) return;  // RowLayout refuses it
  const TableSchema& schema = *(*scope_.plans)[*table.plan].source;
  const auto refuse = [&](const std::string& what) { refuseImage(table, what); };
  const auto isEmpty = [](std::string_view bitmap) {
    return std::all_of(bitmap.begin(), bitmap.end(), [](char c) { return c == 0; });
  };
  if (isEmpty(event.present) || (event.kind == RowsKind::update && isEmpty(event.presentAfter)))
    refuse("without any column");
  auto& defaults = defaults_[*table.plan];
  if (defaults.empty())
    for (const Column& column : schema.columns) defaults.push_back(defaultLiteral(schema, column));
  if (event.kind == RowsKind::write) {
    for (std::size_t i = 0; i < schema.columns.size(); ++i)
      if (!isPresent(event.present, i) && !table.formats[i].mayBeAbsent && !defaults[i])
        refuse("without the column " + schema.columns[i].name + ", whose default is no fixed value");
    return;
  }
  std::vector<std::size_t> needed = rowKey(schema);
  if (needed.empty()) {
    needed = schema.primaryKey;  // it holds a generated column
    for (std::size_t i = 0; i < schema.columns.size(); ++i)
      if (!table.formats[i].mayBeAbsent) needed.push_back(i);
  }
  for (const std::size_t i : needed)
    if (!isPresent(event.present, i))
      refuse("without the column " + schema.columns[i].name + ", by which they are found");
  if (mariadb_ && event.kind == RowsKind::update && !isFull(event.presentAfter, table)) refuseReplace(event, table);
  if (!event.partialJson) return;
  for (std::size_t i = 0; i < schema.columns.size(); ++i)
    if (table.map.columns[i].type == WireType::json && isPresent(event.presentAfter, i) && !isPresent(event.present, i))
      refuse("with changes within JSON values of the column " + schema.columns[i].name + " but not the values before");
}

const LogTables::Table* LogTables::find(std::uint64_t tableId) const {
  const auto found = entries_.find(tableId);
  return found == entries_.end() || found->second.group != group_ ? nullptr : &found->second.table;
}

}  // namespace drs::mysql
