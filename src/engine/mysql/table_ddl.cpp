#include "engine/mysql/table_ddl.h"

#include "engine/mysql/column_types.h"
#include "engine/mysql/definition_text.h"
#include "engine/mysql/table_ddl_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace drs::mysql {
namespace {

using Kind = DdlToken::Kind;

/// Rewrites one table; each method writes one part.
class TableRewriter {
 public:
  TableRewriter(const TableSchema& schema, const TableName& target, const Collations& collations)
      : schema_(schema),
        target_(target),
        collations_(collations),
        mariadb_(collations.server().mariadb),
        version_(collations.server().version),
        name_(schema.name.database + "." + schema.name.table),
        sql_(schema.createSql),
        tokens_(ddlTokens(sql_, name_)) {}

  TableDdl run(bool allIndexes);

 private:
  void items();
  void item(std::size_t first, std::size_t last);
  void column(std::size_t first, std::size_t last);
  std::size_t columnClause(std::string& out, std::size_t at, std::size_t last);
  std::size_t defaultClause(std::string& out, std::size_t at, std::size_t last);
  void conditional(std::string& out, std::string_view comment);
  void charset(std::string& out, const Column& column, const std::string& dataType, bool isNamed);
  void index(std::size_t first, std::size_t last);
  [[nodiscard]] std::string missingIndex(const IndexDdl& index, bool isVector) const;
  std::size_t indexClause(std::string& out, std::size_t at, std::size_t last);
  void check(std::size_t first, std::size_t last);
  void options();
  std::size_t option(std::size_t at);
  [[nodiscard]] bool is(std::size_t at, std::string_view word) const {
    return at < tokens_.size() && tokens_[at].is(word);
  }
  [[nodiscard]] std::string text(std::size_t first, std::size_t last) const {
    return std::string(slice(sql_, tokens_, first, last));
  }
  [[nodiscard]] bool expressionsAsDefault() const { return mariadb_ || version_ >= 80013; }
  [[noreturn]] void refuse(const std::string& why) const { refuseDefinition(name_, why); }

  const TableSchema& schema_;
  const TableName& target_;
  const Collations& collations_;
  const bool mariadb_;  ///< the target
  const int version_;
  const std::string name_;
  const std::string_view sql_;
  const DdlTokens tokens_;
  std::size_t end_ = 0;  ///< behind the closing parenthesis

