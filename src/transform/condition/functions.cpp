#include "transform/condition/functions.h"

#include <algorithm>
#include <array>

namespace drs::condition {
namespace {

/// What the servers know and we do not compute, as far as a row decides it; and what depends on the session, which the
/// server answers for our sessions.
constexpr std::array<std::string_view, 116> kAsked = {"ACOS",
                                                      "ADDTIME",
                                                      "AES_DECRYPT",
                                                      "AES_ENCRYPT",
                                                      "ASIN",
                                                      "ATAN",
                                                      "ATAN2",
                                                      "BIN",
                                                      "BIN_TO_UUID",
                                                      "BIT_LENGTH",
                                                      "COMPRESS",
                                                      "CONV",
                                                      "CONVERT_TZ",
                                                      "COS",
                                                      "COT",
                                                      "CRC32",
                                                      "CURDATE",
                                                      "CURRENT_DATE",
                                                      "CURRENT_TIME",
                                                      "CURRENT_TIMESTAMP",
                                                      "CURRENT_USER",
                                                      "CURTIME",
                                                      "DATE_FORMAT",
                                                      "DAYNAME",
                                                      "DEGREES",
                                                      "EXP",
                                                      "EXPORT_SET",
                                                      "FORMAT",
                                                      "FORMAT_BYTES",
                                                      "FROM_BASE64",
                                                      "FROM_DAYS",
                                                      "FROM_UNIXTIME",
                                                      "INET6_ATON",
                                                      "INET6_NTOA",
                                                      "INET_ATON",
                                                      "INET_NTOA",
                                                      "IS_IPV4",
                                                      "IS_IPV4_COMPAT",
                                                      "IS_IPV4_MAPPED",
                                                      "IS_IPV6",
                                                      "IS_UUID",
                                                      "JSON_ARRAY",
                                                      "JSON_CONTAINS",
                                                      "JSON_CONTAINS_PATH",
                                                      "JSON_DEPTH",
                                                      "JSON_EXTRACT",
                                                      "JSON_KEYS",
                                                      "JSON_LENGTH",
                                                      "JSON_OBJECT",
                                                      "JSON_OVERLAPS",
                                                      "JSON_QUERY",
                                                      "JSON_QUOTE",
                                                      "JSON_SEARCH",
                                                      "JSON_TYPE",
                                                      "JSON_UNQUOTE",
                                                      "JSON_VALID",
                                                      "JSON_VALUE",
                                                      "LN",
                                                      "LOCALTIME",
                                                      "LOCALTIMESTAMP",
                                                      "LOG",
                                                      "LOG10",
                                                      "LOG2",
                                                      "MAKEDATE",
                                                      "MAKETIME",
                                                      "MAKE_SET",
                                                      "MD5",
                                                      "MONTHNAME",
                                                      "NOW",
                                                      "OCT",
                                                      "PERIOD_ADD",
                                                      "PERIOD_DIFF",
                                                      "PI",
                                                      "POW",
                                                      "POWER",
                                                      "QUOTE",
                                                      "RADIANS",
                                                      "REGEXP_INSTR",
                                                      "REGEXP_LIKE",
                                                      "REGEXP_REPLACE",
                                                      "REGEXP_SUBSTR",
                                                      "SEC_TO_TIME",
                                                      "SHA",
                                                      "SHA1",
                                                      "SHA2",
                                                      "SIN",
                                                      "SOUNDEX",
                                                      "STR_TO_DATE",
                                                      "ST_ASTEXT",
                                                      "ST_CONTAINS",
                                                      "ST_DISTANCE",
                                                      "ST_GEOMFROMTEXT",
                                                      "ST_SRID",
                                                      "ST_WITHIN",
                                                      "ST_X",
                                                      "ST_Y",
                                                      "SUBTIME",
                                                      "TAN",
                                                      "TIME",
                                                      "TIMEDIFF",
                                                      "TIMESTAMP",
                                                      "TIMESTAMPADD",
                                                      "TIMESTAMPDIFF",
                                                      "TIME_FORMAT",
                                                      "TO_BASE64",
                                                      "TO_SECONDS",
                                                      "UNCOMPRESS",
                                                      "UNHEX",
                                                      "USER",
                                                      "UTC_DATE",
                                                      "UTC_TIME",
                                                      "UTC_TIMESTAMP",
                                                      "UUID_TO_BIN",
                                                      "WEEK",
                                                      "WEEKOFYEAR",
                                                      "YEARWEEK"};

}  // namespace

const Function* findFunction(std::string_view name) {
  for (const auto functions :
       {textFunctions(), searchFunctions(), numberFunctions(), dateFunctions(), flowFunctions()}) {
    for (const Function& function : functions) {
      if (function.name == name) return &function;
    }
  }
  return nullptr;
}

bool isAskedFunction(std::string_view name) {
  return std::find(kAsked.begin(), kAsked.end(), name) != kAsked.end();
}

std::optional<Expr> textFunction(Evaluate evaluate, std::vector<Expr> args, const Context& context, TypeKind result) {
  for (Expr& arg : args) {
    auto text = asText(std::move(arg), context.connection);
    if (!text || !text->type.isText() || text->type.collation.charset == "binary") return std::nullopt;
    arg = std::move(*text);
  }
  const auto mixed = mixCollations(args);
  if (!mixed) return std::nullopt;
  const bool ascii = std::all_of(args.begin(), args.end(), [](const Expr& arg) { return arg.type.isAscii; });
  Expr out = expressionOf(result, evaluate, std::move(args));
  out.type.collation = mixed->collation;
  out.type.strength = mixed->strength;
  out.type.isAscii = ascii;
  return out;
}

}  // namespace drs::condition
