// Who may do what: the one table of roles and scopes.
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "access/actor.h"
#include "base/error.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::access {
namespace {

// A row: the permission, the roles that grant it (Owner Manager Staff Auditor; an x grants), the
// scope that grants it to an API key besides `admin` ("" for none), and what a refusal calls it.
struct Grant {
  Permission permission;
  std::string_view roles;
  std::string_view scope;
  std::string_view what;
};

constexpr std::array kGrants = {
    //                                       O M S A
    Grant{Permission::kEntriesRead, "x x x x", "entries:read", "read entries"},
    Grant{Permission::kEntriesWrite, "x x x .", "entries:write", "record entries"},
    Grant{Permission::kContactsRead, "x x x x", "contacts:read", "read contacts"},
    Grant{Permission::kContactsWrite, "x x x .", "contacts:write", "change contacts"},
    Grant{Permission::kTasksRead, "x x x x", "tasks:read", "read tasks"},
    Grant{Permission::kTasksWrite, "x x x .", "tasks:write", "change tasks"},
    Grant{Permission::kSettingsRead, "x x x x", "", "read settings"},
    Grant{Permission::kSettingsWrite, "x x . .", "", "change settings"},
    Grant{Permission::kSettingsHistory, "x x . x", "", "read how settings changed"},
    Grant{Permission::kStaffRead, "x x x x", "", "read the list of staff"},
    Grant{Permission::kStaffWrite, "x . . .", "", "manage staff and API keys"},
    Grant{Permission::kExport, "x x . x", "entries:read", "export"},
    Grant{Permission::kBusinessesWrite, "x . . .", "", "change or add businesses"},
};

constexpr std::array kRoleNames = {
    std::pair{Role::kOwner, std::string_view("owner")},
    std::pair{Role::kManager, std::string_view("manager")},
    std::pair{Role::kStaff, std::string_view("staff")},
    std::pair{Role::kAuditor, std::string_view("auditor")},
};

const Grant* grant_of(Permission permission) {
  for (const Grant& grant : kGrants) {
    if (grant.permission == permission) return &grant;
  }
  return nullptr;
}

bool role_grants(const Grant& grant, Role role) {
  const auto column = static_cast<std::size_t>(role) * 2;
  return grant.roles[column] == 'x';
}

}  // namespace

std::string_view name_of(Role role) {
  for (const auto& [one, name] : kRoleNames) {
    if (one == role) return name;
  }
  return "staff";
}

std::optional<Role> role_named(std::string_view name) {
  for (const auto& [role, one] : kRoleNames) {
    if (one == name) return role;
  }
  return std::nullopt;
}

bool Actor::may(Permission permission) const {
  if (permission == Permission::kPublic || permission == Permission::kSignedIn) return true;
  if (kind == Kind::kSystem) return true;
  const Grant* grant = grant_of(permission);
  if (grant == nullptr) return false;
  if (kind == Kind::kStaff) return role_grants(*grant, role);
  return has_scope("admin") ||
         (!grant->scope.empty() && scopes.contains(std::string(grant->scope)));
}

bool Actor::sees_all() const {
  switch (kind) {
    case Kind::kSystem:
      return true;
    case Kind::kStaff:
      return role == Role::kOwner;
    case Kind::kApiKey:
      return has_scope("admin");
  }
  return false;
}

void Actor::require(Permission permission) const {
  if (may(permission)) return;
  const Grant* grant = grant_of(permission);
  const std::string what(grant == nullptr ? "do this" : grant->what);
  if (kind == Kind::kStaff) {
    throw base::Error(base::Code::kForbidden,
                      "Your role (" + std::string(name_of(role)) + ") may not " + what +
                          ". Ask an owner of the business.",
                      {{"role", "role", "may not " + what}});
  }
  std::string wanted = "admin";
  if (grant != nullptr && !grant->scope.empty()) wanted = std::string(grant->scope) + " or admin";
  throw base::Error(base::Code::kForbidden,
                    "This API key may not " + what + ": it needs the scope " + wanted + ".",
                    {{"scopes", "scope", "needs " + wanted}});
}

std::string_view name_of(Actor::Kind kind) {
  switch (kind) {
    case Actor::Kind::kStaff:
      return "staff";
    case Actor::Kind::kApiKey:
      return "api_key";
    case Actor::Kind::kSystem:
      return "system";
  }
  return "system";
}

Actor system_actor(db::BusinessKey business, const base::Id& business_id, std::string time_zone,
                   std::string country) {
  Actor actor;
  actor.kind = Actor::Kind::kSystem;
  actor.name = "Annals";
  actor.business = business;
  actor.business_id = business_id;
  actor.time_zone = std::move(time_zone);
  actor.country = std::move(country);
  return actor;
}

}  // namespace annals::access