  std::vector<std::string> columns_, checks_, notes_, leftOut_;
  std::vector<IndexDdl> indexes_;
  std::string column_, autoColumn_, dataType_, tableComment_, rowFormat_, partitions_;
  bool generated_ = false;
  std::optional<std::uint64_t> autoIncrement_;
};

TableDdl TableRewriter::run(bool allIndexes) {
  items();
  options();
  TableDdl out;
  out.autoIncrement = autoIncrement_;
  out.notes = notes_;
  out.leftOut = leftOut_;
  std::string body;
  const auto add = [&](const std::string& part) { body += (body.empty() ? "\n  " : ",\n  ") + part; };
  for (const std::string& column : columns_) add(column);
  bool autoKey = autoColumn_.empty();
  for (const IndexDdl& index : indexes_) {
    if (!index.primary && !index.unique) continue;
    add(index.sql);
    autoKey = autoKey || index.columns.front() == autoColumn_;
  }
  for (const IndexDdl& index : indexes_) {
    if (index.primary || index.unique) continue;
    // An AUTO_INCREMENT column must be the first of a key from the start.
    const bool forced = !autoKey && index.columns.front() == autoColumn_;
    autoKey = autoKey || forced;
    if (allIndexes || forced)
      add(index.sql);
    else
      out.secondary.push_back(index);
  }
  for (const std::string& check : checks_) add(check);
  out.createSql = fmt::format("CREATE TABLE {} ({}\n) ENGINE=InnoDB", quoteName(target_), body);
  if (autoIncrement_) out.createSql += fmt::format(" AUTO_INCREMENT={}", *autoIncrement_);
  if (const auto collation = collations_.nearest(schema_.collation))
    out.createSql +=
        fmt::format(" DEFAULT CHARSET={} COLLATE={}", collation->substr(0, collation->find('_')), *collation);
  out.createSql += rowFormat_ + tableComment_;
  if (!partitions_.empty()) out.createSql += "\n" + partitions_;
  return out;
}

void TableRewriter::items() {
  const auto open = std::find_if(tokens_.begin(), tokens_.end(), [](const DdlToken& token) { return token.is("("); });
  if (open == tokens_.end() || !is(0, "CREATE")) refuse("its SHOW CREATE TABLE is no CREATE TABLE");
  const auto count = [&](std::string_view symbol) {
    return std::count_if(tokens_.begin(), tokens_.end(), [&](const DdlToken& token) { return token.is(symbol); });
  };
  if (count("(") != count(")")) refuse("its SHOW CREATE TABLE is not complete");
  const auto start = static_cast<std::size_t>(open - tokens_.begin());
  end_ = behindGroup(tokens_, start);
  std::size_t first = start + 1;
  for (std::size_t i = first; i < end_;) {
    if (is(i, "(")) {
      i = behindGroup(tokens_, i);
      continue;
    }
    if (is(i, ",") || i + 1 == end_) {
      item(first, i);
      first = i + 1;
    }
    ++i;
  }
}

void TableRewriter::item(std::size_t first, std::size_t last) {
  if (first >= last) refuse("its SHOW CREATE TABLE has an empty part");
  if (tokens_[first].kind == Kind::name) return column(first, last);
  if (is(first, "CONSTRAINT") && is(first + 2, "FOREIGN")) return;
  if (is(first, "CONSTRAINT") || is(first, "CHECK")) return check(first, last);
  if (is(first, "PERIOD")) refuse("it has a period: " + text(first, last));
  index(first, last);
}

/// `isNamed`: the source's definition names the character set, rather than leave it to the table's.
void TableRewriter::charset(std::string& out, const Column& column, const std::string& dataType, bool isNamed) {
  static const std::set<std::string, std::less<>> kWithCharset = {"char",       "varchar",  "tinytext", "text",
                                                                  "mediumtext", "longtext", "enum",     "set"};
  if (!kWithCharset.contains(dataType)) return;
  // MariaDB's JSON is a text that the catalogue may report without its collation.
  const std::string wanted = !column.collation.empty()         ? column.collation
                             : column.kind == ColumnKind::json ? "utf8mb4_bin"
                                                               : schema_.collation;
  const auto position = static_cast<std::size_t>(&column - schema_.columns.data());
  const bool unique = isInUniqueKey(schema_, position);
  const auto found = unique ? collations_.equal(wanted) : collations_.nearest(wanted);
  if (!found)
    refuse(fmt::format("the target has no collation {} {} for the column {}{}", unique ? "equal to" : "like", wanted,
                       column.name, unique ? ", which is part of a unique key" : ""));
  if (!unique && collations_.equal(wanted) != found)
    notes_.push_back(fmt::format("the column {} gets collation {} for {}", column.name, *found, wanted));
  // The table's own collation is named behind its columns; said here as well, MySQL would show it for ever.
  if (!isNamed && column.collation == schema_.collation && found == collations_.nearest(schema_.collation)) return;
  out += fmt::format(" CHARACTER SET {} COLLATE {}", found->substr(0, found->find('_')), *found);
}

void TableRewriter::column(std::size_t first, std::size_t last) {
  const std::string name = unquoted(tokens_[first].text);
  const auto column =
      std::find_if(schema_.columns.begin(), schema_.columns.end(), [&](const Column& c) { return c.name == name; });
  if (column == schema_.columns.end() || first + 1 >= last) refuse("its column " + name + " is not in the catalogue");
  if (const std::string why = missingType(*column, collations_.server()); !why.empty())
    refuse("column " + name + ": " + why);
  std::string out = quoteName(name) + " ";
  column_ = name;
  std::size_t at = first + 1;
  dataType_ = lowerCase(tokens_[at].text);
  if (dataType_ == "geomcollection") {  // MariaDB and older MySQL know the long name only
    out += "geometrycollection";
    ++at;
  }
  std::size_t behind = at + (dataType_ == "geomcollection" ? 0 : 1);
  if (behind < last && is(behind, "(")) behind = behindGroup(tokens_, behind);
  while (behind < last && (is(behind, "unsigned") || is(behind, "zerofill") || is(behind, "signed"))) ++behind;
  out += text(at, behind);
  if (behind < last && tokens_[behind].kind == Kind::comment &&
      tokens_[behind].text.find("COMPRESSED") != std::string_view::npos)
    conditional(out, tokens_[behind++].text);  // stands between the type and its character set
  charset(out, *column, dataType_, is(behind, "CHARACTER") || is(behind, "CHARSET"));
  generated_ = false;
  for (at = behind; at < last;) at = columnClause(out, at, last);
  columns_.push_back(out);
}

std::size_t TableRewriter::columnClause(std::string& out, std::size_t at, std::size_t last) {
  if (tokens_[at].kind == Kind::comment) {
    conditional(out, tokens_[at].text);
    return at + 1;
  }
  if (is(at, "CHARACTER") && is(at + 1, "SET")) return at + 3;
  if (is(at, "CHARSET") || is(at, "COLLATE")) return at + 2;
  if (is(at, "COLUMN_FORMAT") || is(at, "STORAGE")) return at + 2;  // of other storage engines
  if (is(at, "WITHOUT") && is(at + 1, "SYSTEM")) return at + 3;
  if (is(at, "GENERATED") && is(at + 3, "(")) {
    generated_ = true;
    std::size_t behind = behindGroup(tokens_, at + 3);
    if (is(behind, "VIRTUAL") || is(behind, "STORED") || is(behind, "PERSISTENT")) ++behind;
    out += " " + text(at, behind);
    return behind;
  }
  if (is(at, "NOT") && is(at + 1, "NULL")) {
    if (!(generated_ && mariadb_)) out += " NOT NULL";  // MariaDB has no NOT NULL for generated columns
    return at + 2;
  }
  if (is(at, "DEFAULT")) return defaultClause(out, at + 1, last);
  if (is(at, "ON") && is(at + 1, "UPDATE")) {
    const std::size_t behind = is(at + 3, "(") ? behindGroup(tokens_, at + 3) : at + 3;
    out += " " + text(at, behind);
    return behind;
  }
  if (is(at, "AUTO_INCREMENT")) autoColumn_ = column_;
  if (is(at, "AUTO_INCREMENT") || is(at, "NULL") || is(at, "INVISIBLE") || is(at, "VISIBLE")) {
    out += " " + text(at, at + 1);
    return at + 1;
  }
  if (is(at, "COMMENT")) {
    out += " " + text(at, at + 2);
    return at + 2;
  }
  if (is(at, "CHECK") && is(at + 1, "(")) {
    const std::size_t behind = behindGroup(tokens_, at + 1);
    out += " " + text(at, behind);
    return behind;
  }
  if (is(at, "REF_SYSTEM_ID") && is(at + 1, "=")) {
    if (mariadb_)
      out += " " + text(at, at + 3);
    else
      notes_.push_back("the column " + column_ + " loses its REF_SYSTEM_ID, an attribute that only MariaDB has");
    return at + 3;
  }
  refuse("an unknown clause of a column: " + text(at, last));
}

std::size_t TableRewriter::defaultClause(std::string& out, std::size_t at, std::size_t last) {
  if (at >= last) refuse("a DEFAULT without a value");
  std::size_t behind = at + 1;
  const DdlToken& token = tokens_[at];
  bool literal = token.kind == Kind::string || token.kind == Kind::number || token.is("NULL") || token.is("TRUE") ||
                 token.is("FALSE");
  const bool null = token.is("NULL");
  bool clock = false;
  if (token.is("(")) {
    out += " DEFAULT " + text(at, behindGroup(tokens_, at));
    return behindGroup(tokens_, at);
  }
  const bool isSigned = (token.is("-") || token.is("+")) && at + 1 < last;
  const bool hasPrefix = token.kind == Kind::word && behind < last && tokens_[behind].kind == Kind::string;
  if (isSigned || hasPrefix) {  // -1, b'0', x'00', _utf8mb4'a'
    literal = true;
    ++behind;
  } else if (token.kind == Kind::word && !literal) {
    clock = token.is("CURRENT_TIMESTAMP") || token.is("NOW") || token.is("LOCALTIME") || token.is("LOCALTIMESTAMP");
    if (behind < last && is(behind, "("))
      behind = behindGroup(tokens_, behind);
    else if (!clock)
      refuse("a default that is neither a literal nor a function: " + text(at, last));
  } else if (!literal) {
    refuse("a default that is neither a literal nor a function: " + text(at, last));
  }
  const bool large = dataType_.ends_with("text") || dataType_.ends_with("blob") || dataType_ == "json" ||
                     dataType_ == "geometry" || dataType_ == "vector";
  // MySQL wants expressions, and any default of a large type, in parentheses; MariaDB prints them without.
  const bool wrap = !mariadb_ && ((!literal && !clock) || (large && !null));
  if (wrap && !expressionsAsDefault()) refuse("the target takes no expression as a default: " + text(at, behind));
  out += wrap ? " DEFAULT (" + text(at, behind) + ")" : " DEFAULT " + text(at, behind);
  return behind;
}

void TableRewriter::conditional(std::string& out, std::string_view comment) {
  if (comment.find("INVISIBLE") != std::string_view::npos) {
    const bool able = mariadb_ ? version_ >= 100303 : version_ >= 80023;
    if (able) out += " INVISIBLE";
  } else if (comment.find("SRID") != std::string_view::npos) {
    if (!mariadb_ && version_ >= 80003)
      out += " " + std::string(comment);
    else
      notes_.push_back("the column " + column_ + " is not held to its SRID, an attribute that only MySQL 8.0 has");
  } else if (comment.starts_with("/*M!")) {
    if (mariadb_) out += " " + std::string(comment);  // COMPRESSED: how the value is stored, not what it is
  } else if (comment.starts_with("/*!50606")) {
    // STORAGE and COLUMN_FORMAT, of other storage engines
  } else {
    refuse("an unknown clause of a column: " + std::string(comment));
  }
}

void TableRewriter::index(std::size_t first, std::size_t last) {
  IndexDdl index;
  index.primary = is(first, "PRIMARY");
  index.unique = is(first, "UNIQUE");
  index.alone = is(first, "FULLTEXT") || is(first, "SPATIAL") || is(first, "VECTOR");
  std::size_t at = first + (index.primary || index.unique || index.alone ? 1 : 0);
  if (!is(at, "KEY") && !is(at, "INDEX")) refuse("an unknown part: " + text(first, last));
  ++at;
  if (!index.primary) {
    if (at >= last || tokens_[at].kind != Kind::name) refuse("an index without a name: " + text(first, last));
    index.name = unquoted(tokens_[at].text);
    ++at;
  }
  if (!is(at, "(")) refuse("an index without columns: " + text(first, last));
  const std::size_t behind = behindGroup(tokens_, at);
  for (std::size_t i = at + 1; i + 1 < behind; ++i) {
    index.columns.push_back(tokens_[i].kind == Kind::name ? unquoted(tokens_[i].text) : "");
    while (i + 1 < behind && !is(i, ",")) i = is(i, "(") ? behindGroup(tokens_, i) : i + 1;
  }
  if (index.columns.empty()) refuse("an index without columns: " + text(first, last));
  if (const std::string why = missingIndex(index, is(first, "VECTOR")); !why.empty()) {
    if (index.primary || index.unique) refuse(why);
    leftOut_.push_back(why);
    return;
  }
  index.sql = text(first, behind);
  for (at = behind; at < last;) at = indexClause(index.sql, at, last);
  indexes_.push_back(std::move(index));
}

/// Why the target cannot have an index; empty = it can. Only those that say which rows may be there matter to rows.
std::string TableRewriter::missingIndex(const IndexDdl& index, bool isVector) const {
  constexpr int kExpressions = 80013;
  const auto lacks = [&](const std::string& what) {
    return fmt::format("the {} {}, which {} {} does not have",
                       index.primary ? "primary key" : "index " + index.name + " is", what,
                       mariadb_ ? "MariaDB" : "MySQL", collations_.server().versionText);
  };
  const auto columnOf = [&](const std::string& name) {
    return std::find_if(schema_.columns.begin(), schema_.columns.end(),
                        [&](const Column& c) { return c.name == name; });
  };
  if (isVector && !mariadb_) return lacks("a VECTOR index");
  for (const std::string& name : index.columns) {
    if (name.empty() && (mariadb_ || version_ < kExpressions)) return lacks("over an expression");
    const auto column = columnOf(name);
    if (column == schema_.columns.end()) continue;
    if (column->dataType == "vector" && !mariadb_) return lacks("over the VECTOR " + name);
    if (index.primary && column->generated && mariadb_) return lacks("holds the generated column " + name);
  }
  return {};
}

std::size_t TableRewriter::indexClause(std::string& out, std::size_t at, std::size_t last) {
  const bool comment = tokens_[at].kind == Kind::comment;
  if (is(at, "IGNORED") || (comment && tokens_[at].text.find("INVISIBLE") != std::string_view::npos)) {
    if (mariadb_ && version_ >= 100600) out += " IGNORED";
    if (!mariadb_ && version_ >= 80000) out += " INVISIBLE";
    return at + 1;
  }
  if (comment && !mariadb_) {  // WITH PARSER
    out += " " + std::string(tokens_[at].text);
    return at + 1;
  }
  if (is(at, "USING") || is(at, "COMMENT")) {
    out += " " + text(at, at + 2);
    return at + 2;
  }
  if (is(at, "KEY_BLOCK_SIZE")) return is(at + 1, "=") ? at + 3 : at + 2;  // how it is stored
  if (mariadb_ && !comment && is(at + 1, "=")) {                           // options of VECTOR indexes
    out += " " + text(at, at + 3);
    return at + 3;
  }
  refuse("an unknown clause of an index: " + text(at, last));
}

void TableRewriter::check(std::size_t first, std::size_t last) {
  std::size_t at = first;
  std::string name;
  if (is(at, "CONSTRAINT")) {
    name = unquoted(tokens_.at(at + 1).text);
    at += 2;
  }
  if (!is(at, "CHECK") || !is(at + 1, "(")) refuse("an unknown constraint: " + text(first, last));
  const std::size_t behind = behindGroup(tokens_, at + 1);
  std::string out = text(at, behind);
  if (behind < last) {
    if (tokens_[behind].text.find("NOT ENFORCED") == std::string_view::npos)
      refuse("an unknown constraint: " + text(first, last));
    if (mariadb_) return;  // it knows no check that is not enforced
    out += " NOT ENFORCED";
  }
  // Names that MariaDB gave itself are unique in the table only, MySQL wants them unique in the database.
  const bool keep = !name.empty() && (mariadb_ || !name.starts_with("CONSTRAINT_"));
  checks_.push_back(keep ? "CONSTRAINT " + quoteName(name) + " " + out : out);
}

void TableRewriter::options() {
  for (std::size_t at = end_; at < tokens_.size();) at = option(at);
}

std::size_t TableRewriter::option(std::size_t at) {
  const DdlToken& token = tokens_[at];
  if (token.kind == Kind::comment) {
    const std::size_t found = token.text.find("PARTITION BY");
    if (found != std::string_view::npos) partitions_ = token.text.substr(found, token.text.size() - found - 2);
    return at + 1;
  }
  if (is(at, "PARTITION")) {
    partitions_ = slice(sql_, tokens_, at, tokens_.size());
    return tokens_.size();
  }
  if (is(at, "WITH") && is(at + 1, "SYSTEM")) refuse("it has system versioning");
  std::size_t value = at + 1;
  while (value < tokens_.size() && !is(value, "=")) ++value;
  ++value;
  if (value >= tokens_.size()) return tokens_.size();
  if (is(at, "AUTO_INCREMENT")) {
    std::uint64_t number = 0;
    std::from_chars(tokens_[value].text.data(), tokens_[value].text.data() + tokens_[value].text.size(), number);
    autoIncrement_ = number;
  } else if (is(at, "COMMENT")) {
    tableComment_ = " COMMENT=" + text(value, value + 1);
  } else if (is(at, "ROW_FORMAT") && (is(value, "DYNAMIC") || is(value, "COMPACT") || is(value, "REDUNDANT"))) {
    rowFormat_ = " ROW_FORMAT=" + text(value, value + 1);
  } else if (is(at, "UNION")) {
    return behindGroup(tokens_, value);
  }
  return value + 1;
}

}  // namespace

