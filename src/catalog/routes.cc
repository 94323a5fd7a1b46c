#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "access/settings.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/fold.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/logging_rules.h"
#include "catalog/setting_forms.h"
#include "catalog/store.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::catalog {
namespace {

using access::Call;
using access::Permission;

constexpr std::size_t kViewKeyCharsMax = 50;

// ---- log views

void write(base::JsonWriter& json, const LogView& view) {
  json.begin_object().member("key", view.key).member("name", view.name);
  write_strings(json, "roles", view.roles);
  json.member("version", view.version).end_object();
}

http::Response reply(int status, const LogView& view) {
  base::JsonWriter json;
  write(json, view);
  return versioned_reply(status, json.take(), view.version);
}

// The tabs that the caller may see; all of them, for whom it falls to set them up.
http::Response list_log_views(const Call& call) {
  return call.read([&](db::Tx& tx) {
    auto views = log_views(tx);
    if (!call.actor.may(Permission::kSettingsWrite)) {
      std::erase_if(views, [&](const LogView& view) { return !may_see(call.actor, view); });
    }
    return page(
        call.request, "log-views", views,
        [](const LogView& view) -> const std::string& { return view.key; },
        [](base::JsonWriter& json, const LogView& view) { write(json, view); });
  });
}

bool is_view_key(std::string_view key) {
  return !key.empty() && key.size() <= kViewKeyCharsMax &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

// "Fußpflege intern" → "fusspflege_intern"; empty where the name has no Latin letter or digit.
std::string key_from(std::string_view name) {
  std::string key;
  for (const base::Token& token : base::analyse(name)) {
    if (!is_view_key(token.word)) continue;
    if (!key.empty()) key += '_';
    key += token.word;
  }
  return key.substr(0, kViewKeyCharsMax);
}

std::vector<std::string> read_roles(base::Fields& body) {
  std::vector<std::string> roles;
  for (std::string& role : body.texts("roles", 4)) {
    if (!access::role_named(role)) {
      body.fail("roles", "unknown_role", "may hold owner, manager, staff and auditor");
    } else if (std::find(roles.begin(), roles.end(), role) == roles.end()) {
      roles.push_back(std::move(role));
    }
  }
  return roles;
}

http::Response create_log_view(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    base::Fields body(json);
    LogView view;
    view.name = body.text("name", {.required = true}).value_or("");
    view.key = body.text("key").value_or(key_from(view.name));
    view.roles = read_roles(body);
    if (body.ok() && !is_view_key(view.key)) {
      body.fail("key", "key", "must be 1 to 50 of a-z, 0-9, _ and -");
    }
    body.finish();
    if (find_log_view(tx, view.key)) {
      throw base::conflict("key", "key_taken", "There is a log view of that key already.");
    }
    expect_room(log_views(tx).size(), base::limits::kLogViewsMax, "log views");
    put_and_tell(call, tx, std::optional<LogView>(), view);
    return reply(201, view);
  });
}

http::Response change_log_view(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    auto view = find_log_view(tx, call.request.parameter("key"));
    if (!view) throw base::not_found("log view");
    access::check_if_match(call.request, view->version);
    const std::optional<LogView> before = view;
    base::Fields body(json);
    if (body.given("name")) view->name = body.text("name", {.required = true}).value_or("");
    if (body.given("roles")) {
      view->roles = read_roles(body);
      if (view->key == kGeneralView) {
        body.fail("roles", "general_is_for_all", "of the general view cannot be changed");
      }
    }
    body.finish();
    ++view->version;
    put_and_tell(call, tx, before, *view);
    return reply(200, *view);
  });
}

// ---- contact types

void write(base::JsonWriter& json, const ContactType& type) {
  json.begin_object().member("key", type.key).member("name", type.name);
  write_strings(json, "views", type.views);
  json.member("archived", type.archived).member("version", type.version).end_object();
}

http::Response reply(int status, const ContactType& type) {
  base::JsonWriter json;
  write(json, type);
  return versioned_reply(status, json.take(), type.version);
}

