#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/phone.h"
#include "base/time.h"
#include "contacts/change.h"
#include "contacts/contacts.h"
#include "contacts/profile.h"
#include "contacts/search.h"
#include "contacts/store.h"
#include "db/db.h"
#include "http/cursor.h"
#include "http/message.h"

namespace annals::contacts {
namespace {

using access::Call;
using access::Permission;
using base::Json;

constexpr std::size_t kQueryCharsMax = 500;
constexpr char kPlaceSeparator = '\x1f';  // between name and id in a cursor; no name holds it

struct Matched {
  std::string field;
  std::string text;
};

void write(base::JsonWriter& json, db::Tx& tx, const Contact& contact,
           const std::optional<Matched>& match = std::nullopt) {
  json.begin_object()
      .member("id", contact.id.text())
      .member("version", contact.version)
      .member("name", display_name(contact.profile));
  const Json fields = to_json(contact.profile);
  for (const auto& [name, value] : fields.members()) json.member(name, value);
  json.key("merged_into");
  if (contact.merged_into) {
    json.value(contact.merged_into->text());
  } else {
    json.value(nullptr);
  }
  json.key("merged_from").begin_array();
  for (const base::Id& id : merged_from(tx, contact.id)) json.value(id.text());
  json.end_array()
      .member("created_at", base::format_rfc3339(contact.created_at))
      .member("updated_at", base::format_rfc3339(contact.updated_at));
  if (match) {
    json.key("match")
        .begin_object()
        .member("field", match->field)
        .member("text", match->text)
        .end_object();
  }
  json.end_object();
}

http::Response reply(int status, db::Tx& tx, const Contact& contact) {
  base::JsonWriter json;
  write(json, tx, contact);
  http::Response response = http::Response::json(status, json.take());
  response.headers.emplace_back("ETag", access::etag(contact.version));
  if (status == 201) {
    response.headers.emplace_back("Location", "/api/v1/contacts/" + contact.id.text());
  }
  return response;
}

// ---- lists

std::optional<std::string> query_text(const http::Request& request, std::string_view name,
                                      std::size_t chars_max) {
  const auto value = request.query_value(name);
  if (!value) return std::nullopt;
  if (!base::is_utf8(*value)) {
    throw base::malformed(std::string(name), "utf8", "must be UTF-8, percent-encoded");
  }
  std::string text(base::trim(*value));
  if (text.empty()) return std::nullopt;
  if (base::code_points(text) > chars_max) {
    throw base::malformed(std::string(name), "too_long",
                          "must have at most " + std::to_string(chars_max) + " characters");
  }
  return text;
}

std::optional<bool> query_flag(const http::Request& request, std::string_view name) {
  const auto text = query_text(request, name, base::limits::kNameCharsMax);
  if (!text) return std::nullopt;
  if (*text == "true" || *text == "1") return true;
  if (*text == "false" || *text == "0") return false;
  throw base::malformed(std::string(name), "type", "must be true or false");
}

Filter read_filter(const http::Request& request) {
  Filter filter;
  filter.tag = query_text(request, "tag", base::limits::kNameCharsMax);
  filter.archived = query_flag(request, "archived");
  if (const auto id = query_text(request, "organization", base::limits::kNameCharsMax)) {
    filter.organization = base::parse_id(*id);
    if (!filter.organization) {
      throw base::malformed("organization", "id", "must be an id: a UUID with hyphens");
    }
  }
  if (const auto kind = query_text(request, "kind", base::limits::kNameCharsMax)) {
    if (*kind != "person" && *kind != "organization") {
      throw base::malformed("kind", "not_one_of", "must be person or organization");
    }
    filter.organizations = *kind == "organization";
  }
  return filter;
}

// An e-mail address, phone number, UID or client number that is asked for exactly.
std::optional<Mark> read_lookup(const Call& call) {
  const http::Request& request = call.request;
  const auto source = query_text(request, "source", base::limits::kNameCharsMax);
  const auto external_id = query_text(request, "external_id", base::limits::kSourceIdCharsMax);
  const auto email = query_text(request, "email", base::limits::kNameCharsMax * 2);
  const auto phone = query_text(request, "phone", base::limits::kNameCharsMax);
  const auto client_number = query_text(request, "client_number", base::limits::kNameCharsMax);
  if (source.has_value() != external_id.has_value()) {
    throw base::malformed(source ? "external_id" : "source", "required",
                          "must be given, since source and external_id together are a UID");
  }
  std::vector<Mark> marks;
  if (source) marks.push_back({kUidKey, uid_key(*source, *external_id)});
  if (client_number) marks.push_back({kClientNumberKey, *client_number});
  if (email) marks.push_back({kEmailWay, email_way(*email)});
  if (phone) {
    marks.push_back({kPhoneWay, phone_way(*phone, base::phone_e164(*phone, call.actor.country))});
  }
  if (marks.empty()) return std::nullopt;
  if (marks.size() > 1) {
    throw base::malformed(
        "", "one_of",
        "Ask for one of source with external_id, client_number, email and phone at a time.");
  }
  for (const char* other : {"q", "tag", "archived", "organization", "kind"}) {
    if (query_text(request, other, kQueryCharsMax)) {
      throw base::malformed(other, "not_with_lookup",
                            "must be left out where a contact is asked for exactly");
    }
  }
  return marks.front();
}

http::Response page_of(base::JsonWriter& json, const std::optional<std::string>& cursor) {
  json.end_array().member("next_cursor", cursor).end_object();
  return http::Response::json(200, json.take());
}

http::Response look_up(db::Tx& tx, const Mark& mark, std::size_t limit) {
  std::vector<base::Id> found;
  if (mark.kind == kEmailWay || mark.kind == kPhoneWay) {
    found = find_by_way(tx, mark, limit);
  } else if (const auto one = find_by_key(tx, mark)) {
    found = {*one};
  }
  base::JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const base::Id& id : found) write(json, tx, load_contact(tx, id));
  return page_of(json, std::nullopt);
}

http::Response search_page(db::Tx& tx, const Call& call, const std::string& query,
                           const Filter& filter, std::size_t limit) {
  base::JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (Hit& hit : search(tx, query, filter, call.actor.country, limit)) {
    write(json, tx, hit.contact, Matched{std::move(hit.field), std::move(hit.text)});
  }
  return page_of(json, std::nullopt);
}

std::optional<Listed> place_of(const std::string& cursor) {
  if (cursor.empty()) return std::nullopt;
  const std::size_t separator = cursor.rfind(kPlaceSeparator);
  const auto id = separator == std::string::npos
                      ? std::nullopt
                      : base::parse_id(std::string_view(cursor).substr(separator + 1));
  if (!id) throw base::malformed("cursor", "cursor", "Give next_cursor of the page before.");
  return Listed{.contact = *id, .sort_name = cursor.substr(0, separator)};
}

http::Response list_page(db::Tx& tx, const Call& call, const Filter& filter, std::size_t limit) {
  const std::string name = "contacts?" + filter.text();
  const auto after = place_of(http::open_cursor(call.request, name));
  const auto listed = list(tx, filter, after, limit + 1);
  base::JsonWriter json;
  json.begin_object().key("items").begin_array();
  std::optional<std::string> cursor;
  for (std::size_t i = 0; i < listed.size() && i < limit; ++i) {
    const Listed& one = listed[i];
    write(json, tx, load_contact(tx, one.contact));
    if (i + 1 == limit && listed.size() > limit) {
      cursor = http::make_cursor(name, one.sort_name + kPlaceSeparator + one.contact.text());
    }
  }
  return page_of(json, cursor);
}

http::Response list_contacts(const Call& call) {
  access::only_query(call.request,
                     {"q", "tag", "archived", "organization", "kind", "source", "external_id",
                      "email", "phone", "client_number", "cursor", "limit"});
  const std::size_t limit = access::page_limit(call.request);
  const auto lookup = read_lookup(call);
  const Filter filter = read_filter(call.request);
  const auto query = query_text(call.request, "q", kQueryCharsMax);
  if (query) check_query(*query, call.actor.country);
  return call.read([&](db::Tx& tx) {
    if (lookup) return look_up(tx, *lookup, limit);
    return query ? search_page(tx, call, *query, filter, limit)
                 : list_page(tx, call, filter, limit);
  });
}

// ---- one contact

http::Response create_contact(const Call& call) {
  access::only_query(call.request, {});
  const Json body = access::json_body(call.request);
  return call.write(
      [&](db::Tx& tx) { return reply(201, tx, create_at(tx, call.actor, body, "")); });
}

http::Response get_contact(const Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "contact");
  return call.read([&](db::Tx& tx) { return reply(200, tx, load_contact(tx, id)); });
}

