#include "catalog/logging_rules.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "access/settings.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "catalog/setting_forms.h"
#include "catalog/store.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::catalog {
namespace {

using access::Call;
using access::Permission;

constexpr base::Micros kSlotUs = 900'000'000;  // a day of any zone begins with one

std::int64_t slot_of(base::Micros time) { return time / kSlotUs - (time % kSlotUs < 0 ? 1 : 0); }

// ---- rows

LoggingRule rule_of(const db::Row& row) {
  return {.id = row.id(1),
          .type = row.string(0),
          .source = row.string(2),
          .enabled = row.flag(3),
          .contact_type = row.string(4),
          .views = strings_of(row.text(5)),
          .version = row.integer(6),
          .not_logged = row.integer(7),
          .last_not_logged = row.maybe_integer(8)};
}

std::vector<LoggingRule> rules_of(db::Rows rows) {
  std::vector<LoggingRule> rules;
  while (rows.next()) rules.push_back(rule_of(*rows));
  return rules;
}

constexpr std::string_view kRule = R"sql(
  SELECT type, id, source, enabled, contact_type, views, version, not_logged, last_not_logged
  FROM logging_rules WHERE business = $1 AND id = $2)sql";

std::optional<LoggingRule> find_rule(db::Tx& tx, const base::Id& id) {
  auto rows = tx.query(kRule, {tx.business(), id});
  if (!rows.next()) return std::nullopt;
  return rule_of(*rows);
}

}  // namespace

constexpr std::string_view kPutRule = R"sql(
  INSERT INTO logging_rules (business, id, type, source, enabled, contact_type, views, version,
                             not_logged)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
  ON CONFLICT (business, id) DO UPDATE SET enabled = $5, contact_type = $6, views = $7,
    version = $8)sql";

void put(db::Tx& tx, db::BusinessKey business, const LoggingRule& rule) {
  const std::string views = json_of(rule.views);
  tx.execute(kPutRule, {business, rule.id, rule.type, rule.source, rule.enabled ? 1 : 0,
                        rule.contact_type, views, rule.version});
}

access::SettingsName name_of(const LoggingRule& rule) { return {"logging_rule", rule.id.text()}; }

access::Settings settings_of(const LoggingRule& rule) {
  const auto word = [](const std::string& text) {
    return text.empty() ? base::Json() : base::Json::string(text);
  };
  return {{"type", base::Json::string(rule.type)},
          {"source", word(rule.source)},
          {"enabled", base::Json::boolean(rule.enabled)},
          {"contact_type", word(rule.contact_type)},
          {"views", access::json_strings(rule.views)}};
}

constexpr std::string_view kRules = R"sql(
  SELECT type, id, source, enabled, contact_type, views, version, not_logged, last_not_logged
  FROM logging_rules WHERE business = $1 ORDER BY type, source)sql";

std::vector<LoggingRule> logging_rules(db::Tx& tx) {
  return rules_of(tx.query(kRules, {tx.business()}));
}

const LoggingRule* rule_for(const std::vector<LoggingRule>& rules, std::string_view source) {
  const LoggingRule* found = nullptr;
  for (const LoggingRule& rule : rules) {
    if (rule.source == source) return &rule;
    if (rule.source.empty() && found == nullptr) found = &rule;
  }
  return found;
}

constexpr db::LookUp kRulesOfType{.one = R"sql(
  SELECT type, id, source, enabled, contact_type, views, version, 0, NULL
  FROM logging_rules WHERE business = $1 AND type = $2)sql"};

std::optional<LoggingRule> find_logging_rule(db::Tx& tx, std::string_view type,
                                             std::string_view source) {
  const std::vector<LoggingRule> rules = rules_of(tx.look_up(kRulesOfType, type));
  const LoggingRule* rule = rule_for(rules, source);
  return rule == nullptr ? std::nullopt : std::optional(*rule);
}

// ---- what is not recorded

void NotLogged::add(const LoggingRule& rule, std::string_view source, std::string_view category,
                    base::Micros occurred_at) {
  Count& count = counts_[{rule.id, slot_of(occurred_at), std::string(source)}];
  count.category = category;
  ++count.number;
}

constexpr std::string_view kCountSlot = R"sql(
  INSERT INTO not_logged (business, rule, slot, source, category, n)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (business, rule, slot, source) DO UPDATE SET n = not_logged.n + $6)sql";
constexpr std::string_view kCountRule = R"sql(
  UPDATE logging_rules SET not_logged = not_logged + $3, last_not_logged = $4
  WHERE business = $1 AND id = $2)sql";

void NotLogged::keep(db::Tx& tx) const {
  for (const auto& [key, count] : counts_) {
    tx.execute(kCountRule, {tx.business(), key.rule, count.number, tx.now()});
    tx.execute(kCountSlot,
               {tx.business(), key.rule, key.slot, key.source, count.category, count.number});
  }
}

constexpr std::string_view kNotLogged = R"sql(
  SELECT r.type, n.source, MIN(n.category), CAST(SUM(n.n) AS BIGINT)
  FROM logging_rules r
  JOIN not_logged n ON n.business = r.business AND n.rule = r.id AND n.slot >= $2 AND n.slot < $3
  WHERE r.business = $1 GROUP BY r.type, n.source ORDER BY r.type, n.source)sql";

