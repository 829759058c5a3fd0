#include "job/object_store.h"

#include "base/error.h"
#include "transform/packed_text.h"

#include <nlohmann/json.hpp>

namespace drs {
namespace {

using Json = nlohmann::json;

Json fromName(const TableName& name) {
  return {pack(name.database), pack(name.table)};
}

TableName toName(const Json& json) {
  return {unpack(json.at(0).get<std::string>()), unpack(json.at(1).get<std::string>())};
}

ObjectKind toKind(const std::string& text) {
  for (const ObjectKind kind : kObjectKinds)
    if (toText(kind) == text) return kind;
  throw Error(Msg::storeDamaged, {"unknown kind " + text + " of an object"}, Origin::store);
}

/// What is known of it without its definition.
Json fromListed(const ObjectPlan& object) {
  return {{"kind", toText(object.kind)},
          {"source", fromName(object.source)},
          {"target", fromName(object.target)},
          {"done", object.done}};
}

Json fromObject(const ObjectPlan& object) {
  Json out = fromListed(object);
  out["statement"] = pack(object.statement);
  out["sqlMode"] = pack(object.sqlMode);
  out["charset"] = pack(object.charset);
  out["collation"] = pack(object.collation);
  out["timeZone"] = pack(object.timeZone);
  out["databaseCollation"] = pack(object.databaseCollation);
  for (const std::string& line : object.leftOut) out["leftOut"].push_back(pack(line));
  return out;
}

template <typename Each>
std::string encode(const StoredObjects& stored, const Each& each) {
  Json list = Json::array();
  for (const ObjectPlan& object : stored.objects) list.push_back(each(object));
  return Json{{"copyDone", stored.copyDone}, {"objects", std::move(list)}}.dump();
}

ObjectPlan toObject(const Json& json) {
  const auto text = [&](const char* member) { return unpack(json.at(member).get<std::string>()); };
  ObjectPlan object;
  object.kind = toKind(json.at("kind").get<std::string>());
  object.source = toName(json.at("source"));
  object.target = toName(json.at("target"));
  object.done = json.at("done").get<bool>();
  if (!json.contains("statement")) return object;
  object.statement = text("statement");
  object.sqlMode = text("sqlMode");
  object.charset = text("charset");
  object.collation = text("collation");
  object.timeZone = text("timeZone");
  object.databaseCollation = text("databaseCollation");
  for (const Json& line : json.value("leftOut", Json::array()))
    object.leftOut.push_back(unpack(line.get<std::string>()));
  return object;
}

}  // namespace

std::string encodeObjects(const StoredObjects& stored) {
  return encode(stored, fromObject);
}

std::string encodeObjectList(const StoredObjects& stored) {
  return encode(stored, fromListed);
}

StoredObjects decodeObjects(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    StoredObjects out;
    out.copyDone = json.at("copyDone").get<bool>();
    for (const Json& object : json.at("objects")) out.objects.push_back(toObject(object));
    return out;
  } catch (const Json::exception& e) {
    throw Error(Msg::storeDamaged, {"the list of objects is not readable"}, Origin::store, e.what());
  }
}

}  // namespace drs
