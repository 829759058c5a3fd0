#include "engine/mysql/definition_text.h"

#include "engine/mysql/catalog.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/table_ddl_tokens.h"

#include <algorithm>

namespace drs::mysql {
namespace {

using Kind = DdlToken::Kind;

/// The tokens of one part of the parentheses behind CREATE TABLE.
struct Item {
  std::size_t first, last;
};

class Definition {
 public:
  explicit Definition(const TableSchema& schema)
      : sql_(schema.createSql), tokens_(ddlTokens(sql_, schema.name.database + "." + schema.name.table)) {}

  /// The first item for which `found(tokens, first)` is true; an empty one otherwise.
  template <typename Found>
  [[nodiscard]] Item find(const Found& found) const {
    const auto open = std::find_if(tokens_.begin(), tokens_.end(), [](const DdlToken& token) { return token.is("("); });
    const auto start = static_cast<std::size_t>(open - tokens_.begin());
    const std::size_t end = behindGroup(tokens_, start);
    for (std::size_t first = start + 1; first < end;) {
      std::size_t last = first;
      while (last + 1 < end && !is(last, ",")) last = is(last, "(") ? behindGroup(tokens_, last) : last + 1;
      if (found(first, last)) return {first, last};
      first = last + 1;
    }
    return {0, 0};
  }
  [[nodiscard]] bool is(std::size_t at, std::string_view word) const {
    return at < tokens_.size() && tokens_[at].is(word);
  }
  [[nodiscard]] bool isName(std::size_t at, const std::string& name) const {
    return at < tokens_.size() && tokens_[at].kind == Kind::name &&
           lowerCase(unquoted(tokens_[at].text)) == lowerCase(name);
  }
  [[nodiscard]] Kind kind(std::size_t at) const { return at < tokens_.size() ? tokens_[at].kind : Kind::comment; }
  [[nodiscard]] std::size_t behind(std::size_t open) const { return behindGroup(tokens_, open); }
  [[nodiscard]] std::string text(std::size_t first, std::size_t last) const {
    return std::string(slice(sql_, tokens_, first, last));
  }

 private:
  const std::string_view sql_;
  const DdlTokens tokens_;
};

bool mentions(const TableSchema& schema, const Index& index, const std::string& column) {
  const std::string parts = indexParts(schema, index.name);
  const DdlTokens tokens = ddlTokens(parts, schema.name.table);
  return std::any_of(tokens.begin(), tokens.end(), [&](const DdlToken& token) {
    return token.kind == Kind::name && lowerCase(unquoted(token.text)) == lowerCase(column);
  });
}

}  // namespace

std::string indexParts(const TableSchema& schema, const std::string& index) {
  const Definition definition(schema);
  std::size_t open = 0;
  const Item item = definition.find([&](std::size_t first, std::size_t last) {
    for (open = first; open < last && !definition.is(open, "KEY"); ++open)
      if (definition.is(open, "(")) return false;
    open += 2;
    return open < last && definition.is(open, "(") && definition.isName(open - 1, index);
  });
  return item.last == 0 ? std::string() : definition.text(open, definition.behind(open));
}

std::string generation(const TableSchema& schema, const std::string& column) {
  const Definition definition(schema);
  const Item item = definition.find([&](std::size_t first, std::size_t) { return definition.isName(first, column); });
  for (std::size_t at = item.first; at < item.last; ++at)
    if (definition.is(at, "AS") && definition.is(at + 1, "("))
      return definition.text(at + 1, definition.behind(at + 1));
  return {};
}

std::optional<std::string> defaultLiteral(const TableSchema& schema, const Column& column) {
  if (column.generated) return std::nullopt;
  const Definition definition(schema);
  const Item item =
      definition.find([&](std::size_t first, std::size_t) { return definition.isName(first, column.name); });
  std::size_t literal = 0;
  for (std::size_t at = item.first; at < item.last;) {
    if (definition.is(at, "AUTO_INCREMENT")) return std::nullopt;
    if (definition.is(at, "DEFAULT") && literal == 0) literal = at + 1;
    at = definition.is(at, "(") ? definition.behind(at) : at + 1;
  }
  if (literal == 0) return column.nullable && item.last != 0 ? std::optional<std::string>("NULL") : std::nullopt;
  std::size_t behind = literal;
  if (definition.is(behind, "-")) ++behind;
  const bool isPrefixed = definition.is(behind, "b") || definition.is(behind, "x");
  if (definition.is(behind, "NULL") || definition.kind(behind) == Kind::string ||
      definition.kind(behind) == Kind::number) {
    ++behind;
  } else if (isPrefixed && definition.kind(behind + 1) == Kind::string) {
    behind += 2;
  } else {
    return std::nullopt;
  }
  // Nothing that could make an expression of it.
  if (behind < item.last && definition.kind(behind) != Kind::word && definition.kind(behind) != Kind::comment)
    return std::nullopt;
  return definition.text(literal, behind);
}

std::string foreignKeyRules(const TableSchema& schema, const std::string& key) {
  const Definition definition(schema);
  const Item item = definition.find([&](std::size_t first, std::size_t) {
    return definition.is(first, "CONSTRAINT") && definition.isName(first + 1, key) &&
           definition.is(first + 2, "FOREIGN");
  });
  std::size_t at = item.first;
  while (at < item.last && !definition.is(at, "REFERENCES")) ++at;
  while (at < item.last && !definition.is(at, "(")) ++at;
  return at < item.last ? definition.text(definition.behind(at), item.last) : std::string();
}

bool isInUniqueKey(const TableSchema& schema, std::size_t column) {
  const auto& key = schema.primaryKey;
  if (std::find(key.begin(), key.end(), column) != key.end()) return true;
  return std::any_of(schema.indexes.begin(), schema.indexes.end(), [&](const Index& index) {
    if (!index.unique) return false;
    return std::any_of(index.parts.begin(), index.parts.end(),
                       [&](const IndexPart& part) { return part.column == column; }) ||
           (index.type == kFunctionalIndex && mentions(schema, index, schema.columns[column].name));
  });
}

const Column* generatedKey(const TableSchema& schema) {
  for (const std::size_t i : schema.primaryKey)
    if (schema.columns[i].generated) return &schema.columns[i];
  return nullptr;
}

}  // namespace drs::mysql
