#include "access/business.h"

#include <unicode/ucurr.h>
#include <unicode/uenum.h>
#include <unicode/utypes.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/credential.h"
#include "access/route.h"
#include "access/settings.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/language.h"
#include "base/limits.h"
#include "base/phone.h"
#include "base/random.h"
#include "base/time.h"
#include "db/db.h"
#include "http/cursor.h"
#include "http/message.h"

namespace annals::access {
namespace {

constexpr std::string_view kList = "businesses";
constexpr std::size_t kLanguageTagCharsMax = 35;  // RFC 5646 §4.4.1

// ISO 4217, those in use.
bool is_currency(const std::string& code) {
  static const std::set<std::string> known = [] {
    std::set<std::string> all;
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration* codes = ucurr_openISOCurrencies(UCURR_COMMON | UCURR_NON_DEPRECATED, &status);
    while (const char* one = U_SUCCESS(status) ? uenum_next(codes, nullptr, &status) : nullptr) {
      all.emplace(one);
    }
    uenum_close(codes);
    return all;
  }();
  return known.contains(code);
}

// The readers below give the member's text where it is there and right, and keep `value` else.
void read_name(base::Fields& fields, std::string& value, bool required) {
  if (auto name = fields.text("name", {.required = required})) value = std::move(*name);
}

void read_time_zone(base::Fields& fields, std::string& value, bool required) {
  auto zone = fields.text("time_zone", {.required = required});
  if (!zone) return;
  if (!base::is_zone(*zone)) {
    fields.fail("time_zone", "time_zone", "must be a zone of the IANA list, such as Europe/Berlin");
  }
  value = std::move(*zone);
}

void read_locale(base::Fields& fields, std::string& value, bool required) {
  auto tag = fields.text("locale", {.required = required, .chars_max = kLanguageTagCharsMax});
  if (!tag) return;
  auto canonical = base::language_tag(*tag);
  if (!canonical) {
    fields.fail("locale", "locale", "must be a language tag of BCP 47, such as de or en-GB");
    return;
  }
  value = std::move(*canonical);
}

void read_currency(base::Fields& fields, std::string& value, bool required) {
  auto code = fields.text("currency", {.required = required});
  if (!code) return;
  if (!is_currency(*code)) {
    fields.fail("currency", "currency", "must be a currency of ISO 4217, such as EUR");
  }
  value = std::move(*code);
}

void read_country(base::Fields& fields, std::string& value) {
  auto code = fields.text("country");
  if (!code) return;
  if (!code->empty() && !base::is_country(*code)) {
    fields.fail("country", "country", "must be a country of ISO 3166-1, such as DE");
  }
  value = std::move(*code);
}

}  // namespace

Business read_new_business(base::Fields& fields) {
  Business business;
  read_name(fields, business.name, true);
  read_time_zone(fields, business.time_zone, true);
  read_locale(fields, business.locale, true);
  read_currency(fields, business.currency, true);
  read_country(fields, business.country);
  if (business.country.empty()) business.country = base::country_of_zone(business.time_zone);
  return business;
}

constexpr std::string_view kNextKey = R"(
  SELECT COALESCE(MAX(business), 0) + 1 FROM businesses)";

constexpr std::string_view kInsertBusiness = R"(
  INSERT INTO businesses
    (business, id, name, time_zone, locale, currency, country, secret, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))";

NewBusiness::NewBusiness(const Wiring& wiring)
    : wiring_(wiring), id_(base::make_id(wiring.clock->now())) {
  if (wiring.ledger_key.make) verifier_ = wiring.ledger_key.make(id_);
}

NewBusiness::~NewBusiness() {
  if (!stays_ && wiring_.ledger_key.remove) wiring_.ledger_key.remove(id_);
}

void NewBusiness::create(db::Tx& tx, Business& business) {
  tx.on_commit([this] { stays_ = true; });
  {
    auto rows = tx.query(kNextKey, {});
    CHECK(rows.next());
    business.key = rows->integer(0);
  }
  business.id = id_;
  std::array<std::uint8_t, 32> secret{};
  base::system_random().fill(secret);
  tx.execute(kInsertBusiness,
             {business.key, business.id, business.name, business.time_zone, business.locale,
              business.currency, business.country, base::ByteSpan(secret), tx.now()});
  if (wiring_.ledger_key.enter) wiring_.ledger_key.enter(tx, business.key, verifier_);
  if (wiring_.seed) wiring_.seed(tx, business.key);
}

void write_business(base::JsonWriter& json, const Business& business) {
  json.begin_object()
      .member("id", business.id.text())
      .member("name", business.name)
      .member("time_zone", business.time_zone)
      .member("locale", business.locale)
      .member("currency", business.currency)
      .key("country");
  if (business.country.empty()) {
    json.value(nullptr);
  } else {
    json.value(business.country);
  }
  json.end_object();
}

Business business_of(const db::Row& row) {
  Business business;
  business.key = row.integer(0);
  business.id = row.id(1);
  business.name = row.string(2);
  business.time_zone = row.string(3);
  business.locale = row.string(4);
  business.currency = row.string(5);
  business.country = row.string(6);
  return business;
}

