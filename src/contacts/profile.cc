#include "contacts/profile.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fields.h"
#include "base/fold.h"
#include "base/id.h"
#include "base/json.h"
#include "base/language.h"
#include "base/limits.h"
#include "base/phone.h"
#include "base/text.h"
#include "base/time.h"

namespace annals::contacts {
namespace {

using base::Fields;
using base::Json;
namespace limits = base::limits;

constexpr char kUnitSeparator = '\x1f';  // no text of ours holds it, so that pairs stay apart

constexpr std::size_t kConsentPurposeCharsMax = 50;
constexpr base::Micros kClockSkew = 5LL * 60 * 1'000'000;  // between us and who states a time

void overlay(Fields& body, std::string_view name, std::string& field,
             std::size_t chars_max = limits::kNameCharsMax) {
  if (!body.given(name)) return;
  field = body.text(name, {.chars_max = chars_max}).value_or("");
}

std::string text_of(Fields& item, std::string_view name) { return item.text(name).value_or(""); }

void read_emails(Fields& body, Profile& profile) {
  profile.emails.clear();
  std::set<std::string> seen;
  for (Fields item : body.objects("emails", limits::kContactItemsMax)) {
    const auto address = item.text("address", {.required = true});
    std::string label = text_of(item, "label");
    if (!address) continue;
    if (!base::is_email(*address)) {
      item.fail("address", "email", "must be an e-mail address such as anna@example.com");
    } else if (!seen.insert(email_way(*address)).second) {
      item.fail("address", "repeated", "stands in the list twice");
    } else {
      profile.emails.push_back({*address, std::move(label)});
    }
  }
}

void read_phones(Fields& body, Profile& profile, const std::string& country) {
  profile.phones.clear();
  std::set<std::string> seen;
  for (Fields item : body.objects("phones", limits::kContactItemsMax)) {
    const auto number = item.text("number", {.required = true});
    std::string label = text_of(item, "label");
    // What the API shows may be sent back to it; the number alone decides.
    (void)item.text("e164");
    if (!number) continue;
    auto e164 = base::phone_e164(*number, country);
    const std::string way = phone_way(*number, e164);
    if (way.empty()) {
      item.fail("number", "phone", "must be a phone number: it has no digit");
    } else if (!seen.insert(way).second) {
      item.fail("number", "repeated", "stands in the list twice");
    } else {
      profile.phones.push_back({*number, std::move(label), std::move(e164)});
    }
  }
}

void read_uids(Fields& body, Profile& profile) {
  profile.uids.clear();
  std::set<std::string> seen;
  for (Fields item : body.objects("uids", limits::kContactItemsMax)) {
    const auto source = item.text("source", {.required = true});
    const auto external_id =
        item.text("external_id", {.required = true, .chars_max = limits::kSourceIdCharsMax});
    if (!source || !external_id) continue;
    if (!seen.insert(uid_key(*source, *external_id)).second) {
      item.fail("external_id", "repeated", "stands in the list twice");
    } else {
      profile.uids.push_back({*source, *external_id});
    }
  }
}

void read_addresses(Fields& body, Profile& profile) {
  profile.addresses.clear();
  for (Fields item : body.objects("addresses", limits::kContactItemsMax)) {
    Address address;
    address.label = text_of(item, "label");
    address.lines = item.texts("lines", limits::kAddressLinesMax);
    const std::string street = text_of(item, "street");
    if (!street.empty() && !address.lines.empty()) {
      item.fail("street", "both", "must be left out where lines are given");
    } else if (!street.empty()) {
      address.lines = {street};
    }
    address.postal_code = text_of(item, "postal_code");
    address.city = text_of(item, "city");
    address.region = text_of(item, "region");
    address.country = text_of(item, "country");
    if (address.lines.empty() && address.postal_code.empty() && address.city.empty() &&
        address.region.empty() && address.country.empty()) {
      item.fail("", "required", "must have lines, postal_code, city, region or country");
    }
    profile.addresses.push_back(std::move(address));
  }
}

void read_tags(Fields& body, Profile& profile) {
  profile.tags.clear();
  for (std::string& tag : body.texts("tags", limits::kContactTagsMax)) {
    if (std::find(profile.tags.begin(), profile.tags.end(), tag) == profile.tags.end()) {
      profile.tags.push_back(std::move(tag));
    }
  }
}

// Purposes are compared, so that one has one spelling.
bool is_purpose(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

void read_consents(Fields& body, Profile& profile, base::Micros now) {
  const std::vector<Consent> before = std::move(profile.consents);
  profile.consents.clear();
  for (Fields item : body.objects("consents", limits::kContactItemsMax)) {
    Consent consent;
    const auto channel =
        item.one_of("channel", {"chat", "email", "mail", "phone", "push", "sms"}, true);
    const auto purpose =
        item.text("purpose", {.required = true, .chars_max = kConsentPurposeCharsMax});
    const auto granted = item.boolean("granted", true);
    const auto at = item.time("at");
    consent.source = text_of(item, "source");
    consent.note = text_of(item, "note");
    if (at && *at > now + kClockSkew) {
      item.fail("at", "range", "must not be in the future");
    }
    if (purpose && !is_purpose(*purpose)) {
      item.fail("purpose", "purpose",
                "must be of lower-case letters, digits, _ - and . such as marketing");
    }
    if (!channel || !purpose || !granted) continue;
    consent.channel = *channel;
    consent.purpose = *purpose;
    consent.granted = *granted;
    const Consent* known = same_consent(before, consent);
    const bool repeated = known != nullptr && known->granted == consent.granted;
    consent.at = at ? *at : repeated ? known->at : now;
    if (same_consent(profile.consents, consent) != nullptr) {
      item.fail("purpose", "repeated", "stands in the list twice for this channel");
    } else {
      profile.consents.push_back(std::move(consent));
    }
  }
}

void read_attributes(Fields& body, Profile& profile) {
  profile.attributes = Json::object();
  const Json* given = body.any("attributes");
  if (given == nullptr) return;
  if (!given->is_object()) {
    body.fail("attributes", "type", "must be an object");
    return;
  }
  if (given->members().size() > limits::kContactAttributesMax ||
      given->dump().size() > limits::kContactAttributesBytesMax) {
    body.fail("attributes", "too_large",
              "must have at most " + std::to_string(limits::kContactAttributesMax) +
                  " members and " + std::to_string(limits::kContactAttributesBytesMax) + " bytes");
    return;
  }
  // Names are checked as texts are, by the same reader.
  std::vector<Json> names;
  for (const auto& [name, value] : given->members()) {
    if (!value.is_string() && !value.is_number() && !value.is_bool()) {
      body.fail("attributes", "type", "must hold texts, numbers and booleans only");
      return;
    }
    names.push_back(Json::string(name));
  }
  const Json wrapped = Json::object({{"names", Json::array(std::move(names))}});
  Fields checked(wrapped);
  (void)checked.texts("names", limits::kContactAttributesMax);
  if (!checked.ok()) {
    body.fail("attributes", "name", "must have names of 1 to 200 characters, none a control one");
    return;
  }
  profile.attributes = *given;
}

void read_birthday(Fields& body, Profile& profile, base::Micros now) {
  const auto text = body.text("birthday");
  profile.birthday = text.value_or("");
  if (!text || text->empty()) return;
  const auto day = base::parse_date(*text);
  if (!day) {
    body.fail("birthday", "date", "must be a date such as 1984-02-29");
  } else if (*day > base::day_in_zone(now, "UTC") + 1) {  // somewhere it is tomorrow already
    body.fail("birthday", "range", "must not be in the future");
  } else {
    profile.birthday = base::format_date(*day);
  }
}

void read_language(Fields& body, Profile& profile) {
  const auto text = body.text("language");
  profile.language = text.value_or("");
  if (!text || text->empty()) return;
  if (const auto tag = base::language_tag(*text)) {
    profile.language = *tag;
  } else {
    body.fail("language", "language", "must be a language tag (BCP 47) such as de or pt-BR");
  }
}

// What must hold of the whole, whichever part of it was given.
void check_whole(Fields& body, const Profile& profile) {
  if (!body.ok()) return;
  if (profile.organization) {
    if (profile.organization_name.empty()) {
      body.fail("organization_name", "required", "must be given for an organization");
    }
    if (profile.organization_id) {
      body.fail("organization_id", "not_of_kind", "is for persons only");
    }
  } else if (display_name(profile).empty()) {
    body.fail("family_name", "required",
              "must be given, or given_name, organization_name, client_number, an e-mail address, "
              "a phone number or a UID");
  }
}

Json word(const std::string& text) { return text.empty() ? Json() : Json::string(text); }

template <class Items, class ToJson>
Json list(const Items& items, ToJson to_json) {
  std::vector<Json> out;
  out.reserve(items.size());
  for (const auto& item : items) out.push_back(to_json(item));
  return Json::array(std::move(out));
}

std::string text_in(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  return member != nullptr && member->is_string() ? member->text() : std::string();
}

const std::vector<Json>& items_in(const Json& json, std::string_view name) {
  static const std::vector<Json> kNone;
  const Json* member = json.find(name);
  return member != nullptr ? member->items() : kNone;
}

std::vector<Consent> consents_in(const Json& json) {
  std::vector<Consent> consents;
  for (const Json& item : items_in(json, "consents")) {
    const Json* granted = item.find("granted");
    consents.push_back({.channel = text_in(item, "channel"),
                        .purpose = text_in(item, "purpose"),
                        .granted = granted != nullptr && granted->as_bool(),
                        .at = base::parse_rfc3339(text_in(item, "at")).value_or(0),
                        .source = text_in(item, "source"),
                        .note = text_in(item, "note")});
  }
  return consents;
}

std::string joined(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return a + " " + b;
}

}  // namespace

void read(Fields& body, Profile& profile, const std::string& country, base::Micros now) {
  overlay(body, "given_name", profile.given_name);
  overlay(body, "family_name", profile.family_name);
  overlay(body, "organization_name", profile.organization_name);
  overlay(body, "client_number", profile.client_number);
  if (body.given("organization_id")) profile.organization_id = body.id("organization_id");
  if (body.given("emails")) read_emails(body, profile);
  if (body.given("phones")) read_phones(body, profile, country);
  if (body.given("uids")) read_uids(body, profile);
  if (body.given("addresses")) read_addresses(body, profile);
  if (body.given("tags")) read_tags(body, profile);
  if (body.given("consents")) read_consents(body, profile, now);
  if (body.given("attributes")) read_attributes(body, profile);
  if (body.given("birthday")) read_birthday(body, profile, now);
  if (body.given("language")) read_language(body, profile);
  if (body.given("archived")) profile.archived = body.boolean("archived").value_or(false);
  if (body.given("kind")) {
    const auto kind = body.one_of("kind", {"person", "organization"}, true);
    profile.organization = kind == "organization";
  }
  check_whole(body, profile);
}

Json to_json(const Profile& profile) {
  Json json = Json::object();
  json.set("kind", Json::string(profile.organization ? "organization" : "person"));
  json.set("given_name", word(profile.given_name));
  json.set("family_name", word(profile.family_name));
  json.set("organization_name", word(profile.organization_name));
  json.set("organization_id",
           profile.organization_id ? Json::string(profile.organization_id->text()) : Json());
  json.set("emails", list(profile.emails, [](const Email& email) {
             return Json::object(
                 {{"address", Json::string(email.address)}, {"label", word(email.label)}});
           }));
  json.set("phones", list(profile.phones, [](const Phone& phone) {
             return Json::object({{"number", Json::string(phone.number)},
                                  {"label", word(phone.label)},
                                  {"e164", word(phone.e164.value_or(""))}});
           }));
  json.set("client_number", word(profile.client_number));
  json.set("uids", list(profile.uids, [](const Uid& uid) {
             return Json::object({{"source", Json::string(uid.source)},
                                  {"external_id", Json::string(uid.external_id)}});
           }));
  json.set("birthday", word(profile.birthday));
  json.set("language", word(profile.language));
  json.set("addresses", list(profile.addresses, [](const Address& address) {
             return Json::object({{"label", word(address.label)},
                                  {"lines", list(address.lines, Json::string)},
                                  {"postal_code", word(address.postal_code)},
                                  {"city", word(address.city)},
                                  {"region", word(address.region)},
                                  {"country", word(address.country)}});
           }));
  json.set("tags", list(profile.tags, Json::string));
  json.set("consents",
           list(profile.consents, [](const Consent& consent) { return to_json(consent); }));
  json.set("archived", Json::boolean(profile.archived));
  json.set("attributes", profile.attributes);
  return json;
}

Json to_json(const Consent& consent) {
  return Json::object({{"channel", Json::string(consent.channel)},
                       {"purpose", Json::string(consent.purpose)},
                       {"granted", Json::boolean(consent.granted)},
                       {"at", Json::string(base::format_rfc3339(consent.at))},
                       {"source", word(consent.source)},
                       {"note", word(consent.note)}});
}

const Consent* same_consent(const std::vector<Consent>& consents, const Consent& like) {
  const auto found = std::find_if(consents.begin(), consents.end(), [&](const Consent& each) {
    return each.channel == like.channel && each.purpose == like.purpose;
  });
  return found == consents.end() ? nullptr : &*found;
}

Profile from_json(const Json& json) {
  Profile profile;
  profile.organization = text_in(json, "kind") == "organization";
  profile.given_name = text_in(json, "given_name");
  profile.family_name = text_in(json, "family_name");
  profile.organization_name = text_in(json, "organization_name");
  profile.organization_id = base::parse_id(text_in(json, "organization_id"));
  for (const Json& item : items_in(json, "emails")) {
    profile.emails.push_back({text_in(item, "address"), text_in(item, "label")});
  }
  for (const Json& item : items_in(json, "phones")) {
    std::string e164 = text_in(item, "e164");
    profile.phones.push_back({text_in(item, "number"), text_in(item, "label"),
                              e164.empty() ? std::nullopt : std::optional(std::move(e164))});
  }
  profile.client_number = text_in(json, "client_number");
  for (const Json& item : items_in(json, "uids")) {
    profile.uids.push_back({text_in(item, "source"), text_in(item, "external_id")});
  }
  profile.birthday = text_in(json, "birthday");
  profile.language = text_in(json, "language");
  for (const Json& item : items_in(json, "addresses")) {
    Address address{.label = text_in(item, "label"),
                    .lines = {},
                    .postal_code = text_in(item, "postal_code"),
                    .city = text_in(item, "city"),
                    .region = text_in(item, "region"),
                    .country = text_in(item, "country")};
    for (const Json& line : items_in(item, "lines")) address.lines.push_back(line.text());
    profile.addresses.push_back(std::move(address));
  }
  for (const Json& tag : items_in(json, "tags")) profile.tags.push_back(tag.text());
  profile.consents = consents_in(json);
  if (const Json* archived = json.find("archived")) profile.archived = archived->as_bool();
  if (const Json* attributes = json.find("attributes")) profile.attributes = *attributes;
  return profile;
}

std::string display_name(const Profile& profile) {
  std::string person = joined(profile.given_name, profile.family_name);
  if (profile.organization && !profile.organization_name.empty()) return profile.organization_name;
  if (!person.empty()) return person;
  if (!profile.organization_name.empty()) return profile.organization_name;
  if (!profile.client_number.empty()) return profile.client_number;
  if (!profile.emails.empty()) return profile.emails.front().address;
  if (!profile.phones.empty()) return profile.phones.front().number;
  if (!profile.uids.empty()) return profile.uids.front().external_id;
  return {};
}

std::string sort_name(const Profile& profile) {
  const std::string person = joined(profile.family_name, profile.given_name);
  return base::folded(profile.organization || person.empty() ? display_name(profile) : person);
}

std::string uid_key(std::string_view source, std::string_view external_id) {
  std::string key(source);
  key += kUnitSeparator;
  key += external_id;
  return key;
}

std::string email_way(std::string_view address) { return base::fold_case(address); }

std::string phone_way(std::string_view number, const std::optional<std::string>& e164) {
  return e164 ? *e164 : digits_of(number);
}

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

}  // namespace annals::contacts
