// How a draft finds its contact.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/fold.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/phone.h"
#include "contacts/change.h"
#include "contacts/contacts.h"
#include "contacts/profile.h"
#include "contacts/store.h"
#include "db/db.h"
#include "entries/entries.h"

namespace annals::contacts {
namespace {

using base::Json;

constexpr std::size_t kCandidatesMax = 20;  // that an ambiguity names

void append(Json& body, std::string_view list, Json item) {
  const Json* given = body.find(list);
  if (given != nullptr && !given->is_null() && !given->is_array()) return;
  Json items = given != nullptr && given->is_array() ? *given : Json::array();
  items.items().push_back(std::move(item));
  body.set(list, std::move(items));
}

template <class Same>
bool has_item(const Json& body, std::string_view list, Same same) {
  const Json* given = body.find(list);
  return given != nullptr && std::any_of(given->items().begin(), given->items().end(), same);
}

std::string text_in(const Json& item, std::string_view name) {
  const Json* member = item.find(name);
  return member != nullptr ? member->text() : std::string();
}

// `create` with what `selector` names the contact by, unless it stands there already. What is
// wrong with `create` itself is for create_at() to say.
Json inheriting(const Json& create, const Selector& selector, const std::string& country) {
  Json body = create;
  if (!body.is_object()) return body;
  if (selector.uid) {
    const auto& [source, external_id] = *selector.uid;
    const bool there = has_item(body, "uids", [&](const Json& item) {
      return text_in(item, "source") == source && text_in(item, "external_id") == external_id;
    });
    if (!there) {
      append(body, "uids",
             Json::object(
                 {{"source", Json::string(source)}, {"external_id", Json::string(external_id)}}));
    }
  } else if (selector.client_number) {
    body.set("client_number", Json::string(*selector.client_number));
  } else if (selector.email) {
    const std::string way = email_way(*selector.email);
    const bool there = has_item(body, "emails", [&](const Json& item) {
      return email_way(text_in(item, "address")) == way;
    });
    if (!there) {
      append(body, "emails", Json::object({{"address", Json::string(*selector.email)}}));
    }
  } else if (selector.phone) {
    const auto way_of = [&](const std::string& number) {
      return phone_way(number, base::phone_e164(number, country));
    };
    const std::string way = way_of(*selector.phone);
    const bool there = has_item(
        body, "phones", [&](const Json& item) { return way_of(text_in(item, "number")) == way; });
    if (!there) {
      append(body, "phones", Json::object({{"number", Json::string(*selector.phone)}}));
    }
  }
  return body;
}

std::vector<base::Id> matches(db::Tx& tx, const access::Actor& actor, const Selector& selector) {
  if (selector.id) {
    return find_ref(tx, *selector.id) ? std::vector<base::Id>{*selector.id}
                                      : std::vector<base::Id>{};
  }
  if (selector.uid) {
    const auto found =
        find_by_key(tx, {kUidKey, uid_key(selector.uid->first, selector.uid->second)});
    return found ? std::vector<base::Id>{*found} : std::vector<base::Id>{};
  }
  if (selector.client_number) {
    const auto found = find_by_key(tx, {kClientNumberKey, *selector.client_number});
    return found ? std::vector<base::Id>{*found} : std::vector<base::Id>{};
  }
  const Mark way =
      selector.email ? Mark{kEmailWay, email_way(*selector.email)}
                     : Mark{kPhoneWay, phone_way(*selector.phone,
                                                 base::phone_e164(*selector.phone, actor.country))};
  return find_by_way(tx, way, kCandidatesMax);
}

// Of contacts that are merged into one, that one, where it is among them, else the first.
std::optional<base::Id> only_one(db::Tx& tx, const std::vector<base::Id>& found) {
  if (found.size() == 1) return found.front();
  const base::Id survivor = survivor_of(tx, found.front());
  for (const base::Id& id : found) {
    if (survivor_of(tx, id) != survivor) return std::nullopt;
  }
  const bool has_survivor = std::find(found.begin(), found.end(), survivor) != found.end();
  return has_survivor ? survivor : found.front();
}

// "[3].contact" → "[3].create_contact".
std::string path_of_create(const std::string& field) {
  const std::size_t dot = field.rfind('.');
  return (dot == std::string::npos ? std::string() : field.substr(0, dot + 1)) + "create_contact";
}

}  // namespace

Selector parse_selector(const Json& json, const std::string& field) {
  base::Fields fields(json, field);
  Selector selector;
  selector.id = fields.id("id");
  const bool by_uid = fields.given("source") || fields.given("external_id");
  const auto source = fields.text("source", {.required = by_uid});
  const auto external_id = fields.text(
      "external_id", {.required = by_uid, .chars_max = base::limits::kSourceIdCharsMax});
  if (source && external_id) selector.uid.emplace(*source, *external_id);
  if (fields.given("email")) selector.email = fields.text("email", {.required = true});
  if (fields.given("phone")) selector.phone = fields.text("phone", {.required = true});
  if (selector.email && !base::is_email(*selector.email)) {
    fields.fail("email", "email", "must be an e-mail address such as anna@example.com");
  }
  if (selector.phone && digits_of(*selector.phone).empty()) {
    fields.fail("phone", "phone", "must be a phone number: it has no digit");
  }
  const int ways = static_cast<int>(fields.given("id")) + static_cast<int>(by_uid) +
                   static_cast<int>(fields.given("email")) +
                   static_cast<int>(fields.given("phone"));
  if (ways != 1 && json.is_object()) {
    fields.fail("", "one_of", "must have exactly one of id, source with external_id, email, phone");
  }
  fields.finish();
  return selector;
}

entries::ContactRef resolve(db::Tx& tx, const access::Actor& actor, const Selector& selector,
                            const Json* create, const std::string& field) {
  const auto found = matches(tx, actor, selector);
  if (found.empty()) {
    if (create != nullptr && !selector.id) {
      actor.require(access::Permission::kContactsWrite);
      const Contact made =
          create_at(tx, actor, inheriting(*create, selector, actor.country), path_of_create(field));
      return {.id = made.id, .tag = made.tag};
    }
    throw base::invalid(field, "contact_not_found",
                        selector.id ? "is no contact of this business"
                                    : "finds no contact; create it first or give create_contact");
  }
  const auto one = only_one(tx, found);
  if (!one) {
    std::vector<std::string> ids;
    ids.reserve(found.size());
    for (const base::Id& id : found) ids.push_back(id.text());
    const std::string message = "finds several contacts; name the one that is meant by its id";
    throw base::Error(base::Code::kInvalid, field + ": " + message,
                      {{field, "contact_ambiguous", message, std::move(ids)}});
  }
  const auto contact = find_ref(tx, *one);
  CHECK(contact);
  return *contact;
}

}  // namespace annals::contacts
