#include "wire/mysql/json_diff.h"

#include "wire/mysql/json_binary.h"
#include "wire/mysql/json_items.h"
#include "wire/mysql/json_path.h"
#include "wire/mysql/json_text.h"
#include "wire/mysql/varlen.h"
#include "wire/mysql/wire_error.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace drs::mysql {
namespace {

enum class Operation : std::uint8_t { replace = 0, insert = 1, remove = 2 };

[[noreturn]] void throwMisfit() {
  throwCorrupt("a change of a JSON value does not fit the value before it");
}

/// A value, as it is in the bytes or, where a change lies inside of it, with its items.
struct Node {
  JsonValue value;
  bool opened = false;  ///< `items` stand for the container
  struct Item;
  std::vector<Item> items;
};
struct Node::Item {
  std::string name;  ///< of a member
  Node node;
};

void open(Node& node) {
  if (node.opened) return;
  if (!node.value.isContainer()) throwMisfit();
  JsonItems in(node.value);
  node.items.reserve(in.count());
  for (std::uint64_t i = 0; i < in.count(); ++i) {
    Node::Item item;
    if (node.value.isObject()) item.name = in.key();
    item.node.value = in.value();
    node.items.push_back(std::move(item));
  }
  node.opened = true;
}

/// The server keeps members by length, then by bytes.
bool isBefore(const Node::Item& item, const std::string& name) {
  return std::pair(item.name.size(), std::string_view(item.name)) < std::pair(name.size(), std::string_view(name));
}

using Place = std::vector<Node::Item>::iterator;

/// Where the step leads in an opened container; a cell behind the last one is the end.
Place placeOf(Node& node, const JsonStep& step) {
  if (step.member.has_value() != node.value.isObject()) throwMisfit();
  if (step.member)
    return std::partition_point(node.items.begin(), node.items.end(),
                                [&](const Node::Item& item) { return isBefore(item, *step.member); });
  return node.items.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(step.cell, node.items.size()));
}

bool isThere(const Node& node, Place at, const JsonStep& step) {
  return at != node.items.end() && (!step.member || at->name == *step.member);
}

void apply(Node& root, Operation operation, const std::vector<JsonStep>& path, const JsonValue& value) {
  if (path.size() > kMaxJsonDepth) throwDamagedJson();
  if (path.empty()) {
    if (operation != Operation::replace) throwMisfit();
    root = Node{value, false, {}};
    return;
  }
  Node* parent = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    open(*parent);
    const auto at = placeOf(*parent, path[i]);
    if (!isThere(*parent, at, path[i])) throwMisfit();
    parent = &at->node;
  }
  const JsonStep& last = path.back();
  open(*parent);
  const auto at = placeOf(*parent, last);
  const bool exists = isThere(*parent, at, last);
  if (operation == Operation::insert) {
    if (exists && last.member) throwMisfit();
    parent->items.insert(at, Node::Item{last.member.value_or(std::string()), Node{value, false, {}}});
    return;
  }
  if (!exists) throwMisfit();
  if (operation == Operation::remove) {
    parent->items.erase(at);
  } else {
    at->node = Node{value, false, {}};
  }
}

void print(std::string& out, const Node& node, unsigned depth, std::size_t limit) {
  if (!node.opened) return appendJsonValue(out, node.value, depth, limit);
  if (depth >= kMaxJsonDepth) throwDamagedJson();
  const bool isObject = node.value.isObject();
  out += isObject ? '{' : '[';
  bool first = true;
  for (const Node::Item& item : node.items) {
    if (!std::exchange(first, false)) out += ", ";
    if (isObject) {
      appendJsonString(out, item.name);
      out += ": ";
    }
    print(out, item.node, depth + 1, limit);
    if (out.size() > limit) throwDamagedJson();
  }
  out += isObject ? '}' : ']';
}

}  // namespace

void appendChangedJson(std::string& out, std::string_view before, std::string_view diffs) {
  Node root{JsonValue::of(before), false, {}};
  ByteReader in(diffs);
  while (in.left() > 0) {
    const auto operation = static_cast<Operation>(in.u8());
    const std::string_view path = in.slice(readLength(in));
    std::string_view value;
    if (operation != Operation::remove) value = in.slice(readLength(in));
    if (!in.ok() || operation > Operation::remove || (value.empty() && operation != Operation::remove))
      throwDamagedJson();
    apply(root, operation, parseJsonPath(path), JsonValue::of(value));
  }
  print(out, root, 0, out.size() + jsonTextLimit(before.size() + diffs.size()));
}

}  // namespace drs::mysql