constexpr std::string_view kAllBusinesses = R"(
  SELECT business, id, name, time_zone, locale, currency, country FROM businesses
  ORDER BY business)";

std::vector<Business> all_businesses(db::Tx& tx) {
  std::vector<Business> all;
  auto rows = tx.query(kAllBusinesses, {});
  while (rows.next()) all.push_back(business_of(*rows));
  return all;
}

constexpr std::string_view kFindBusiness = R"(
  SELECT business, id, name, time_zone, locale, currency, country FROM businesses
  WHERE business = $1)";

std::optional<Business> find_business(db::Tx& tx, db::BusinessKey key) {
  auto rows = tx.query(kFindBusiness, {key});
  if (!rows.next()) return std::nullopt;
  return business_of(*rows);
}

Actor system_actor(const Business& business) {
  Actor actor = system_actor(business.key, business.id, business.time_zone, business.country);
  actor.locale = business.locale;
  actor.currency = business.currency;
  return actor;
}

constexpr std::string_view kBusinessesOfPerson = R"(
  SELECT b.business, b.id, b.name, b.time_zone, b.locale, b.currency, b.country
  FROM staff mine
  JOIN staff also ON also.email_folded = mine.email_folded AND also.active = 1
    AND (also.business = mine.business
         OR (also.password_hash = mine.password_hash AND mine.password_hash <> ''))
  JOIN businesses b ON b.business = also.business
  WHERE mine.business = $1 AND mine.id = $2
  ORDER BY b.business LIMIT $3)";

std::vector<Business> businesses_of(db::Tx& tx, const Actor& actor) {
  std::vector<Business> all;
  if (actor.kind != Actor::Kind::kStaff) {
    if (auto own = find_business(tx, actor.business)) all.push_back(std::move(*own));
    return all;
  }
  auto rows =
      tx.query(kBusinessesOfPerson, {actor.business, actor.id, base::limits::kSignInBusinessesMax});
  while (rows.next()) all.push_back(business_of(*rows));
  return all;
}

http::Response list_businesses(const Call& call) {
  only_query(call.request, {"limit", "cursor"});
  const std::size_t limit = page_limit(call.request);
  const std::string after = http::open_cursor(call.request, kList);
  const auto all = call.database.read(db::kNoBusiness,
                                      [&](db::Tx& tx) { return businesses_of(tx, call.actor); });
  auto at = all.begin();
  if (!after.empty()) {
    at = std::find_if(at, all.end(), [&](const Business& one) { return one.id.text() == after; });
    if (at != all.end()) ++at;
  }
  const auto end = at + std::min(all.end() - at, static_cast<std::ptrdiff_t>(limit));
  base::JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (; at != end; ++at) write_business(json, *at);
  json.end_array().key("next_cursor");
  if (end == all.end()) {
    json.value(nullptr);
  } else {
    json.value(http::make_cursor(kList, std::prev(end)->id.text()));
  }
  json.end_object();
  return http::Response::json(200, json.take());
}

constexpr std::string_view kChangeBusiness = R"(
  UPDATE businesses SET name = $2, time_zone = $3, locale = $4, currency = $5, country = $6
  WHERE business = $1)";

namespace {

Settings settings_of(const Business& business) {
  return {{"name", base::Json::string(business.name)},
          {"time_zone", base::Json::string(business.time_zone)},
          {"locale", base::Json::string(business.locale)},
          {"currency", base::Json::string(business.currency)},
          {"country", base::Json::string(business.country)}};
}

}  // namespace

void add_business_settings(db::Tx& tx, std::vector<CurrentSettings>& all) {
  const auto business = find_business(tx, tx.business());
  if (business) all.push_back({"business", business->id.text(), settings_of(*business)});
}

http::Response change_business(const Call& call) {
  only_query(call.request, {});
  if (path_id(call.request, "business") != call.actor.business_id) {
    throw base::not_found("business");
  }
  const base::Json body = json_body(call.request);
  return call.write([&](db::Tx& tx) {
    auto business = find_business(tx, call.actor.business);
    if (!business) throw base::not_found("business");
    const Settings before = settings_of(*business);
    base::Fields fields(body);
    read_name(fields, business->name, fields.given("name"));
    read_time_zone(fields, business->time_zone, fields.given("time_zone"));
    read_locale(fields, business->locale, fields.given("locale"));
    read_currency(fields, business->currency, fields.given("currency"));
    if (fields.given("country")) business->country.clear();
    read_country(fields, business->country);
    fields.finish();
    tx.execute(kChangeBusiness, {business->key, business->name, business->time_zone,
                                 business->locale, business->currency, business->country});
    record_settings(tx, call.actor, {"business", business->id.text()}, before,
                    settings_of(*business));
    credentials_change(tx);
    base::JsonWriter json;
    write_business(json, *business);
    return http::Response::json(200, json.take());
  });
}

}  // namespace annals::access
