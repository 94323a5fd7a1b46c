#include "http/router.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/message.h"

namespace annals::http {
namespace {

/// The parts between the slashes of a path that begins with one; "/" has one empty part.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

/// "id" of "{id}" and "path" of "{path...}"; nothing for a literal.
std::optional<std::string_view> parameter_of(std::string_view segment) {
  if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}') return std::nullopt;
  std::string_view name = segment.substr(1, segment.size() - 2);
  if (name.ends_with("...")) name.remove_suffix(3);
  return name;
}

}  // namespace

void Router::add(Route route) {
  CHECK(route.pattern.starts_with('/'));
  const std::string pattern = route.pattern;
  const std::vector<std::string_view> segments = segments_of(pattern);
  std::vector<std::string> names;
  std::size_t at = 0;
  bool rest = false;
  for (const std::string_view segment : segments) {
    CHECK(!rest);  // a rest is the last segment
    if (const auto name = parameter_of(segment)) {
      names.emplace_back(*name);
      rest = segment.ends_with("...}");
      if (rest) continue;
      if (nodes_[at].parameter == kNone) {
        nodes_[at].parameter = nodes_.size();
        nodes_.emplace_back();
      }
      at = nodes_[at].parameter;
    } else {
      const auto [it, added] = nodes_[at].literals.emplace(segment, nodes_.size());
      at = it->second;
      if (added) nodes_.emplace_back();
    }
  }
  auto& here = rest ? nodes_[at].rests : nodes_[at].routes;
  CHECK(std::none_of(here.begin(), here.end(),
                     [&](std::size_t other) { return routes_[other].method == route.method; }));
  here.push_back(routes_.size());
  routes_.push_back(std::move(route));
  parameter_names_.push_back(std::move(names));
}

/// Walks the tree for one path: first by literals and parameters alone, then for rests.
struct Router::Search {
  const Router& router;
  Method method;
  const std::vector<std::string_view>& segments;
  std::array<bool, 7> allowed{};  // by Method: what the path's patterns have
  bool any = false;
  std::vector<std::string_view> values{};
  std::size_t found = kNone;

  void note(const std::vector<std::size_t>& routes) {
    for (const std::size_t index : routes) {
      const Method theirs = router.routes_[index].method;
      any = true;
      allowed[static_cast<std::size_t>(theirs)] = true;
      if (theirs == method) found = index;
    }
    if (found == kNone && method == Method::kHead) {
      for (const std::size_t index : routes) {
        if (router.routes_[index].method == Method::kGet) found = index;
      }
    }
  }

  bool literally(std::size_t at, std::size_t depth) {
    const Node& node = router.nodes_[at];
    if (depth == segments.size()) {
      note(node.routes);
      return found != kNone;
    }
    const auto literal = node.literals.find(segments[depth]);
    if (literal != node.literals.end() && literally(literal->second, depth + 1)) return true;
    if (node.parameter == kNone || segments[depth].empty()) return false;
    values.push_back(segments[depth]);
    if (literally(node.parameter, depth + 1)) return true;
    values.pop_back();
    return false;
  }

  /// The deepest rest along the literal-first way, so that "/api/{path...}" wins over "/{path...}".
  bool by_rest(std::size_t at, std::size_t depth, std::string_view path) {
    if (depth == segments.size()) return false;
    const Node& node = router.nodes_[at];
    const auto literal = node.literals.find(segments[depth]);
    if (literal != node.literals.end() && by_rest(literal->second, depth + 1, path)) return true;
    if (node.parameter != kNone && !segments[depth].empty()) {
      values.push_back(segments[depth]);
      if (by_rest(node.parameter, depth + 1, path)) return true;
      values.pop_back();
    }
    if (node.rests.empty()) return false;
    note(node.rests);
    const auto offset = static_cast<std::size_t>(segments[depth].data() - path.data());
    values.push_back(path.substr(offset));
    return true;
  }
};

Router::Match Router::find(Method method, const std::string& path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const std::vector<std::string_view> segments = segments_of(path);
  Search search{*this, method, segments};
  if (!search.literally(0, 0) && !search.any) search.by_rest(0, 0, path);
  if (search.found != kNone) {
    match.route = &routes_[search.found];
    const auto& names = parameter_names_[search.found];
    for (std::size_t i = 0; i < names.size(); ++i) {
      match.path_parameters.emplace_back(names[i], search.values[i]);
    }
    return match;
  }
  if (!search.any) return match;
  const auto has = [&](Method m) { return search.allowed[static_cast<std::size_t>(m)]; };
  for (const Method m : {Method::kGet, Method::kHead, Method::kPost, Method::kPut, Method::kPatch,
                         Method::kDelete, Method::kOptions}) {
    const bool implied = m == Method::kOptions || (m == Method::kHead && has(Method::kGet));
    if (!has(m) && !implied) continue;
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += name_of(m);
  }
  return match;
}

}  // namespace annals::http
