#include "entries/select.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/error.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/filter.h"
#include "entries/timeline.h"

namespace annals::entries {
namespace {

constexpr std::size_t kLinesAtOnce = 1'000;  // of one read transaction, which has five seconds
constexpr std::int64_t kRowsAtOnce = 10'000;
constexpr std::int64_t kScanAtOnce = 100'000;

Filter filter_of(const SelectQuery& query, const std::string& time_zone) {
  std::vector<base::FieldError> errors;
  for (const auto& [name, value] : query.filters) {
    if (!is_filter_parameter(name) || name == "as_of" || name == "order") {
      errors.push_back({"filters." + name, "unknown_filter",
                        "is no filter of a bundle, which holds all versions as they happened"});
    }
  }
  if (errors.empty()) {
    try {
      Filter filter = parse_filter(query.filters, time_zone);
      filter.ascending = true;
      return filter;
    } catch (const base::Error& error) {
      for (base::FieldError one : error.errors()) {
        one.field.insert(0, "filters.");
        errors.push_back(std::move(one));
      }
    }
  }
  const std::string message = errors.front().field + ": " + errors.front().message;
  throw base::Error(base::Code::kInvalid, message, std::move(errors));
}

// Where the journal has what belongs to the entry of a row: its versions and its retraction, then
// its delivery events.
constexpr const char* kEntryRows = R"(
  SELECT 0, v.version, v.pos FROM journal j
  JOIN entry_versions v ON v.business = j.business AND v.entry = j.entry
  WHERE j.business = $1 AND j.pos = $2
  UNION
  SELECT 0, s.version, s.pos FROM journal j
  JOIN supersession s ON s.business = j.business AND s.entry = j.entry
  WHERE j.business = $1 AND j.pos = $2
  UNION
  SELECT 1, d.pos, d.pos FROM journal j
  JOIN delivery_events d ON d.business = j.business AND d.entry = j.entry
  WHERE j.business = $1 AND j.pos = $2
  ORDER BY 1, 2)";

void add_entry(db::Tx& tx, std::int64_t pos, std::vector<std::int64_t>& rows) {
  db::Rows found = tx.query(kEntryRows, {tx.business(), pos});
  while (found.next()) rows.push_back(found->integer(2));
}

Scope scope_of(db::Tx& tx, const access::Actor& actor, const Filter& filter,
               const SelectQuery& query, const Members& members) {
  Scope scope;
  scope.contact = query.contact;
  try {
    if (query.contact) scope.members = members(tx, *query.contact, std::nullopt);
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kNotFound) throw;
    throw base::invalid("contact", "contact_not_found", "is no contact of this business");
  }
  scope.sight = catalog::sight(tx, actor);
  if (!filter.views.empty()) {
    try {
      catalog::check_views(tx, filter.views);
    } catch (const base::Error& error) {
      throw base::invalid("filters.view", "unknown_view", error.errors().front().message);
    }
    scope.views = catalog::sight_of(tx, {filter.views.begin(), filter.views.end()});
  }
  return scope;
}

constexpr const char* kHead = "SELECT seq FROM heads WHERE business = $1 AND contact = $2";

std::vector<SelectedContact> heads_of(db::Tx& tx, const std::vector<base::Id>& contacts) {
  std::vector<SelectedContact> heads;
  for (const base::Id& contact : contacts) {
    db::Rows rows = tx.query(kHead, {tx.business(), contact});
    heads.push_back({contact, rows.next() ? rows->integer(0) : 0});
  }
  return heads;
}

constexpr const char* kContactRows = R"(
  SELECT t.occurred_at, t.pos, s.pos FROM timeline t
  JOIN journal j ON j.business = t.business AND j.pos = t.pos
  LEFT JOIN supersession s ON s.business = t.business AND s.entry = j.entry AND s.kind = 3
  WHERE t.business = $1 AND t.contact = $2 AND (t.occurred_at, t.pos) > ($3, $4)
  ORDER BY t.occurred_at, t.pos LIMIT $5)";