std::string missingType(const Column& column, const ServerInfo& server) {
  const std::string& type = column.dataType;
  const auto since = [&](int mariadb, int mysql) {
    const int first = server.mariadb ? mariadb : mysql;
    return first != 0 && server.version >= first;
  };
  constexpr int kInet6 = 100500, kUuid = 100700, kInet4 = 101000, kVectorOfMariaDb = 110700, kVector = 90000;
  bool has = true;
  if (type == "inet6") has = since(kInet6, 0);
  if (type == "uuid") has = since(kUuid, 0);
  if (type == "inet4") has = since(kInet4, 0);
  if (type == "vector") has = since(kVectorOfMariaDb, kVector);
  if (has) return {};
  return fmt::format("the type {} is not copied to {} {}", type, server.mariadb ? "MariaDB" : "MySQL",
                     server.versionText);
}

TableDdl rewriteTable(const TableSchema& schema, const TableName& target, const Collations& collations,
                      bool allIndexes) {
  return TableRewriter(schema, target, collations).run(allIndexes);
}

std::string foreignKeySql(const TableSchema& schema, const ForeignKey& key, const TableName& referenced) {
  std::string own, theirs;
  for (const std::size_t column : key.columns)
    own += (own.empty() ? "" : ",") + quoteName(schema.columns.at(column).name);
  for (const std::string& column : key.referencedColumns) theirs += (theirs.empty() ? "" : ",") + quoteName(column);
  std::string sql = fmt::format("CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({})", quoteName(key.name), own,
                                quoteName(referenced), theirs);
  // RESTRICT and NO ACTION are the same, and what a server shows for none differs: they are said where the source does.
  const std::string shown = " " + foreignKeyRules(schema, key.name);
  const auto add = [&](const std::string& clause, const std::string& rule) {
    const bool acts = !rule.empty() && rule != "RESTRICT" && rule != "NO ACTION";
    if (acts || (!rule.empty() && shown.find(clause + rule) != std::string::npos)) sql += clause + rule;
  };
  add(" ON DELETE ", key.onDelete);
  add(" ON UPDATE ", key.onUpdate);
  return sql;
}

}  // namespace drs::mysql