std::vector<NotLoggedCount> not_logged_between(db::Tx& tx, base::Micros from, base::Micros to) {
  std::vector<NotLoggedCount> counts;
  auto rows = tx.query(kNotLogged, {tx.business(), slot_of(from), slot_of(to)});
  while (rows.next()) {
    counts.push_back({rows->string(0), rows->string(1), rows->string(2), rows->integer(3)});
  }
  return counts;
}

// ---- routes

namespace {

void write(base::JsonWriter& json, const LoggingRule& rule) {
  json.begin_object().member("id", rule.id.text());
  for (const auto& [name, value] : settings_of(rule)) json.key(name).raw(value.dump());
  json.key("not_logged").begin_object().member("count", rule.not_logged).key("last_at");
  if (rule.last_not_logged) {
    json.value(base::format_rfc3339(*rule.last_not_logged));
  } else {
    json.value(nullptr);
  }
  json.end_object().member("version", rule.version).end_object();
}

http::Response reply(int status, const LoggingRule& rule) {
  base::JsonWriter json;
  write(json, rule);
  return versioned_reply(status, json.take(), rule.version);
}

std::string read_contact_type(db::Tx& tx, base::Fields& body) {
  const auto name = body.text("contact_type");
  if (!name || name->empty()) return {};
  try {
    return resolve_contact_type(tx, *name);
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kInvalid) throw;
    body.fail("contact_type", error.errors().front().code, error.errors().front().message);
    return {};
  }
}

// A consent, and what was done with a person's data, is recorded whatever a business would like.
bool is_always_recorded(db::Tx& tx, const std::string& type) {
  if (type.starts_with("consent.")) return true;
  const Type* builtin = builtin_type(type);
  if (builtin != nullptr) return builtin->category == "data_protection";
  const auto own = find_entry_type(tx, type);
  return own && own->category == "data_protection";
}

void check_may_switch(db::Tx& tx, base::Fields& body, const LoggingRule& rule) {
  if (rule.enabled || !is_always_recorded(tx, rule.type)) return;
  body.fail("enabled", "always_recorded",
            "must stay true: what concerns consent and data protection is always recorded");
}

http::Response list_rules(const Call& call) {
  return call.read([&](db::Tx& tx) {
    return page(
        call.request, "logging-rules", logging_rules(tx),
        [](const LoggingRule& rule) { return rule.type + '\x1f' + rule.source; },
        [](base::JsonWriter& json, const LoggingRule& rule) { write(json, rule); });
  });
}

http::Response create_rule(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    base::Fields body(json);
    LoggingRule rule = read_logging_rule(tx, body);
    body.finish();
    const std::vector<LoggingRule> rules = logging_rules(tx);
    expect_room(rules.size(), base::limits::kLoggingRulesMax, "logging rules");
    if (std::any_of(rules.begin(), rules.end(), [&](const LoggingRule& other) {
          return other.type == rule.type && other.source == rule.source;
        })) {
      throw base::conflict("type", "rule_taken",
                           "There is a logging rule of that type and source already; change it.");
    }
    rule.id = base::make_id(tx.now());
    put_and_tell(call, tx, std::optional<LoggingRule>(), rule);
    return reply(201, rule);
  });
}

http::Response change_rule(const Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "logging rule");
  const base::Json json = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    auto rule = find_rule(tx, id);
    if (!rule) throw base::not_found("logging rule");
    access::check_if_match(call.request, rule->version);
    const std::optional<LoggingRule> before = rule;
    base::Fields body(json);
    if (body.given("enabled")) rule->enabled = body.boolean("enabled", true).value_or(true);
    if (body.given("contact_type")) rule->contact_type = read_contact_type(tx, body);
    if (body.given("views")) rule->views = read_views(tx, body);
    check_may_switch(tx, body, *rule);
    body.finish();
    ++rule->version;
    put_and_tell(call, tx, before, *rule);
    return reply(200, *rule);
  });
}

}  // namespace

LoggingRule read_logging_rule(db::Tx& tx, base::Fields& body) {
  LoggingRule rule;
  const auto type = body.text("type", {.required = true});
  rule.type = type.value_or("");
  if (type && !is_type_name(*type)) {
    body.fail("type", "type_name", "must be a dotted name of lower case such as account.signed_in");
  }
  rule.source = body.text("source", {.chars_min = 1}).value_or("");
  rule.enabled = body.boolean("enabled", true).value_or(true);
  rule.contact_type = read_contact_type(tx, body);
  rule.views = read_views(tx, body);
  check_may_switch(tx, body, rule);
  return rule;
}

access::Routes logging_rule_routes() {
  using http::Method;
  return {
      {Method::kGet, "/logging-rules", Permission::kSettingsRead, list_rules},
      {Method::kPost, "/logging-rules", Permission::kSettingsWrite, create_rule},
      {Method::kPatch, "/logging-rules/{id}", Permission::kSettingsWrite, change_rule},
  };
}

}  // namespace annals::catalog