http::Response list_contact_types(const Call& call) {
  return call.read([&](db::Tx& tx) {
    return page(
        call.request, "contact-types", contact_types(tx),
        [](const ContactType& type) -> const std::string& { return type.key; },
        [](base::JsonWriter& json, const ContactType& type) { write(json, type); });
  });
}

// A key stands in addresses as one segment, which a slash or a name of dots would break.
std::string contact_type_key(std::string key) {
  std::replace(key.begin(), key.end(), '/', '-');
  if (key == "." || key == "..") key += '-';
  return key;
}

void expect_free_name(const std::vector<ContactType>& types, const ContactType& wanted) {
  const std::string name = base::fold_case(wanted.name);
  for (const ContactType& type : types) {
    if (type.key == wanted.key) continue;
    if (base::fold_case(type.name) == name || base::fold_case(type.key) == name) {
      throw base::conflict("name", "name_taken",
                           "There is a contact type of that name already: " + type.key + ".");
    }
  }
}

http::Response create_contact_type(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    base::Fields body(json);
    ContactType type;
    type.name = body.text("name", {.required = true}).value_or("");
    type.key = contact_type_key(body.text("key").value_or(type.name));
    type.views = read_views(tx, body);
    body.finish();
    // Whoever writes entries may name a new kind of them; who sees them is for those who set up.
    if (!type.views.empty()) call.actor.require(Permission::kSettingsWrite);
    const auto types = contact_types(tx);
    expect_room(types.size(), base::limits::kContactTypesMax, "contact types");
    if (find_contact_type(tx, type.key)) {
      throw base::conflict("name", "name_taken",
                           "There is a contact type of that name already: " + type.key + ".");
    }
    expect_free_name(types, type);
    put_and_tell(call, tx, std::optional<ContactType>(), type);
    return reply(201, type);
  });
}

http::Response change_contact_type(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    auto type = find_contact_type(tx, call.request.parameter("key"));
    if (!type) throw base::not_found("contact type");
    access::check_if_match(call.request, type->version);
    const std::optional<ContactType> before = type;
    base::Fields body(json);
    if (body.given("name")) type->name = body.text("name", {.required = true}).value_or("");
    if (body.given("views")) type->views = read_views(tx, body);
    if (body.given("archived")) type->archived = body.boolean("archived").value_or(false);
    body.finish();
    expect_free_name(contact_types(tx), *type);
    ++type->version;
    put_and_tell(call, tx, before, *type);
    return reply(200, *type);
  });
}

// ---- entry types

struct ListedType {
  EntryType own;
  const Type* builtin = nullptr;

  [[nodiscard]] std::string name() const {
    if (!own.name.empty()) return own.name;
    return builtin != nullptr ? std::string(builtin->title) : title_from(own.type);
  }
};

void write(base::JsonWriter& json, const ListedType& type) {
  const auto word = [](std::string_view text) {
    return text.empty() ? std::optional<std::string>() : std::optional<std::string>(text);
  };
  const Type none{};
  const Type& builtin = type.builtin != nullptr ? *type.builtin : none;
  json.begin_object()
      .member("type", type.own.type)
      .member("category", type.own.category)
      .member("name", type.name())
      .member("method", word(builtin.method))
      .member("direction", word(builtin.direction));
  write_strings(json, "views", type.own.views);
  json.member("builtin", type.builtin != nullptr).member("version", type.own.version).end_object();
}

http::Response reply(int status, const ListedType& type) {
  base::JsonWriter json;
  write(json, type);
  return versioned_reply(status, json.take(), type.own.version);
}

ListedType untouched(const Type& builtin) {
  return {.own = {.type = std::string(builtin.name),
                  .category = std::string(builtin.category),
                  .name = {},
                  .views = {},
                  .version = 0},
          .builtin = &builtin};
}

std::vector<ListedType> listed_types(db::Tx& tx) {
  std::vector<ListedType> listed;
  for (EntryType& own : entry_types(tx)) {
    const Type* builtin = builtin_type(own.type);
    listed.push_back({std::move(own), builtin});
  }
  const std::size_t kept = listed.size();
  for (const Type& builtin : builtin_types()) {
    const bool has_row =
        std::any_of(listed.begin(), listed.begin() + static_cast<std::ptrdiff_t>(kept),
                    [&](const ListedType& type) { return type.builtin == &builtin; });
    if (!has_row) listed.push_back(untouched(builtin));
  }
  std::sort(listed.begin(), listed.end(),
            [](const ListedType& a, const ListedType& b) { return a.own.type < b.own.type; });
  return listed;
}

