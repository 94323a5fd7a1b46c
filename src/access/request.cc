// What handlers share to read a request (declared in access/route.h).
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "access/route.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "http/message.h"

namespace annals::access {

base::Json json_body(const http::Request& request) {
  std::string_view type = request.header("content-type");
  type = base::trim(type.substr(0, type.find(';')));
  const std::string folded = base::ascii_lower(type);
  if (!folded.empty() && folded != "application/json" && !folded.ends_with("+json")) {
    throw base::Error(base::Code::kUnsupportedMediaType,
                      "The body must be JSON: send it with Content-Type: application/json.");
  }
  return base::parse_json(request.body);
}

void only_query(const http::Request& request, std::initializer_list<std::string_view> names) {
  std::vector<base::FieldError> errors;
  std::set<std::string_view> seen;
  for (const auto& [name, value] : request.query) {
    if (errors.size() == base::limits::kFieldErrorsMax) break;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      errors.push_back({name, "unknown_parameter", "is not a query parameter of this address"});
    } else if (!seen.insert(name).second) {
      errors.push_back({name, "repeated", "may be given once"});
    }
  }
  if (errors.empty()) return;
  std::string message = errors.front().field + ": " + errors.front().message;
  throw base::Error(base::Code::kMalformed, std::move(message), std::move(errors));
}

std::size_t page_limit(const http::Request& request) {
  const auto text = request.query_value("limit");
  if (!text) return base::limits::kPageDefault;
  std::size_t limit = 0;
  const char* begin = text->data();
  const char* end = begin + text->size();
  const auto [rest, error] = std::from_chars(begin, end, limit);
  if (error != std::errc() || rest != end || limit == 0 || limit > base::limits::kPageMax) {
    throw base::malformed("limit", "range",
                          "must be from 1 to " + std::to_string(base::limits::kPageMax));
  }
  return limit;
}

base::Id path_id(const http::Request& request, const std::string& what,
                 std::string_view parameter) {
  const auto id = base::parse_id(request.parameter(parameter));
  if (!id) throw base::not_found(what);
  return *id;
}

std::string etag(std::int64_t version) { return '"' + std::to_string(version) + '"'; }

void check_if_match(const http::Request& request, std::int64_t version) {
  std::string_view list = request.header("if-match");
  if (list.empty()) return;
  const std::string wanted = etag(version);
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view one = base::trim(list.substr(0, comma));
    if (one == "*" || one == wanted) return;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  throw base::Error(base::Code::kPreconditionFailed,
                    "It has changed since you read it: read it again, then repeat the change.",
                    {{"If-Match", "version", "is not the version " + wanted}});
}

}  // namespace annals::access
