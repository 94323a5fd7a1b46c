#include "entries/saved_filters.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "access/actor.h"
#include "access/route.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "db/db.h"
#include "entries/filter.h"
#include "http/message.h"

namespace annals::entries {
namespace {

using access::Call;
using access::Permission;
using http::Response;

constexpr std::int64_t kPerPersonMax = 200;
constexpr std::size_t kFilterCharsMax = 4'000;

constexpr const char* kList = R"(
  SELECT id, name, filter, shared, created_at, owner FROM saved_filters
  WHERE business = $1 AND (owner = $2 OR shared = 1) AND id > $3 ORDER BY id LIMIT $4)";

void write(base::JsonWriter& out, const db::Row& row, const base::Id& reader) {
  out.begin_object()
      .member("id", row.id(0).text())
      .member("name", row.text(1))
      .member("filter", row.text(2))
      .member("shared", row.flag(3))
      .member("own", row.id(5) == reader)
      .member("created_at", base::format_rfc3339(row.integer(4)))
      .end_object();
}

base::Id after(const http::Request& request) {
  const auto cursor = request.query_value("cursor");
  if (!cursor) return {};
  const auto id = base::parse_id(*cursor);
  if (!id) throw base::malformed("cursor", "cursor", "This cursor is broken; begin again.");
  return *id;
}

Response list(const Call& call) {
  access::only_query(call.request, {"cursor", "limit"});
  const std::size_t limit = access::page_limit(call.request);
  const base::Id from = after(call.request);
  return Response::json(200, call.read([&](db::Tx& tx) {
    base::JsonWriter out;
    out.begin_object().key("items").begin_array();
    db::Rows rows = tx.query(kList, {tx.business(), call.actor.id, from, limit + 1});
    std::size_t shown = 0;
    std::optional<std::string> next;
    std::string last;
    while (rows.next()) {
      if (shown++ == limit) {
        next = last;
        break;
      }
      last = rows->id(0).text();
      write(out, *rows, call.actor.id);
    }
    out.end_array().member("next_cursor", next).end_object();
    return out.take();
  }));
}

// Throws kInvalid (`filter`) where it is no query string of GET /entries.
void check_filter(const std::string& filter, const std::string& time_zone) {
  http::Pairs query;
  std::string_view rest = filter;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = base::percent_decode(pair.substr(0, equals), true);
    const auto value = base::percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || !is_filter_parameter(*name)) {
      throw base::invalid("filter", "filter",
                          "This is no query string of GET /entries: " + std::string(pair) + ".");
    }
    query.emplace_back(*name, *value);
  }
  try {
    static_cast<void>(parse_filter(query, time_zone));
  } catch (const base::Error& error) {
    throw base::invalid("filter", "filter", error.message());
  }
}

constexpr const char* kCount =
    "SELECT count(*) FROM saved_filters WHERE business = $1 AND owner = $2";
constexpr const char* kInsert = R"(
  INSERT INTO saved_filters (business, id, owner, name, filter, shared, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7))";
constexpr const char* kOne = R"(
  SELECT id, name, filter, shared, created_at, owner FROM saved_filters
  WHERE business = $1 AND id = $2)";

Response create(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  base::Fields body(json);
  const auto name = body.text("name", {.required = true});
  const auto filter = body.text("filter", {.required = true, .chars_max = kFilterCharsMax});
  const bool shared = body.boolean("shared").value_or(false);
  body.finish();
  check_filter(*filter, call.actor.time_zone);
  return call.write([&](db::Tx& tx) {
    db::Rows count = tx.query(kCount, {tx.business(), call.actor.id});
    if (count.next() && count->integer(0) >= kPerPersonMax) {
      throw base::invalid("name", "too_many", "Delete one of the 200 saved filters first.");
    }
    const base::Id id = base::make_id(tx.now());
    tx.execute(kInsert, {tx.business(), id, call.actor.id, *name, *filter, shared, tx.now()});
    db::Rows rows = tx.query(kOne, {tx.business(), id});
    CHECK(rows.next());
    base::JsonWriter out;
    write(out, *rows, call.actor.id);
    return Response::json(201, out.take());
  });
}

constexpr const char* kDelete =
    "DELETE FROM saved_filters WHERE business = $1 AND id = $2 AND owner = $3";

Response remove(const Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "saved filter");
  return call.write([&](db::Tx& tx) {
    if (tx.execute(kDelete, {tx.business(), id, call.actor.id}) == 0) {
      throw base::not_found("saved filter of yours");
    }
    return Response::empty();
  });
}

}  // namespace

access::Routes saved_filter_routes() {
  using enum http::Method;
  return {
      {kGet, "/saved-filters", Permission::kEntriesRead, list},
      {kPost, "/saved-filters", Permission::kEntriesRead, create},
      {kDelete, "/saved-filters/{id}", Permission::kEntriesRead, remove},
  };
}

}  // namespace annals::entries
