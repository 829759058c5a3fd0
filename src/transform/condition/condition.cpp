#include "transform/condition/condition.h"

#include "transform/condition/columns.h"
#include "transform/condition/functions.h"
#include "transform/condition/lexer.h"
#include "transform/condition/operators.h"
#include "transform/condition/parser.h"
#include "transform/condition/temporal.h"

#include <algorithm>
#include <charconv>

namespace drs::condition {
namespace {

constexpr int kMaxLiteralScale = 30;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::size_t weightOf(const Expr& expr) {
  std::size_t weight = 1;
  for (const Expr& arg : expr.args) weight += weightOf(arg);
  return weight;
}

/// IN, BETWEEN, NULLIF and CASE x hold their first operand once for each of the others. Inside each other that would
/// grow without bounds: beyond this they are the server's.
bool isTooHeavy(const std::vector<Expr>& args) {
  constexpr std::size_t kMostExpressions = 10000;
  return !args.empty() && weightOf(args[0]) * args.size() > kMostExpressions;
}

class Compiler {
 public:
  Compiler(const TableSchema& table, const SessionFacts& session)
      : table_(table), context_{describeCollation("utf8mb4", session.collation)} {}

  Expr expr(const Node& node) {
    switch (node.kind) {
      case NodeKind::null: {
        Type type;
        type.kind = TypeKind::null;
        return constantOf(type, {});
      }
      case NodeKind::integer:
      case NodeKind::decimal:
      case NodeKind::real:
        return number(node);
      case NodeKind::text:
        return constantText(node.text, context_.connection);
      case NodeKind::date:
        return date(node);
      case NodeKind::column:
        return column(node);
      case NodeKind::operation:
        return operation(node);
      case NodeKind::call:
        return call(node);
      case NodeKind::cast:
        return makeCast(expr(*node.parts[0]), node.name, node.sizes, context_).value_or(opaque());
      case NodeKind::collate:
        return collate(node);
      case NodeKind::choice:
        return choice(node);
      case NodeKind::interval:
        return interval(node);
    }
    return opaque();
  }

  std::vector<std::size_t> columns() {
    std::sort(columns_.begin(), columns_.end());
    columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
    return std::move(columns_);
  }

 private:
  Expr number(const Node& node) {
    Type type;
    if (node.kind == NodeKind::real) {
      double value = 0;
      const auto [end, error] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
      if (error != std::errc() || end != node.text.data() + node.text.size()) return opaque();
      type.kind = TypeKind::real;
      return constantOf(type, realOf(value));
    }
    const auto value = parseDecimal(node.text);
    if (!value || value->scale > kMaxLiteralScale) return opaque();
    type.kind = TypeKind::decimal;
    type.scale = value->scale;
    // "1." is a decimal without digits behind its point; integers beyond 64 bits are decimals.
    if (node.kind == NodeKind::decimal || value->integer > kMaxUnsigned) return constantOf(type, *value);
    type.kind = TypeKind::integer;
    type.isUnsigned = value->integer > kMaxSigned;
    return constantOf(type, integerOf(value->integer, type.isUnsigned));
  }

  Expr date(const Node& node) {
    const auto moment = node.name == "DATE" ? parseDate(node.text) : parseDateTime(node.text);
    const bool point = node.text.find('.') != std::string::npos;
    if (node.name == "TIME" || !moment || !isRealDate(*moment) || moment->hour > 23 || moment->minute > 59 ||
        moment->second > 59 || point)
      return opaque();
    Type type;
    type.kind = node.name == "DATE" ? TypeKind::date : TypeKind::datetime;
    return constantOf(type, temporalOf(packTemporal(*moment)));
  }

  Expr column(const Node& node) {
    const std::string name = lower(node.name);
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const Column& column = table_.columns[i];
      if (lower(column.name) != name) continue;
      if (column.generated)
        refuse("the column " + column.name + " is generated: its value is not in the log; write its expression",
               node.offset);
      columns_.push_back(i);
      return columnExpr(column, i);
    }
    refuse("there is no column " + node.name + " in the table", node.offset);
  }

  std::vector<Expr> parts(const Node& node) {
    std::vector<Expr> out;
    for (const NodePtr& part : node.parts) out.push_back(expr(*part));
    return out;
  }

  Expr isNull(const Node& node, Expr value) {
    // The servers find zero dates of such columns by IS NULL in a WHERE, and only there (an ODBC rule).
    if (node.parts[0]->kind == NodeKind::column) {
      const Column& column = table_.columns[static_cast<std::size_t>(value.number)];
      if (!column.nullable && (column.dataType.starts_with("date") || column.dataType == "timestamp"))
        refuse("IS NULL of the column " + column.name +
                   ", which cannot be NULL, finds zero dates: write = 0 or leave it out",
               node.offset);
    }
    return makeIsNull(std::move(value), node.negated);
  }

