#include "entries/draft.h"

#include <unicode/ucurr.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "entries/entries.h"

namespace annals::entries {
namespace {

namespace limits = base::limits;

// What RFC 8785 can hold without loss (±(2^53 − 1)).
constexpr std::int64_t kIntegerMax = 9'007'199'254'740'991;
// 0001-01-01 to 9999-12-31: what RFC 3339 can spell.
constexpr base::Micros kOccurredMin = -62'135'596'800'000'000;
constexpr base::Micros kOccurredMax = 253'402'300'799'999'999;

bool is_currency(const std::string& code) {
  if (code.size() != 3) return false;
  std::u16string wide;
  for (const char c : code) {
    if (c < 'A' || c > 'Z') return false;
    wide += static_cast<char16_t>(c);
  }
  return ucurr_getNumericCode(wide.c_str()) > 0;
}

std::optional<Amount> parse_amount(base::Fields& body) {
  auto fields = body.object("amount");
  if (!fields) return std::nullopt;
  const auto value =
      fields->integer("value", {.required = true, .min = -kIntegerMax, .max = kIntegerMax});
  const auto currency = fields->text("currency", {.required = true, .chars_max = 3});
  if (currency && !is_currency(*currency)) {
    fields->fail("currency", "currency",
                 "This is no ISO 4217 currency code; write EUR, for example.");
    return std::nullopt;
  }
  if (!value || !currency) return std::nullopt;
  return Amount{*value, *currency};
}

std::optional<ActorClaim> parse_actor(base::Fields& body) {
  auto fields = body.object("actor");
  if (!fields) return std::nullopt;
  const auto kind = fields->one_of("kind", {"staff", "contact", "automation", "none"}, true);
  ActorClaim actor{.kind = kind.value_or("none"),
                   .id = fields->id("id"),
                   .name = fields->text("name").value_or("")};
  if (actor.kind == "staff" && !actor.id && actor.name.empty()) {
    fields->fail("id", "required", "Name the staff member by id, or give a name.");
  }
  return actor;
}

std::vector<Change> parse_changes(base::Fields& body) {
  std::vector<Change> changes;
  for (base::Fields fields : body.objects("changes", limits::kChangesMax)) {
    const auto field = fields.text("field", {.required = true});
    const base::Json* old_value = fields.any("old");
    const base::Json* new_value = fields.any("new");
    changes.push_back({field.value_or(""), old_value != nullptr ? *old_value : base::Json(),
                       new_value != nullptr ? *new_value : base::Json()});
  }
  return changes;
}

std::optional<std::string> parse_details(base::Fields& body) {
  const base::Json* details = body.any("details");
  if (details == nullptr) return std::nullopt;
  std::string text = details->dump();
  if (text.size() > limits::kDetailsBytesMax) {
    body.fail("details", "too_long",
              "Details hold at most " + std::to_string(limits::kDetailsBytesMax) + " bytes.");
  }
  return text;
}

// The members that a draft and a correction share.
void parse_content(base::Fields& body, Draft& draft) {
  draft.contact_type = body.text("contact_type");
  draft.method = body.text("method");
  draft.direction = body.one_of("direction", {"inbound", "outbound", "internal"});
  draft.actor = parse_actor(body);
  draft.occurred_at = occurred_at_of(body);
  draft.time_zone = body.text("time_zone");
  if (draft.time_zone && !base::is_zone(*draft.time_zone)) {
    body.fail("time_zone", "time_zone",
              "This is no IANA time zone; write Europe/Berlin, for example.");
  }
  draft.title = body.text("title", {.chars_max = limits::kTitleCharsMax});
  draft.text =
      body.text("text", {.multiline = true, .trimmed = false, .chars_max = limits::kTextBytesMax});
  draft.details = parse_details(body);
  draft.changes = parse_changes(body);
  draft.amount = parse_amount(body);
  draft.attachments = body.ids("attachments", limits::kAttachmentsMax);
  if (body.given("views")) {
    auto views = body.texts("views", limits::kFiltersMax);
    if (!views.empty()) draft.views = std::move(views);
  }
  draft.is_private = body.boolean("private").value_or(false);
}

}  // namespace

std::optional<base::Micros> occurred_at_of(base::Fields& body) {
  const auto time = body.time("occurred_at");
  if (time && (*time < kOccurredMin || *time > kOccurredMax)) {
    body.fail("occurred_at", "range", "The time must lie in the years 0001 to 9999.");
  }
  return time;
}

Draft parse_draft(base::Fields& body, const base::Json& json) {
  Draft draft;
  draft.type = body.text("type", {.required = true}).value_or("");
  draft.category = body.text("category");
  draft.source = body.text("source");
  draft.source_id = body.text("source_id", {.chars_max = limits::kSourceIdCharsMax});
  if (draft.source_id && !draft.source) {
    body.fail("source", "required", "A source_id needs the source that it is unique in.");
  }
  const auto origin = body.one_of("origin", {"manual", "automatic"});
  // What names no source is manual, whatever it says.
  if (origin == "manual") draft.manual = true;
  draft.about = body.id("about");
  parse_content(body, draft);
  draft.canonical = json.canonical();
  return draft;
}

Correction parse_correction(const base::Json& json) {
  base::Fields body(json);
  Correction correction;
  for (const char* fixed : {"contact", "type", "category", "source", "source_id", "origin", "about",
                            "create_contact", "id"}) {
    if (body.given(fixed)) {
      static_cast<void>(body.any(fixed));
      body.fail(fixed, "fixed",
                "A correction cannot change this; retract the entry and record it anew.");
    }
  }
  parse_content(body, correction.values);
  correction.reason =
      body.text("reason", {.required = true, .chars_max = limits::kTitleCharsMax}).value_or("");
  correction.given = json;
  body.finish();
  if (json.members().size() < 2) {
    throw base::invalid("", "empty", "The correction changes nothing; name at least one field.");
  }
  return correction;
}

std::string parse_retraction(const base::Json& json) {
  base::Fields body(json);
  const auto reason = body.text("reason", {.required = true, .chars_max = limits::kTitleCharsMax});
  body.finish();
  return *reason;
}

}  // namespace annals::entries
