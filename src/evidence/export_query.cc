#include "evidence/export_query.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/limits.h"
#include "entries/select.h"
#include "http/message.h"

namespace annals::evidence {
namespace {

// One value of a filter; nothing where it is none.
bool add_value(http::Pairs& filters, const std::string& name, const base::Json& value) {
  if (value.is_bool()) {
    filters.emplace_back(name, value.as_bool() ? "true" : "false");
  } else if (value.is_string() && value.text().size() <= base::limits::kTextBytesMax) {
    filters.emplace_back(name, value.text());
  } else {
    return false;
  }
  return true;
}

}  // namespace

entries::SelectQuery read_query(base::Fields& body) {
  entries::SelectQuery query{.contact = body.id("contact"), .filters = {}};
  const base::Json* filters = body.any("filters");
  if (filters == nullptr || filters->is_null()) return query;
  if (!filters->is_object()) {
    body.fail("filters", "object", "must be an object of filters, as GET /entries takes them");
    return query;
  }
  for (const auto& [name, value] : filters->members()) {
    const std::vector<base::Json> one = {value};
    const std::vector<base::Json>& values = value.is_array() ? value.items() : one;
    const bool good = values.size() <= base::limits::kFiltersMax &&
                      std::all_of(values.begin(), values.end(), [&](const base::Json& item) {
                        return add_value(query.filters, name, item);
                      });
    if (!good) {
      body.fail("filters." + name, "value", "must be a text, true, false, or a list of texts");
    }
  }
  return query;
}

http::Pairs parse_query_text(std::string_view text) {
  http::Pairs filters;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = base::percent_decode(pair.substr(0, equals), true);
    const auto value = base::percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) {
      throw base::invalid("filter", "filter", "is no query string of GET /entries");
    }
    filters.emplace_back(*name, *value);
  }
  return filters;
}

}  // namespace annals::evidence
