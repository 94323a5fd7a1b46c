// Who does something, and what they may: the answer to a credential. Made by access::authenticate,
// never by a request's body.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/id.h"
#include "db/db.h"

namespace annals::access {

enum class Role { kOwner, kManager, kStaff, kAuditor };
[[nodiscard]] std::string_view name_of(Role role);
[[nodiscard]] std::optional<Role> role_named(std::string_view name);

/// What a route asks for. Roles and scopes grant them by the one table in access/permission.cc.
enum class Permission {
  kPublic,    // no credential at all
  kSignedIn,  // any credential
  kEntriesRead,
  kEntriesWrite,
  kContactsRead,
  kContactsWrite,
  kTasksRead,
  kTasksWrite,
  kSettingsRead,  // catalog: types, contact types, log views
  kSettingsWrite,
  kStaffRead,
  kStaffWrite,       // staff and API keys
  kSettingsHistory,  // who changed what of settings, staff and API keys
  kExport,           // streams of whole filtered results
  kBusinessesWrite,
};

struct Actor {
  enum class Kind { kStaff, kApiKey, kSystem };
  Kind kind = Kind::kSystem;
  base::Id id;       // staff member or API key; nil for the system
  std::string name;  // shown in recorded_by
  db::BusinessKey business = db::kNoBusiness;
  base::Id business_id;
  std::string time_zone = "UTC";  // the business's
  std::string country;            // the business's, ISO 3166-1 alpha-2, may be empty
  std::string locale;
  std::string currency;
  Role role = Role::kStaff;      // of a staff member
  std::set<std::string> scopes;  // of an API key
  std::string session;           // token hash of the session, for sign-out; else empty

  /// The same staff member, API key or system in the same business, by whatever session.
  [[nodiscard]] bool is(const Actor& other) const {
    return business == other.business && kind == other.kind && id == other.id;
  }
  [[nodiscard]] bool may(Permission permission) const;
  [[nodiscard]] bool has_scope(const std::string& scope) const { return scopes.contains(scope); }
  /// Owners and keys with `admin`: see every log view and every private entry.
  [[nodiscard]] bool sees_all() const;
  /// Throws kForbidden that names what is missing.
  void require(Permission permission) const;
};

/// staff, api_key or system.
[[nodiscard]] std::string_view name_of(Actor::Kind kind);

/// `system`, for what the server does by itself in `business`.
[[nodiscard]] Actor system_actor(db::BusinessKey business, const base::Id& business_id,
                                 std::string time_zone, std::string country);

}  // namespace annals::access
