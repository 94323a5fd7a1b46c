#include "entries/filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "db/full_text.h"
#include "entries/delivery.h"
#include "entries/search.h"
#include "entries/sql.h"
#include "entries/visibility.h"
#include "http/message.h"

namespace annals::entries {
namespace {

constexpr std::array<std::string_view, 17> kParameters = {
    "actor",          "as_of",  "category", "contact_type", "direction", "from",
    "has_attachment", "method", "order",    "origin",       "q",         "staff",
    "status",         "tag",    "to",       "type",         "view"};

constexpr std::size_t kValueCharsMax = 500;

class Reader {
 public:
  Reader(const http::Pairs& query, const std::string& time_zone)
      : query_(query), time_zone_(time_zone) {}

  void fail(std::string_view name, std::string code, std::string message) {
    errors_.push_back({std::string(name), std::move(code), std::move(message)});
  }

  std::vector<std::string> values(std::string_view name) {
    std::vector<std::string> found;
    for (const auto& [key, value] : query_) {
      if (key != name) continue;
      if (value.empty() || value.size() > kValueCharsMax || !base::is_utf8(value)) {
        fail(name, "value", "The value must be text of 1 to 500 bytes.");
      } else {
        found.push_back(value);
      }
    }
    count_ += found.size();
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  std::vector<std::string> choices(std::string_view name, bool (*known)(std::string_view),
                                   std::string_view also = "") {
    std::vector<std::string> found = values(name);
    for (const std::string& value : found) {
      if (value != also && !known(value)) {
        fail(name, "choice", "There is no " + std::string(name) + " `" + value + "`.");
      }
    }
    return found;
  }

  std::optional<std::string> single(std::string_view name) {
    std::vector<std::string> found = values(name);
    if (found.size() > 1) fail(name, "repeated", "This parameter is given once.");
    if (found.empty()) return std::nullopt;
    return found.front();
  }

  // An instant, or a date: its first instant in the business's zone.
  std::optional<base::Micros> time(std::string_view name) {
    const auto text = single(name);
    if (!text) return std::nullopt;
    if (const auto day = base::parse_date(*text)) return base::start_of_day(*day, time_zone_);
    if (const auto instant = base::parse_rfc3339(*text)) return instant;
    fail(name, "time",
         "Write a date (2016-05-02) or a time (2016-05-02T12:30:00Z; encode + as %2B).");
    return std::nullopt;
  }

  std::optional<bool> flag(std::string_view name, std::string_view yes, std::string_view no) {
    const auto text = single(name);
    if (!text) return std::nullopt;
    if (*text == yes || *text == "1") return true;
    if (*text == no || *text == "0") return false;
    fail(name, "choice", "Write " + std::string(yes) + " or " + std::string(no) + ".");
    return std::nullopt;
  }

  std::vector<base::Id> ids(std::string_view name) {
    std::vector<base::Id> found;
    for (const std::string& text : values(name)) {
      if (const auto id = base::parse_id(text)) {
        found.push_back(*id);
      } else {
        fail(name, "id", "This is no id.");
      }
    }
    return found;
  }

  void finish() {
    if (count_ > base::limits::kFiltersMax) {
      fail("", "too_many",
           "A query has at most " + std::to_string(base::limits::kFiltersMax) + " filter values.");
    }
    if (errors_.empty()) return;
    std::string message = errors_.front().field + ": " + errors_.front().message;
    throw base::Error(base::Code::kMalformed, std::move(message), std::move(errors_));
  }

 private:
  const http::Pairs& query_;
  const std::string& time_zone_;
  std::vector<base::FieldError> errors_;
  std::size_t count_ = 0;
};

bool is_actor_kind(std::string_view kind) {
  return kind == "staff" || kind == "contact" || kind == "automation" || kind == "none";
}

// The same filters in another order or spelling of the query are the same text.
std::string normalise(const http::Pairs& query) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& pair : query) {
    if (is_filter_parameter(pair.first)) kept.push_back(pair);
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  std::string out;
  for (const auto& [name, value] : kept) {
    if (!out.empty()) out += '&';
    out += name + "=" + base::percent_encode(value);
  }
  return out;
}

http::Pairs parse_query(std::string_view text) {
  http::Pairs query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    query.emplace_back(pair.substr(0, equals),
                       base::percent_decode(pair.substr(equals + 1), true).value_or(""));
  }
  return query;
}

base::Error broken_cursor() {
  return base::malformed("cursor", "cursor", "This cursor is broken; begin again without one.");
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool is_filter_parameter(std::string_view name) {
  return std::find(kParameters.begin(), kParameters.end(), name) != kParameters.end();
}

Filter parse_filter(const http::Pairs& query, const std::string& time_zone) {
  Reader reader(query, time_zone);
  Filter filter;
  filter.categories = reader.choices("category", catalog::is_category);
  filter.types = reader.values("type");
  filter.contact_types = reader.values("contact_type");
  filter.methods = reader.choices("method", catalog::is_method, "none");
  filter.directions = reader.choices("direction", catalog::is_direction);
  filter.statuses = reader.choices("status", is_status);
  filter.actor_kinds = reader.choices("actor", is_actor_kind);
  filter.staff = reader.ids("staff");
  filter.views = reader.values("view");
  filter.tags = reader.values("tag");
  filter.from = reader.time("from");
  filter.to = reader.time("to");
  filter.manual = reader.flag("origin", "manual", "automatic");
  filter.has_attachment = reader.flag("has_attachment", "true", "false");
  filter.as_of = reader.time("as_of");
  if (const auto order = reader.single("order")) {
    filter.ascending = *order == "oldest" || *order == "asc";
    if (!filter.ascending && *order != "newest" && *order != "desc") {
      reader.fail("order", "choice", "Write newest or oldest.");
    }
  }
  if (const auto q = reader.single("q")) {
    filter.q = *q;
    try {
      filter.words = search_words(*q);
    } catch (const base::Error& error) {
      reader.fail("q", error.errors().front().code, error.errors().front().message);
    }
  }
  reader.finish();
  filter.text = normalise(query);
  return filter;
}

std::string encode_cursor(const Filter& filter, const Position& last) {
  const std::string text =
      "1;" + std::to_string(last.occurred_at) + ";" + std::to_string(last.pos) + ";" + filter.text;
  return base::base64url(base::as_bytes(text));
}

Cursor decode_cursor(std::string_view text, const http::Pairs& query,
                     const std::string& time_zone) {
  const auto bytes = base::from_base64url(text);
  if (!bytes) throw broken_cursor();
  std::string_view rest = base::as_text(*bytes);
  std::array<std::string_view, 3> parts;
  for (std::string_view& part : parts) {
    const std::size_t end = rest.find(';');
    if (end == std::string_view::npos) throw broken_cursor();
    part = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  const auto occurred_at = read_integer(parts[1]);
  const auto pos = read_integer(parts[2]);
  if (parts[0] != "1" || !occurred_at || !pos || !base::is_utf8(rest)) throw broken_cursor();
  const http::Pairs carried = parse_query(rest);
  if (normalise(carried) != rest) throw broken_cursor();
  const std::string given = normalise(query);
  if (!given.empty() && given != rest) {
    throw base::malformed("cursor", "cursor",
                          "The cursor belongs to other filters; begin again without it.");
  }
  try {
    return {parse_filter(carried, time_zone), {*occurred_at, *pos}};
  } catch (const base::Error&) {
    throw broken_cursor();
  }
}

// What the status was before the first delivery event that was not known then.
std::string status_sql(std::string_view alias, const Filter& filter) {
  const std::string t(alias);
  if (!filter.as_of) return t + ".status";
  const std::string later =
      "delivery_events d JOIN journal r ON r.business = d.business AND r.entry = d.entry"
      " WHERE r.business = " +
      t + ".business AND r.pos = " + t + ".pos AND d.recorded_at > " +
      std::to_string(*filter.as_of);
  return "CASE WHEN EXISTS (SELECT 1 FROM " + later + ") THEN (SELECT d.status_before FROM " +
         later + " ORDER BY d.pos LIMIT 1) ELSE " + t + ".status END";
}

namespace {

void add_in(SqlText& sql, const std::string& column, const std::vector<std::string>& values) {
  if (values.empty()) return;
  sql << " AND " << column << " IN ";
  sql.list(values);
}

void add_choices(SqlText& sql, const std::string& t, const Filter& filter) {
  add_in(sql, t + ".category", filter.categories);
  add_in(sql, t + ".type", filter.types);
  add_in(sql, t + ".contact_type", filter.contact_types);
  add_in(sql, t + ".direction", filter.directions);
  add_in(sql, status_sql(t, filter), filter.statuses);
  add_in(sql, t + ".actor_kind", filter.actor_kinds);
  if (!filter.methods.empty()) {
    sql << " AND coalesce(" << t << ".method, 'none') IN ";
    sql.list(filter.methods);
  }
  if (!filter.staff.empty()) {
    sql << " AND " << t << ".staff IN ";
    sql.list(filter.staff);
  }
  if (filter.manual) {
    sql << " AND " << t << ".manual = ";
    sql.value(std::int64_t{*filter.manual});
  }
}

void add_time(SqlText& sql, const std::string& t, const Filter& filter) {
  if (filter.from) {
    sql << " AND " << t << ".occurred_at >= ";
    sql.value(*filter.from);
  }
  if (filter.to) {
    sql << " AND " << t << ".occurred_at < ";
    sql.value(*filter.to);
  }
  if (!filter.as_of) {
    sql << " AND " << t << ".hidden_at IS NULL";
    return;
  }
  sql << " AND " << t << ".recorded_at <= ";
  sql.value(*filter.as_of);
  sql << " AND (" << t << ".hidden_at IS NULL OR " << t << ".hidden_at > ";
  sql.value(*filter.as_of);
  sql << ")";
}

// The version that is shown now, of the entry whose superseded version is `t`.
constexpr std::string_view kShownNow = R"(
  SELECT 1 FROM journal then_row
  JOIN entry_versions v ON v.business = then_row.business AND v.entry = then_row.entry
  JOIN journal now_row ON now_row.business = v.business AND now_row.pos = v.pos
  JOIN timeline_all shown ON shown.business = now_row.business
    AND shown.occurred_at = now_row.occurred_at AND shown.pos = now_row.pos
  WHERE shown.hidden_at IS NULL AND (then_row.business, then_row.pos) = ()";

// What may be seen is asked of the version that is shown now, whatever was known then.
void add_sight(SqlText& sql, const std::string& t, const Filter& filter,
               const catalog::Sight& sight) {
  if (!filter.as_of || sight.all) {
    add_visibility(sql, t, sight);
    return;
  }
  sql << " AND CASE WHEN " << t << ".hidden_at IS NULL THEN (1 = 1";
  add_visibility(sql, t, sight);
  sql << ") ELSE EXISTS (" << kShownNow << t << ".business, " << t << ".pos)";
  add_visibility(sql, "shown", sight);
  sql << ") END";
}

}  // namespace

void add_conditions(SqlText& sql, std::string_view alias, const Filter& filter, const Scope& scope,
                    Conditions conditions) {
  const std::string t(alias);
  add_time(sql, t, filter);
  if (conditions == Conditions::kAll) add_choices(sql, t, filter);
  if (filter.has_attachment) {
    sql << " AND " << t << ".has_attachment = ";
    sql.value(std::int64_t{*filter.has_attachment});
  }
  if (!filter.tags.empty()) {
    sql << " AND EXISTS (SELECT 1 FROM contact_tags g WHERE g.business = " << t
        << ".business AND g.contact = " << t << ".contact AND g.tag IN ";
    sql.list(filter.tags);
    sql << ")";
  }
  add_sight(sql, t, filter, scope.sight);
  if (scope.views) add_views(sql, t, *scope.views);
}

void add_tally_conditions(SqlText& sql, std::string_view alias, const Filter& filter,
                          const Scope& scope) {
  if (filter.has_attachment) {
    sql << " AND " << alias << ".has_attachment = ";
    sql.value(std::int64_t{*filter.has_attachment});
  }
  add_visibility(sql, alias, scope.sight);
  if (scope.views) add_views(sql, alias, *scope.views);
}

void add_not_retracted(SqlText& sql, std::string_view alias, const Filter& filter) {
  sql << " AND (" << alias << ".retracted_at IS NULL";
  if (filter.as_of) {
    sql << " OR " << alias << ".retracted_at > ";
    sql.value(*filter.as_of);
  }
  sql << ")";
}

// The words are found first.
namespace {

// Of few contacts only their entries are asked for.
bool asks_for_contacts(const Scope& scope) { return scope.members.size() <= kWalksMax; }

void add_words(db::Tx& tx, SqlText& sql, const Filter& filter, const Scope& scope) {
  const db::EntryMatchSql words = db::entry_match_sql(tx.engine());
  sql << words.before;
  const db::Match wanted =
      match(tx.business(), filter.words,
            asks_for_contacts(scope) ? scope.members : std::vector<base::Id>{});
  sql.value(wanted.text(tx.engine()));
  sql << words.after;
}

}  // namespace

void add_found(db::Tx& tx, SqlText& sql, const Filter& filter, const Scope& scope) {
  const db::EntryMatchSql words = db::entry_match_sql(tx.engine());
  sql << "SELECT j.occurred_at, j.pos FROM entry_search s " << words.join << " " << words.times
      << " ON j.pos = " << words.row << " AND j.business = ";
  sql.value(tx.business());
  sql << " WHERE ";
  add_words(tx, sql, filter, scope);
}

void add_search(db::Tx& tx, SqlText& sql, const Filter& filter, const Scope& scope) {
  const db::EntryMatchSql words = db::entry_match_sql(tx.engine());
  sql << "entry_search s " << words.join << " journal j ON j.pos = " << words.row << " "
      << words.join << " timeline t ON t.business = j.business AND t.contact = j.contact"
      << " AND t.occurred_at = j.occurred_at AND t.pos = j.pos WHERE ";
  add_words(tx, sql, filter, scope);
  sql << " AND t.business = ";
  sql.value(tx.business());
  if (!asks_for_contacts(scope)) {
    sql << " AND t.contact IN ";
    sql.list(scope.members);
  }
}

}  // namespace annals::entries
