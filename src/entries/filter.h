// What a reader asks of a timeline: the filters of GET /entries and GET /contacts/{id}/entries, as
// values and as SQL. Private to entries/.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/sql.h"
#include "http/message.h"

namespace annals::entries {

struct Filter {
  std::vector<std::string> categories;
  std::vector<std::string> types;
  std::vector<std::string> contact_types;
  std::vector<std::string> methods;  // "none" for entries without
  std::vector<std::string> directions;
  std::vector<std::string> statuses;
  std::vector<std::string> actor_kinds;
  std::vector<base::Id> staff;
  std::vector<std::string> views;
  std::vector<std::string> tags;     // of the contact
  std::optional<base::Micros> from;  // inclusive
  std::optional<base::Micros> to;    // exclusive
  std::optional<bool> manual;
  std::optional<bool> has_attachment;
  std::optional<base::Micros> as_of;  // inclusive, on recorded_at
  std::string q;
  std::vector<std::string> words;  // of q
  bool ascending = false;
  std::string text;  // the filter and order as a normalised query string
};

/// The names of the parameters that parse_filter() reads.
[[nodiscard]] bool is_filter_parameter(std::string_view name);

/// Reads the filters among `query`; other parameters are the caller's. `time_zone` is the
/// business's: bare dates are in it. Throws kMalformed with every parameter at fault.
[[nodiscard]] Filter parse_filter(const http::Pairs& query, const std::string& time_zone);

/// Where a page ends, and what it belongs to. Opaque text for clients.
struct Position {
  base::Micros occurred_at = 0;
  std::int64_t pos = 0;
};
[[nodiscard]] std::string encode_cursor(const Filter& filter, const Position& last);
/// The position and, where the query has no filters, those of the cursor. Throws kMalformed
/// (`cursor`): broken, or of other filters.
struct Cursor {
  Filter filter;
  Position after;
};
[[nodiscard]] Cursor decode_cursor(std::string_view text, const http::Pairs& query,
                                   const std::string& time_zone);

/// What rows a reading is over.
struct Scope {
  std::optional<base::Id> contact;  // none: all clients
  std::vector<base::Id> members;    // with `contact`: whose entries it shows
  catalog::Sight sight;
  std::optional<catalog::Sight> views;  // of Filter::views
};

/// Which of the filter's conditions SQL is to check. Facets look at each choice on its own.
enum class Conditions { kAll, kWithoutChoices };

/// Adds ` AND …` for `filter` and what the scope's reader may see, about the columns of `alias`
/// (timeline, timeline_all). `q` is not among them.
void add_conditions(SqlText& sql, std::string_view alias, const Filter& filter, const Scope& scope,
                    Conditions conditions);

/// Of an organisation with more people than this, the history is read from the index of all clients
/// instead of one index walk a person.
inline constexpr std::size_t kWalksMax = 64;

/// Adds the tables that a text search reads, and its conditions: `… WHERE …`. The alias of the
/// timeline's rows is t.
void add_search(db::Tx& tx, SqlText& sql, const Filter& filter, const Scope& scope);

/// A query of the positions that a text search finds: `SELECT j.occurred_at, j.pos FROM … WHERE …`.
void add_found(db::Tx& tx, SqlText& sql, const Filter& filter, const Scope& scope);

/// The status of the line `alias`, as known at the filter's as_of.
[[nodiscard]] std::string status_sql(std::string_view alias, const Filter& filter);

/// Adds the condition that an entry was not retracted (by the filter's as_of).
void add_not_retracted(SqlText& sql, std::string_view alias, const Filter& filter);

/// Adds what applies to rows of the tally: sight, views, has_attachment.
void add_tally_conditions(SqlText& sql, std::string_view alias, const Filter& filter,
                          const Scope& scope);

}  // namespace annals::entries
