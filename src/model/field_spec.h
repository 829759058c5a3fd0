#pragma once

#include "model/decoding.h"
#include "model/job_spec_json.h"
#include "model/rule.h"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// The machinery behind the tables. A table lists the fields of one object; decoding, encoding and the description of
// the request all walk it. A field is a member pointer, its JSON name and its rule; what kind of value it is follows
// from the member's type. To add a kind, add one overload each of decodeValue, encodeValue and kindOf.

namespace drs {

using Json = nlohmann::json;
using OutJson = nlohmann::ordered_json;

/// What describeRequest() says about the type of a field: "text", "secret", "boolean", "integer", "object", "array",
/// "map" and, for the last three, the object inside.
struct Kind {
  std::string_view type;
  std::string_view of;
};

template <class T>
struct Field {
  std::string_view name;
  Rule rule;
  Use use{};
  std::string_view note;  ///< for people: meaning, and limits of this version
  void (*decode)(T& out, const Json& value, const Rule& rule, const std::string& path, Decoding& run) = nullptr;
  bool (*present)(const T& object) = nullptr;
  void (*encode)(const T& object, OutJson& into, std::string_view name, EncodeFor purpose) = nullptr;
  Kind (*kind)() = nullptr;
};

/// The fields of one object, in the order of the API page, which is also the order in which problems are reported.
template <class T>
struct Table {
  std::string_view object;  ///< name of the object in api/openapi.yaml
  int number = 0;           ///< of the API page's table
  std::vector<Field<T>> fields;
};

/// The table of an object; specialised in spec_tables_*.cpp, declared in spec_tables.h.
template <class T>
const Table<T>& tableOf();

// --- access to JSON without its heavy header -------------------------------------------------------------------------
namespace impl {
const Json* findMember(const Json& object, std::string_view name);  ///< nullptr: absent or null
std::size_t elementCount(const Json& array);
const Json& elementAt(const Json& array, std::size_t index);
/// Calls `fn(key, value)` for each member that is not null.
void forEachMember(const Json& object, const std::function<void(const std::string&, const Json&)>& fn);
bool expectObject(const Json& value, const std::string& path, Decoding& run);
/// Checks the type and the number of elements.
bool expectArray(const Json& value, const Rule& rule, const std::string& path, Decoding& run);
bool expectMap(const Json& value, const Rule& rule, const std::string& path, Decoding& run);
bool keyFits(const std::string& key, const std::string& path, Decoding& run);
OutJson& addObject(OutJson& into, std::string_view name);
OutJson& addArray(OutJson& into, std::string_view name);
OutJson& addElement(OutJson& array);
}  // namespace impl

// --- decoding --------------------------------------------------------------------------------------------------------
// A value that breaks its rule is reported and stays absent, so that the cross-field rules see only sound values.

void decodeValue(std::optional<std::string>& out, const Json& value, const Rule& rule, const std::string& path,
                 Decoding& run);
void decodeValue(std::optional<bool>& out, const Json& value, const Rule& rule, const std::string& path, Decoding& run);
void decodeValue(std::optional<std::int64_t>& out, const Json& value, const Rule& rule, const std::string& path,
                 Decoding& run);
void decodeValue(std::optional<Secret>& out, const Json& value, const Rule& rule, const std::string& path,
                 Decoding& run);
void decodeValue(std::optional<std::vector<std::string>>& out, const Json& value, const Rule& rule,
                 const std::string& path, Decoding& run);

/// Decodes the members that `value` has over those of `out`; what is then still missing is reported.
template <class T>
void decodeObject(T& out, const Json& value, const std::string& path, Decoding& run) {
  if (!impl::expectObject(value, path, run)) return;
  for (const Field<T>& field : tableOf<T>().fields) {
    if (run.full()) return;
    if (const Json* member = impl::findMember(value, field.name)) {
      field.decode(out, *member, field.rule, memberPath(path, field.name), run);
    } else if (field.rule.mandatory && run.rulesApply() && !field.present(out)) {
      run.missing(memberPath(path, field.name));
    }
  }
}

template <class T>
void decodeValue(T& out, const Json& value, const Rule&, const std::string& path, Decoding& run) {
  decodeObject(out, value, path, run);
}

template <class T>
void decodeValue(std::optional<T>& out, const Json& value, const Rule&, const std::string& path, Decoding& run) {
  if (!impl::expectObject(value, path, run)) return;
  decodeObject(out.emplace(), value, path, run);
}

template <class T>
void decodeValue(std::vector<T>& out, const Json& value, const Rule& rule, const std::string& path, Decoding& run) {
  if (!impl::expectArray(value, rule, path, run)) return;
  out.clear();
  const std::size_t count = impl::elementCount(value);
  for (std::size_t i = 0; i < count && !run.full(); ++i) {
    decodeObject(out.emplace_back(), impl::elementAt(value, i), elementPath(path, i), run);
  }
}

template <class T>
void decodeValue(std::optional<std::vector<T>>& out, const Json& value, const Rule& rule, const std::string& path,
                 Decoding& run) {
  if (!impl::expectArray(value, rule, path, run)) return;
  decodeValue(out.emplace(), value, rule, path, run);
}

template <class T>
void decodeValue(std::optional<std::map<std::string, T>>& out, const Json& value, const Rule& rule,
                 const std::string& path, Decoding& run) {
  if (!impl::expectMap(value, rule, path, run)) return;
  out.emplace();
  impl::forEachMember(value, [&](const std::string& key, const Json& member) {
    const std::string here = keyPath(path, key);
    if (run.full() || !impl::keyFits(key, here, run) || !run.takeObject(here)) return;
    decodeObject((*out)[key], member, here, run);
  });
}

// --- encoding --------------------------------------------------------------------------------------------------------

void encodeValue(const std::optional<std::string>& value, OutJson& into, std::string_view name, EncodeFor purpose);
void encodeValue(const std::optional<bool>& value, OutJson& into, std::string_view name, EncodeFor purpose);
void encodeValue(const std::optional<std::int64_t>& value, OutJson& into, std::string_view name, EncodeFor purpose);
void encodeValue(const std::optional<Secret>& value, OutJson& into, std::string_view name, EncodeFor purpose);
void encodeValue(const std::optional<std::vector<std::string>>& value, OutJson& into, std::string_view name,
                 EncodeFor purpose);

template <class T>
void encodeObject(const T& object, OutJson& into, EncodeFor purpose) {
  for (const Field<T>& field : tableOf<T>().fields) {
    if (field.rule.notInAnswer && purpose == EncodeFor::answer) continue;
    field.encode(object, into, field.name, purpose);
  }
}

template <class T>
void encodeValue(const T& value, OutJson& into, std::string_view name, EncodeFor purpose) {
  encodeObject(value, impl::addObject(into, name), purpose);
}

template <class T>
void encodeValue(const std::optional<T>& value, OutJson& into, std::string_view name, EncodeFor purpose) {
  if (value) encodeObject(*value, impl::addObject(into, name), purpose);
}

template <class T>
void encodeValue(const std::vector<T>& value, OutJson& into, std::string_view name, EncodeFor purpose) {
  OutJson& array = impl::addArray(into, name);
  for (const T& element : value) encodeObject(element, impl::addElement(array), purpose);
}

template <class T>
void encodeValue(const std::optional<std::vector<T>>& value, OutJson& into, std::string_view name, EncodeFor purpose) {
  if (value) encodeValue(*value, into, name, purpose);
}

template <class T>
void encodeValue(const std::optional<std::map<std::string, T>>& value, OutJson& into, std::string_view name,
                 EncodeFor purpose) {
  if (!value) return;
  OutJson& map = impl::addObject(into, name);
  for (const auto& [key, element] : *value) encodeObject(element, impl::addObject(map, key), purpose);
}

// --- what kind a member is -------------------------------------------------------------------------------------------

inline Kind kindOf(const std::optional<std::string>*) {
  return {"text", {}};
}
inline Kind kindOf(const std::optional<bool>*) {
  return {"boolean", {}};
}
inline Kind kindOf(const std::optional<std::int64_t>*) {
  return {"integer", {}};
}
inline Kind kindOf(const std::optional<Secret>*) {
  return {"secret", {}};
}
inline Kind kindOf(const std::optional<std::vector<std::string>>*) {
  return {"array", "text"};
}
template <class T>
Kind kindOf(const T*) {
  return {"object", tableOf<T>().object};
}
template <class T>
Kind kindOf(const std::optional<T>*) {
  return {"object", tableOf<T>().object};
}
template <class T>
Kind kindOf(const std::vector<T>*) {
  return {"array", tableOf<T>().object};
}
template <class T>
Kind kindOf(const std::optional<std::vector<T>>*) {
  return {"array", tableOf<T>().object};
}
template <class T>
Kind kindOf(const std::optional<std::map<std::string, T>>*) {
  return {"map", tableOf<T>().object};
}

// --- a row of a table ------------------------------------------------------------------------------------------------
namespace impl {
template <class Member>
struct MemberPointer;
template <class Object, class Value>
struct MemberPointer<Value Object::*> {
  using object = Object;
  using value = Value;
};

template <class V>
bool isPresent(const std::optional<V>& value) {
  return value.has_value();
}
template <class V>
bool isPresent(const std::vector<V>& value) {
  return !value.empty();
}
template <class V>
bool isPresent(const V&) {
  return false;  // an object that is always there in memory: only the JSON tells
}
}  // namespace impl

template <auto member>
auto field(std::string_view name, const Rule& rule, Use use, std::string_view note = {}) {
  using T = typename impl::MemberPointer<decltype(member)>::object;
  using V = typename impl::MemberPointer<decltype(member)>::value;
  return Field<T>{
      name,
      rule,
      use,
      note,
      [](T& out, const Json& value, const Rule& r, const std::string& path, Decoding& run) {
        decodeValue(out.*member, value, r, path, run);
      },
      [](const T& object) { return impl::isPresent(object.*member); },
      [](const T& object, OutJson& into, std::string_view key, EncodeFor purpose) {
        encodeValue(object.*member, into, key, purpose);
      },
      [] { return kindOf(static_cast<const V*>(nullptr)); },
  };
}

}  // namespace drs