http::Response list_entry_types(const Call& call) {
  return call.read([&](db::Tx& tx) {
    return page(
        call.request, "entry-types", listed_types(tx),
        [](const ListedType& type) -> const std::string& { return type.own.type; },
        [](base::JsonWriter& json, const ListedType& type) { write(json, type); });
  });
}

http::Response create_entry_type(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    base::Fields body(json);
    ListedType type;
    const auto name = body.text("type", {.required = true});
    type.own.type = name.value_or("");
    if (name && !is_type_name(*name)) {
      body.fail(
          "type", "type_name",
          "must be a dotted name such as gym.entered: a-z, 0-9 and _, at most 100 characters");
    }
    const auto category = body.text("category", {.required = true});
    type.own.category = category.value_or("");
    if (category && !is_category(*category)) {
      body.fail("category", "unknown_category", "is not one of the categories");
    }
    type.own.name = body.text("name").value_or("");
    type.own.views = read_views(tx, body);
    body.finish();
    if (builtin_type(type.own.type) != nullptr || find_entry_type(tx, type.own.type)) {
      throw base::conflict("type", "type_taken", "There is a type of that name already.");
    }
    expect_room(entry_types(tx).size(), base::limits::kEntryTypesMax, "entry types of its own");
    put_and_tell(call, tx, std::optional<EntryType>(), type.own);
    return reply(201, type);
  });
}

http::Response change_entry_type(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    const std::string& name = call.request.parameter("type");
    ListedType type;
    type.builtin = builtin_type(name);
    if (auto own = find_entry_type(tx, name)) {
      type.own = std::move(*own);
    } else if (type.builtin != nullptr) {
      type.own = untouched(*type.builtin).own;
    } else {
      throw base::not_found("entry type");
    }
    access::check_if_match(call.request, type.own.version);
    const std::optional<EntryType> before = type.own;
    base::Fields body(json);
    if (body.given("name")) type.own.name = body.text("name").value_or("");
    if (body.given("views")) type.own.views = read_views(tx, body);
    body.finish();
    ++type.own.version;
    put_and_tell(call, tx, before, type.own);
    return reply(200, type);
  });
}

template <class Item>
void add_settings(const std::vector<Item>& items, std::vector<access::CurrentSettings>& all) {
  for (const Item& item : items) {
    const access::SettingsName name = name_of(item);
    all.push_back({name.kind, name.key, settings_of(item)});
  }
}

}  // namespace

std::vector<access::CurrentSettings> current_settings(db::Tx& tx) {
  std::vector<access::CurrentSettings> all;
  add_settings(log_views(tx), all);
  add_settings(contact_types(tx), all);
  add_settings(entry_types(tx), all);
  add_settings(logging_rules(tx), all);
  return all;
}

access::Routes routes() {
  using http::Method;
  access::Routes table = {
      {Method::kGet, "/contact-types", Permission::kSettingsRead, list_contact_types},
      {Method::kPost, "/contact-types", Permission::kEntriesWrite, create_contact_type},
      {Method::kPatch, "/contact-types/{key}", Permission::kSettingsWrite, change_contact_type},
      {Method::kGet, "/entry-types", Permission::kSettingsRead, list_entry_types},
      {Method::kPost, "/entry-types", Permission::kSettingsWrite, create_entry_type},
      {Method::kPatch, "/entry-types/{type}", Permission::kSettingsWrite, change_entry_type},
      {Method::kGet, "/log-views", Permission::kSettingsRead, list_log_views},
      {Method::kPost, "/log-views", Permission::kSettingsWrite, create_log_view},
      {Method::kPatch, "/log-views/{key}", Permission::kSettingsWrite, change_log_view},
  };
  for (access::Route& route : logging_rule_routes()) table.push_back(std::move(route));
  return table;
}

}  // namespace annals::catalog
