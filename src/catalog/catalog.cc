#include "catalog/catalog.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/error.h"
#include "base/fold.h"
#include "base/limits.h"
#include "catalog/store.h"
#include "db/db.h"

namespace annals::catalog {
namespace {

std::string category_list() {
  std::string list;
  for (const std::string_view name : categories()) {
    if (!list.empty()) list += ", ";
    list += name;
  }
  return list;
}

void expect_category(const std::optional<std::string>& given, std::string_view category,
                     std::string_view type) {
  if (!given || *given == category) return;
  throw base::invalid("category", "not_of_type",
                      "must be " + std::string(category) + ", the category of " +
                          std::string(type) + ", or left out");
}

void add_all(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& view : from) {
    if (std::find(to.begin(), to.end(), view) == to.end()) to.push_back(view);
  }
}

bool any_in(const std::vector<std::string>& views, const std::set<std::string>& seen) {
  return std::any_of(views.begin(), views.end(),
                     [&](const std::string& view) { return seen.contains(view); });
}

}  // namespace

Resolved resolve_type(db::Tx& tx, std::string_view type,
                      const std::optional<std::string>& category) {
  if (!is_type_name(type)) {
    throw base::invalid("type", "type_name",
                        "must be a dotted name such as appointment.booked: lower case a-z, digits "
                        "and underscores, at most " +
                            std::to_string(base::limits::kTypeCharsMax) + " characters");
  }
  const auto own = find_entry_type(tx, type);
  if (const Type* builtin = builtin_type(type)) {
    expect_category(category, builtin->category, type);
    return {.category = std::string(builtin->category),
            .method = std::string(builtin->method),
            .direction = std::string(builtin->direction),
            .title = own && !own->name.empty() ? own->name : std::string(builtin->title)};
  }
  if (own) {
    expect_category(category, own->category, type);
    return {.category = own->category,
            .method = {},
            .direction = {},
            .title = own->name.empty() ? title_from(type) : own->name};
  }
  if (!category) {
    throw base::invalid("category", "required",
                        "must be given, since the type " + std::string(type) +
                            " is not known here; one of " + category_list());
  }
  if (!is_category(*category)) {
    throw base::invalid("category", "unknown_category", "must be one of " + category_list());
  }
  return {.category = *category, .method = {}, .direction = {}, .title = title_from(type)};
}

std::string resolve_contact_type(db::Tx& tx, std::string_view name) {
  if (const auto found = find_contact_type(tx, name)) return found->key;
  const std::string wanted = base::fold_case(name);
  for (const ContactType& type : contact_types(tx)) {
    if (base::fold_case(type.key) == wanted || base::fold_case(type.name) == wanted) {
      return type.key;
    }
  }
  throw base::invalid("contact_type", "unknown_contact_type",
                      "is no contact type of this business; create it with POST /contact-types");
}

void check_views(db::Tx& tx, const std::vector<std::string>& views) {
  if (views.size() > base::limits::kLogViewsMax) {
    throw base::invalid("views", "too_many",
                        "may have at most " + std::to_string(base::limits::kLogViewsMax));
  }
  const auto unknown = unknown_views(tx, views);
  if (unknown.empty()) return;
  throw base::invalid("views", "unknown_view",
                      "names a log view that does not exist; GET /log-views lists them");
}

bool may_see(const access::Actor& actor, const LogView& view) {
  if (actor.sees_all() || view.key == kGeneralView) return true;
  switch (actor.kind) {
    case access::Actor::Kind::kSystem:
      return true;
    case access::Actor::Kind::kApiKey:
      return actor.has_scope("view:" + view.key);
    case access::Actor::Kind::kStaff:
      return std::find(view.roles.begin(), view.roles.end(), access::name_of(actor.role)) !=
             view.roles.end();
  }
  return false;
}

Sight sight_of(db::Tx& tx, std::set<std::string> views) {
  Sight sight;
  sight.general = views.contains(std::string(kGeneralView));
  sight.views = std::move(views);
  for (const EntryType& type : entry_types(tx)) {
    if (type.views.empty()) continue;
    sight.typed.insert(type.type);
    if (any_in(type.views, sight.views)) sight.typed_seen.insert(type.type);
  }
  for (const ContactType& type : contact_types(tx)) {
    if (type.views.empty()) continue;
    sight.labelled.insert(type.key);
    if (any_in(type.views, sight.views)) sight.labelled_seen.insert(type.key);
  }
  return sight;
}

Sight sight(db::Tx& tx, const access::Actor& actor) {
  std::set<std::string> views = {std::string(kGeneralView)};
  for (const LogView& view : log_views(tx)) {
    if (may_see(actor, view)) views.insert(view.key);
  }
  Sight sight = sight_of(tx, std::move(views));
  sight.all = actor.sees_all() || actor.kind == access::Actor::Kind::kSystem;
  sight.reader = actor.id;
  return sight;
}

std::vector<std::string> views_of(db::Tx& tx, std::string_view type,
                                  std::string_view contact_type) {
  std::vector<std::string> views;
  if (const auto own = find_entry_type(tx, type)) add_all(views, own->views);
  if (!contact_type.empty()) {
    if (const auto label = find_contact_type(tx, contact_type)) add_all(views, label->views);
  }
  if (views.empty()) views.emplace_back(kGeneralView);
  return views;
}

void seed(db::Tx& tx, db::BusinessKey business) {
  // Money and health are for those who are named; a business widens this where it wants to.
  put(tx, business,
      LogView{.key = std::string(kGeneralView),
              .name = "General",
              .roles = {"owner", "manager", "staff", "auditor"}});
  put(tx, business,
      LogView{.key = "financial", .name = "Financial", .roles = {"owner", "manager", "auditor"}});
  put(tx, business, LogView{.key = "medical", .name = "Medical", .roles = {"owner", "manager"}});
  for (const char* name : {"Client Notifications", "Staff Notifications", "Automated Marketing",
                           "Message Center", "Admin Business"}) {
    put(tx, business, ContactType{.key = name, .name = name, .views = {}});
  }
}

}  // namespace annals::catalog
