#include "engine/redis/cluster_nodes.h"

#include "base/error.h"
#include "wire/resp/slot.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace drs::redis {
namespace {

std::optional<std::uint16_t> toNumber(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint16_t> toSlot(std::string_view text) {
  const auto slot = toNumber(text);
  return slot && *slot < resp::kSlots ? slot : std::nullopt;
}

/// Cuts off and returns what stands before the next separator.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return piece;
}

/// "10.0.0.1:6379@16379,name,shard-id=…"; the port may be 0 where the node is not known.
std::optional<net::Address> parseAddress(std::string_view text) {
  text = text.substr(0, text.find(','));
  text = text.substr(0, text.find('@'));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = toNumber(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return net::Address{std::string(host), *port};
}

void parseFlags(std::string_view flags, ClusterNode& node) {
  while (!flags.empty()) {
    const std::string_view flag = take(flags, ',');
    if (flag == "myself") node.myself = true;
    if (flag == "fail" || flag == "fail?" || flag == "noaddr" || flag == "handshake") node.failed = true;
  }
}

/// "0-5460", "9000", or of a slot on the move "[93->-id]" and "[93-<-id]".
void parseSlots(std::string_view text, ClusterNode& node) {
  while (!text.empty()) {
    std::string_view piece = take(text, ' ');
    if (piece.starts_with('[')) {
      piece.remove_prefix(1);
      const auto slot = toSlot(take(piece, '-'));
      if (slot) node.openSlots.push_back(*slot);
      if (slot && piece.starts_with('<')) node.importing.push_back(*slot);
      continue;
    }
    const auto first = toSlot(take(piece, '-'));
    const auto last = piece.empty() ? first : toSlot(piece);
    if (first && last && *first <= *last) node.slots.emplace_back(*first, *last);
  }
  std::sort(node.slots.begin(), node.slots.end());
}

/// id address flags master ping-sent pong-received epoch link-state slot slot …
std::optional<ClusterNode> parseNode(std::string_view line) {
  ClusterNode node;
  node.id = take(line, ' ');
  const auto address = parseAddress(take(line, ' '));
  if (node.id.empty() || !address) return std::nullopt;
  node.address = *address;
  parseFlags(take(line, ' '), node);
  const std::string_view master = take(line, ' ');
  if (master != "-") node.masterId = master;
  for (int i = 0; i < 2; ++i) (void)take(line, ' ');
  const std::string_view epoch = take(line, ' ');
  (void)std::from_chars(epoch.data(), epoch.data() + epoch.size(), node.epoch);
  if (line.empty()) return std::nullopt;
  (void)take(line, ' ');
  parseSlots(line, node);
  return node;
}

[[noreturn]] void refuse(const std::string& server, const char* what) {
  throw Error(Msg::badReply, {server, what}, Origin::source);
}

}  // namespace

std::vector<ClusterNode> parseClusterNodes(std::string_view text, const std::string& server) {
  std::vector<ClusterNode> nodes;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (auto node = parseNode(line)) nodes.push_back(std::move(*node));
  }
  if (nodes.empty()) refuse(server, "CLUSTER NODES lists no node");
  return nodes;
}

std::vector<ClusterNode> parseClusterSlots(const resp::Reply& reply, const std::string& server) {
  std::vector<ClusterNode> nodes;
  for (const resp::Reply& range : reply.elements()) {
    const auto first = range.at(0).integer(), last = range.at(1).integer();
    if (!first || !last || *first < 0 || *last < *first || *last >= resp::kSlots || range.elements().size() < 3)
      refuse(server, "CLUSTER SLOTS has a range that is none");
    std::string masterId;
    for (std::size_t i = 2; i < range.elements().size(); ++i) {
      const resp::Reply& each = range.at(i);
      const auto port = each.at(1).integer();
      if (!port || *port < 0 || *port > UINT16_MAX) refuse(server, "CLUSTER SLOTS has a node without a port");
      ClusterNode node;
      node.address = {each.at(0).text(), static_cast<std::uint16_t>(*port)};
      node.id = each.at(2).text().empty() ? node.address.text() : each.at(2).text();
      if (i == 2) masterId = node.id;
      if (i > 2) node.masterId = masterId;
      auto known = std::find_if(nodes.begin(), nodes.end(), [&](const ClusterNode& n) { return n.id == node.id; });
      if (known == nodes.end()) known = nodes.insert(nodes.end(), std::move(node));
      if (i == 2) known->slots.emplace_back(static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last));
    }
  }
  for (ClusterNode& node : nodes) std::sort(node.slots.begin(), node.slots.end());
  if (nodes.empty()) refuse(server, "CLUSTER SLOTS lists no node");
  return nodes;
}

std::string uncoveredSlots(const std::vector<ClusterNode>& nodes) {
  std::vector<bool> covered(resp::kSlots, false);
  for (const ClusterNode& node : nodes)
    for (const auto& [first, last] : node.slots)
      for (std::size_t slot = first; slot <= last; ++slot) covered[slot] = true;
  constexpr int kShown = 10;
  std::string text;
  int pieces = 0;
  for (std::size_t slot = 0; slot < covered.size(); ++slot) {
    if (covered[slot]) continue;
    const std::size_t first = slot;
    while (slot + 1 < covered.size() && !covered[slot + 1]) ++slot;
    if (++pieces > kShown) return text + ", …";
    text += (text.empty() ? "" : ", ") + std::to_string(first);
    if (slot != first) text += "-" + std::to_string(slot);
  }
  return text;
}

}  // namespace drs::redis