http::Response change_contact(const Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "contact");
  const Json body = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    const Contact before = load_contact(tx, id);
    access::check_if_match(call.request, before.version);
    return reply(200, tx, change(tx, call.actor, before, body));
  });
}

http::Response merge_contact(const Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "contact");
  const Json body = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    const Contact loser = load_contact(tx, id);
    access::check_if_match(call.request, loser.version);
    return reply(200, tx, merge(tx, call.actor, loser, body));
  });
}

http::Response unmerge_contact(const Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "contact");
  return call.write([&](db::Tx& tx) {
    const Contact loser = load_contact(tx, id);
    access::check_if_match(call.request, loser.version);
    return reply(200, tx, unmerge(tx, call.actor, loser));
  });
}

}  // namespace

access::Routes routes() {
  using http::Method;
  return {
      {Method::kGet, "/contacts", Permission::kContactsRead, list_contacts},
      {Method::kPost, "/contacts", Permission::kContactsWrite, create_contact},
      {Method::kGet, "/contacts/{id}", Permission::kContactsRead, get_contact},
      {Method::kPatch, "/contacts/{id}", Permission::kContactsWrite, change_contact},
      {Method::kPost, "/contacts/{id}/merge", Permission::kContactsWrite, merge_contact},
      {Method::kPost, "/contacts/{id}/unmerge", Permission::kContactsWrite, unmerge_contact},
  };
}

}  // namespace annals::contacts