  Expr operation(const Node& node) {
    std::vector<Expr> args = parts(node);
    const std::string& name = node.name;
    const Collation& connection = context_.connection;
    if (isTooHeavy(args)) return opaque();
    if (name == "IN") return makeIn(std::move(args), node.negated, connection);
    if (name == "BETWEEN") return makeBetween(std::move(args), node.negated, connection);
    if (name == "LIKE") return makeLike(std::move(args), node.negated, connection);
    if (name == "IS NULL") return isNull(node, std::move(args[0]));
    if (name == "IS TRUE" || name == "IS FALSE")
      return makeIsTruth(std::move(args[0]), name == "IS TRUE", node.negated);
    if (name == "NOT") return makeNot(std::move(args[0]));
    if (name == "NEG") return makeNegative(std::move(args[0]));
    if (name == "~") return makeInverted(std::move(args[0]));
    if (name == "REGEXP" || name == "->" || name == "->>") return opaque();
    if (name == "AND" || name == "OR" || name == "XOR") return makeLogic(name, std::move(args[0]), std::move(args[1]));
    static constexpr std::string_view kComparisons[] = {"=", "<=>", "<", "<=", ">", ">=", "<>"};
    if (std::find(std::begin(kComparisons), std::end(kComparisons), name) != std::end(kComparisons))
      return makeComparison(name, std::move(args[0]), std::move(args[1]), connection);
    return makeArithmetic(name, std::move(args[0]), std::move(args[1]));
  }

  Expr call(const Node& node) {
    std::vector<Expr> args = parts(node);
    if (node.name == "TRIM") return makeTrim(std::move(args), node.text, context_).value_or(opaque());
    if (node.name == "EXTRACT") return makeExtract(std::move(args[0]), node.text).value_or(opaque());
    const Function* function = findFunction(node.name);
    if (function == nullptr) {
      if (!isAskedFunction(node.name))
        refuse("the function " + node.name + " is not known to be one of the server's own with one result for one row",
               node.offset);
      return opaque();
    }
    if (args.size() < function->least || args.size() > function->most) {
      if (args.size() > kUnlimited) refuse(node.name + " has too many arguments", node.offset);
      // UNIX_TIMESTAMP() and the like: other forms of the same name are the server's.
      return opaque();
    }
    if (node.name == "ISNULL") {
      Node test;
      test.kind = NodeKind::operation;
      test.offset = node.offset;
      test.parts.push_back(std::make_unique<Node>());
      test.parts[0]->kind = node.parts[0]->kind;
      return isNull(test, std::move(args[0]));
    }
    for (const Expr& arg : args) {
      if (arg.type.kind == TypeKind::opaque) return opaque();
    }
    if (isTooHeavy(args)) return opaque();
    return function->build(std::move(args), context_).value_or(opaque());
  }

  Expr collate(const Node& node) {
    Expr inner = expr(*node.parts[0]);
    if (!inner.type.isText() || inner.type.isLabel) return opaque();
    const std::string& charset = inner.type.collation.charset;
    if (!node.name.starts_with(charset + "_") && node.name != "binary") return opaque();
    Collation collation = describeCollation(charset, node.name);
    if (node.name == "binary") return opaque();
    inner.type.collation = std::move(collation);
    inner.type.strength = kExplicit;
    // A comparison with a date reads plain literals only.
    inner.type.fromColumn = false;
    return inner;
  }

  Expr choice(const Node& node) {
    std::vector<Expr> args = parts(node);
    if (!node.negated) return makeChoice(std::move(args), context_.connection);
    if (isTooHeavy(args)) return opaque();
    std::vector<Expr> searched;
    const Expr subject = std::move(args[0]);
    for (std::size_t i = 1; i + 1 < args.size(); i += 2) {
      // One rule for the whole CASE: only values of the subject's own type are compared here.
      const bool alike = args[i].type.kind == subject.type.kind || args[i].type.kind == TypeKind::null ||
                         (args[i].type.isExact() && subject.type.isExact());
      // MySQL's CASE takes −1 for 18446744073709551615.
      if (alike && !haveSameSign(subject, args[i])) return opaque();
      if (!alike) return opaque();
      searched.push_back(makeComparison("=", subject, std::move(args[i]), context_.connection));
      searched.push_back(std::move(args[i + 1]));
    }
    searched.push_back(std::move(args.back()));
    return makeChoice(std::move(searched), context_.connection);
  }

  Expr interval(const Node& node) {
    Expr date = expr(*node.parts[0]);
    Expr count = expr(*node.parts[1]);
    return makeInterval(std::move(date), std::move(count), node.name, node.negated ? -1 : 1);
  }

  const TableSchema& table_;
  Context context_;
  std::vector<std::size_t> columns_;
};

}  // namespace

Condition Condition::compile(std::string_view text, const TableSchema& table, const SessionFacts& session) {
  const NodePtr tree = parseCondition(text);
  Compiler compiler(table, session);
  Condition out;
  out.text_ = text;
  out.root_ = asCondition(compiler.expr(*tree));
  out.columns_ = compiler.columns();
  return out;
}

Verdict Condition::judge(const RowBatch& batch, std::size_t row, Scope& scope) const {
  scope.begin(batch, row);
  const Value value = root_(scope);
  if (value.isAsk()) return Verdict::askServer;
  if (value.kind == ValueKind::error) return Verdict::error;
  const auto truth = truthOfNumber(value);
  if (!truth) return Verdict::unknown;
  return *truth ? Verdict::yes : Verdict::no;
}

std::vector<std::string> computedFunctions() {
  std::vector<std::string> out = {"CAST",     "CONVERT",  "EXTRACT", "POSITION",
                                  "DATE_ADD", "DATE_SUB", "ADDDATE", "SUBDATE"};
  for (const auto functions :
       {textFunctions(), searchFunctions(), numberFunctions(), dateFunctions(), flowFunctions()}) {
    for (const Function& function : functions) out.emplace_back(function.name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace drs::condition
