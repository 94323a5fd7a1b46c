#include "entries/logging.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/limits.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "catalog/logging_rules.h"
#include "db/db.h"
#include "entries/entries.h"
#include "entries/record_text.h"
#include "http/message.h"

namespace annals::entries {

using catalog::LoggingRule;

std::optional<base::Id> follow_logging_rule(db::Tx& tx, Draft& draft,
                                            catalog::NotLogged& not_logged) {
  if (draft.manual.value_or(!draft.source && !draft.source_id)) return std::nullopt;
  const std::string source = draft.source.value_or("");
  const auto rule = catalog::find_logging_rule(tx, draft.type, source);
  if (!rule) return std::nullopt;
  if (!rule->enabled) {
    const catalog::Resolved type = catalog::resolve_type(tx, draft.type, draft.category);
    not_logged.add(*rule, source, type.category, draft.occurred_at.value_or(tx.now()));
    return rule->id;
  }
  if (!rule->contact_type.empty() && draft.contact_type.value_or("").empty()) {
    draft.contact_type = rule->contact_type;
    draft.rule = rule->id;
  }
  if (!rule->views.empty() && !draft.views) {
    draft.views = rule->views;
    draft.rule = rule->id;
  }
  return std::nullopt;
}

void record_own(db::Tx& tx, const access::Actor& actor, const ContactRef& contact, Draft draft) {
  draft.manual = false;
  catalog::NotLogged not_logged;
  if (!follow_logging_rule(tx, draft, not_logged)) record(tx, actor, contact, draft);
  not_logged.keep(tx);
}

// ---- the trial

namespace {

constexpr std::int64_t kPieceRows = 2'000;  // between two looks at the history

struct Trial {
  base::Micros from = 0;
  base::Micros to = 0;
  std::map<std::string, std::vector<LoggingRule>, std::less<>> rules;  // by type
};

std::optional<base::Micros> read_time(base::Fields& body, std::string_view name,
                                      const std::string& time_zone) {
  const auto text = body.text(name, {.required = true});
  if (!text) return std::nullopt;
  if (const auto day = base::parse_date(*text)) return base::start_of_day(*day, time_zone);
  const auto instant = base::parse_rfc3339(*text);
  if (!instant) {
    body.fail(name, "time", "must be a date (2016-05-02) or a time (2016-05-02T12:30:00Z)");
  }
  return instant;
}

Trial read_trial(db::Tx& tx, const base::Json& json, const std::string& time_zone) {
  base::Fields body(json);
  Trial trial;
  const auto from = read_time(body, "from", time_zone);
  const auto to = read_time(body, "to", time_zone);
  if (from && to && *from >= *to) body.fail("to", "range", "must be later than from");
  std::vector<LoggingRule> tried;
  for (base::Fields fields : body.objects("rules", base::limits::kTriedRulesMax)) {
    const LoggingRule rule = catalog::read_logging_rule(tx, fields);
    if (std::any_of(tried.begin(), tried.end(), [&](const LoggingRule& other) {
          return other.type == rule.type && other.source == rule.source;
        })) {
      fields.fail("type", "duplicate", "is tried twice for the same source");
    }
    tried.push_back(rule);
  }
  body.finish();
  trial.from = *from;
  trial.to = *to;
  // What is tried stands first, and so counts.
  for (LoggingRule& rule : catalog::logging_rules(tx)) tried.push_back(std::move(rule));
  for (LoggingRule& rule : tried) trial.rules[rule.type].push_back(std::move(rule));
  return trial;
}

struct Came {
  std::string category;
  std::int64_t logged = 0;
  std::int64_t not_logged = 0;
};
using CameBy = std::map<std::pair<std::string, std::string>, Came>;  // type and source

// Where the walk through the time stands; it goes from the newest entry to the oldest.
struct Walk {
  base::Micros before = 0;  // the next entry is earlier, or as early
  std::int64_t pos = 0;     // … and then stands before this one
  std::size_t seen = 0;
  bool over = false;
};

constexpr std::string_view kPiece = R"(
  SELECT t.occurred_at, t.pos, t.category, t.type, j.record
  FROM timeline_all t JOIN journal j ON j.pos = t.pos AND j.business = t.business
  WHERE t.business = $1 AND t.occurred_at >= $2 AND (t.occurred_at, t.pos) < ($3, $4)
    AND t.hidden_at IS NULL AND t.manual = 0
  ORDER BY t.occurred_at DESC, t.pos DESC LIMIT $5)";

std::string source_of(std::string_view record) {
  const RecordText text{std::string(record)};
  if (!text.has(RecordMember::kOrigin)) return {};
  base::JsonScan scan(text.written(RecordMember::kOrigin));
  while (scan.next_member()) {
    if (scan.key() == "source") return base::json_string(scan.value());
  }
  return {};
}

void look_at_piece(db::Tx& tx, const Trial& trial, Walk& walk, CameBy& came) {
  auto rows =
      tx.query_derived(kPiece, {tx.business(), trial.from, walk.before, walk.pos, kPieceRows});
  std::int64_t found = 0;
  while (rows.next()) {
    ++found;
    walk.before = rows->integer(0);
    walk.pos = rows->integer(1);
    Came& of = came[{rows->string(3), source_of(rows->text(4))}];
    of.category = rows->text(2);
    ++of.logged;
  }
  walk.seen += static_cast<std::size_t>(found);
  walk.over = found < kPieceRows;
}

void write_item(base::JsonWriter& out, const std::string& type, const std::string& source,
                const Came& came, const LoggingRule* rule) {
  const std::int64_t seen = came.logged + came.not_logged;
  const bool enabled = rule == nullptr || rule->enabled;
  const auto text_or_null = [&](std::string_view name, const std::string& text) {
    out.member(name, text.empty() ? std::optional<std::string>() : std::optional(text));
  };
  out.begin_object().member("type", type);
  text_or_null("source", source);
  out.member("category", came.category)
      .member("seen", seen)
      .member("logged", came.logged)
      .member("would_log", enabled ? seen : 0);
  text_or_null("rule_id", rule == nullptr || rule->id.is_nil() ? "" : rule->id.text());
  text_or_null("contact_type", rule == nullptr ? "" : rule->contact_type);
  out.key("views").begin_array();
  if (rule != nullptr) {
    for (const std::string& view : rule->views) out.value(view);
  }
  out.end_array().end_object();
}

http::Response write_result(const Trial& trial, const CameBy& came, bool exact) {
  base::JsonWriter items;
  items.begin_array();
  std::int64_t seen = 0;
  std::int64_t would_log = 0;
  for (const auto& [by, of] : came) {
    const auto& [type, source] = by;
    const auto of_type = trial.rules.find(type);
    const LoggingRule* rule =
        of_type == trial.rules.end() ? nullptr : catalog::rule_for(of_type->second, source);
    seen += of.logged + of.not_logged;
    if (rule == nullptr || rule->enabled) would_log += of.logged + of.not_logged;
    write_item(items, type, source, of, rule);
  }
  items.end_array();
  base::JsonWriter out;
  out.begin_object()
      .member("from", base::format_rfc3339(trial.from))
      .member("to", base::format_rfc3339(trial.to))
      .member("exact", exact)
      .member("seen", seen)
      .member("would_log", would_log)
      .key("items")
      .raw(items.take())
      .end_object();
  return http::Response::json(200, out.take());
}

// A read at a time, since a month may hold more than one read may take.
http::Response try_rules(const access::Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  const Trial trial =
      call.read([&](db::Tx& tx) { return read_trial(tx, json, call.actor.time_zone); });
  CameBy came;
  Walk walk{.before = trial.to};
  while (!walk.over && walk.seen < base::limits::kTriedEntriesMax) {
    call.read([&](db::Tx& tx) { look_at_piece(tx, trial, walk, came); });
  }
  const auto not_logged =
      call.read([&](db::Tx& tx) { return catalog::not_logged_between(tx, trial.from, trial.to); });
  for (const catalog::NotLoggedCount& count : not_logged) {
    Came& of = came[{count.type, count.source}];
    of.category = count.category;
    of.not_logged += count.number;
  }
  return write_result(trial, came, walk.over);
}

}  // namespace

access::Routes logging_trial_routes() {
  return {{http::Method::kPost, "/logging-rules/dry-run", access::Permission::kSettingsWrite,
           try_rules}};
}

}  // namespace annals::entries
