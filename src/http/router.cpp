#include "http/router.h"

#include "base/error.h"

#include <algorithm>

namespace drs::http {
namespace {

bool isName(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](const auto& want, const auto& got) { return isName(want) ? !got.empty() : want == got; });
}

/// Literal segments win over names, the leftmost difference decides.
bool moreLiteral(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (isName(a[i]) != isName(b[i])) return !isName(a[i]);
  }
  return false;
}

}  // namespace

const std::string& PathParams::at(std::string_view name) const {
  const auto found =
      std::find_if(values_.begin(), values_.end(), [&](const auto& value) { return value.first == name; });
  if (found == values_.end()) throw Error(Msg::internal, {"the route has no parameter " + std::string(name)});
  return found->second;
}

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
  Entry entry{std::string(method), std::string(pattern), {}, std::move(handler)};
  Request parsed;
  if (!parseTarget(pattern, parsed)) throw Error(Msg::internal, {"bad route pattern " + entry.pattern});
  entry.segments = std::move(parsed.segments);
  entries_.push_back(std::move(entry));
}

void Router::add(std::initializer_list<Route> routes) {
  for (const Route& route : routes) add(route.method, route.pattern, route.handler);
}

std::vector<const Router::Entry*> Router::candidates(const Request& request) const {
  std::vector<const Entry*> found;
  for (const Entry& entry : entries_) {
    if (matches(entry.segments, request.segments)) found.push_back(&entry);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Entry* a, const Entry* b) { return moreLiteral(a->segments, b->segments); });
  return found;
}

Response Router::handle(const Request& request) const {
  const auto found = candidates(request);
  if (found.empty())
    throw Error(Msg::noSuchApi, {request.method, request.target.substr(0, request.target.find('?'))}, Origin::request);
  const std::string_view wanted = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (const Entry* entry : found) {
    if (entry->method == wanted) {
      PathParams params;
      for (std::size_t i = 0; i < entry->segments.size(); ++i) {
        const std::string& segment = entry->segments[i];
        if (isName(segment)) params.add(segment.substr(1, segment.size() - 2), request.segments[i]);
      }
      return entry->handler(request, params);
    }
    if (allowed.find(entry->method) == std::string::npos) allowed += (allowed.empty() ? "" : ", ") + entry->method;
  }
  throw Error(Msg::methodNotAllowed, {request.method, allowed}, Origin::request);
}

std::string_view Router::patternOf(const Request& request) const {
  const auto found = candidates(request);
  return found.empty() ? std::string_view("other") : std::string_view(found.front()->pattern);
}

std::vector<std::string> Router::list() const {
  std::vector<std::string> out;
  out.reserve(entries_.size());
  for (const Entry& entry : entries_) out.push_back(entry.method + " " + entry.pattern);
  return out;
}

}  // namespace drs::http