constexpr const char* kContactEvents = R"(
  SELECT d.pos FROM timeline t
  JOIN journal j ON j.business = t.business AND j.pos = t.pos
  JOIN delivery_events d ON d.business = j.business AND d.entry = j.entry
  WHERE t.business = $1 AND t.contact = $2 AND (t.occurred_at, t.pos) > ($3, $4)
    AND (t.occurred_at, t.pos) <= ($5, $6))";
constexpr const char* kScan = R"(
  SELECT pos FROM journal WHERE business = $1 AND contact = $2 AND pos > $3 AND pos <= $4)";
constexpr const char* kEnd = "SELECT coalesce(max(pos), 0) FROM journal WHERE business = $1";

// Of a contact whose timeline does not tell of all its leaves.
std::unordered_set<std::int64_t> scan(db::Database& database, db::BusinessKey business,
                                      const base::Id& contact) {
  std::unordered_set<std::int64_t> found;
  const auto end = database.read(business, [](db::Tx& tx) {
    db::Rows rows = tx.query(kEnd, {tx.business()});
    return rows.next() ? rows->integer(0) : 0;
  });
  for (std::int64_t from = 0; from < end; from += kScanAtOnce) {
    database.read_as_is(business, [&](db::Tx& tx) {
      db::Rows rows = tx.query(kScan, {tx.business(), contact, from, from + kScanAtOnce});
      while (rows.next()) found.insert(rows->integer(0));
    });
  }
  return found;
}

std::unordered_set<std::int64_t> rows_of(db::Database& database, db::BusinessKey business,
                                         const SelectedContact& contact) {
  std::unordered_set<std::int64_t> found;
  Position after{.occurred_at = INT64_MIN, .pos = 0};
  for (std::int64_t got = kRowsAtOnce; got == kRowsAtOnce;) {
    got = 0;
    database.read(business, [&](db::Tx& tx) {
      db::Rows rows = tx.query(
          kContactRows, {tx.business(), contact.id, after.occurred_at, after.pos, kRowsAtOnce});
      const Position before = after;
      for (; rows.next(); ++got) {
        after = {rows->integer(0), rows->integer(1)};
        found.insert(after.pos);
        if (const auto retraction = rows->maybe_integer(2)) found.insert(*retraction);
      }
      db::Rows events = tx.query(kContactEvents, {tx.business(), contact.id, before.occurred_at,
                                                  before.pos, after.occurred_at, after.pos});
      while (events.next()) found.insert(events->integer(0));
    });
  }
  const bool all = std::cmp_greater_equal(found.size(), contact.leaves);
  return all ? found : scan(database, business, contact.id);
}

}  // namespace

void check_query(db::Tx& tx, const access::Actor& actor, const SelectQuery& query,
                 const Members& members) {
  static_cast<void>(scope_of(tx, actor, filter_of(query, actor.time_zone), query, members));
}

Selection select_rows(db::Database& database, const access::Actor& actor, const SelectQuery& query,
                      const Members& members) {
  const Filter filter = filter_of(query, actor.time_zone);
  Selection selection;
  Scope scope;
  database.read(actor.business, [&](db::Tx& tx) {
    scope = scope_of(tx, actor, filter, query, members);
    selection.contacts = heads_of(tx, scope.members);
  });
  std::optional<Position> after;
  for (std::size_t got = kLinesAtOnce; got == kLinesAtOnce;) {
    database.read(actor.business, [&](db::Tx& tx) {
      const std::vector<Line> lines = page(tx, filter, scope, after, kLinesAtOnce);
      for (const Line& line : lines) add_entry(tx, line.at.pos, selection.shown);
      got = lines.size();
      if (!lines.empty()) after = lines.back().at;
    });
    selection.entries += static_cast<std::int64_t>(got);
  }
  const std::unordered_set<std::int64_t> shown(selection.shown.begin(), selection.shown.end());
  for (const SelectedContact& contact : selection.contacts) {
    for (const std::int64_t pos : rows_of(database, actor.business, contact)) {
      if (!shown.contains(pos)) selection.withheld.push_back(pos);
    }
  }
  std::sort(selection.withheld.begin(), selection.withheld.end());
  return selection;
}

}  // namespace annals::entries
