#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "access/actor.h"
#include "base/error.h"

namespace annals::access {
namespace {

constexpr std::array kAll = {
    Permission::kEntriesRead,   Permission::kEntriesWrite,  Permission::kContactsRead,
    Permission::kContactsWrite, Permission::kTasksRead,     Permission::kTasksWrite,
    Permission::kSettingsRead,  Permission::kSettingsWrite, Permission::kStaffRead,
    Permission::kStaffWrite,    Permission::kExport,        Permission::kBusinessesWrite,
};

// One letter for each of kAll.
std::string granted(const Actor& actor) {
  std::string out;
  for (const Permission permission : kAll) out += actor.may(permission) ? 'x' : '.';
  return out;
}

Actor staff(Role role) {
  Actor actor;
  actor.kind = Actor::Kind::kStaff;
  actor.role = role;
  return actor;
}

Actor key(std::set<std::string> scopes) {
  Actor actor;
  actor.kind = Actor::Kind::kApiKey;
  actor.scopes = std::move(scopes);
  return actor;
}

TEST(Permissions, of_each_role) {
  //                                          e e c c t t s s p p x b
  //                                          r w r w r w r w r w   w
  EXPECT_EQ(granted(staff(Role::kOwner)), "xxxxxxxxxxxx");
  EXPECT_EQ(granted(staff(Role::kManager)), "xxxxxxxxx.x.");
  EXPECT_EQ(granted(staff(Role::kStaff)), "xxxxxxx.x...");
  EXPECT_EQ(granted(staff(Role::kAuditor)), "x.x.x.x.x.x.");
}

TEST(Permissions, of_each_scope) {
  const std::map<std::string, std::string> expected = {
      {"entries:read", "x.........x."},   {"entries:write", ".x.........."},
      {"contacts:read", "..x........."},  {"contacts:write", "...x........"},
      {"tasks:read", "....x......."},     {"tasks:write", ".....x......"},
      {"source:booking", "............"}, {"view:medical", "............"},
      {"admin", "xxxxxxxxxxxx"},
  };
  for (const auto& [scope, row] : expected) EXPECT_EQ(granted(key({scope})), row) << scope;
  EXPECT_EQ(granted(key({"entries:write", "contacts:read"})), ".xx.........");
}

TEST(Permissions, only_owners_and_admin_keys_see_everything) {
  EXPECT_TRUE(staff(Role::kOwner).sees_all());
  EXPECT_FALSE(staff(Role::kManager).sees_all());
  EXPECT_FALSE(staff(Role::kStaff).sees_all());
  EXPECT_FALSE(staff(Role::kAuditor).sees_all());
  EXPECT_TRUE(key({"admin"}).sees_all());
  EXPECT_FALSE(key({"entries:read", "view:medical"}).sees_all());
}

TEST(Permissions, a_refusal_names_what_is_missing) {
  try {
    key({"entries:read"}).require(Permission::kEntriesWrite);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kForbidden);
    EXPECT_NE(error.message().find("entries:write or admin"), std::string::npos);
  }
  EXPECT_THROW(staff(Role::kAuditor).require(Permission::kContactsWrite), base::Error);
  EXPECT_NO_THROW(staff(Role::kAuditor).require(Permission::kSignedIn));
}

TEST(Permissions, roles_have_names) {
  for (const char* name : {"owner", "manager", "staff", "auditor"}) {
    ASSERT_TRUE(role_named(name)) << name;
    EXPECT_EQ(name_of(*role_named(name)), name);
  }
  EXPECT_FALSE(role_named("Owner"));
}

}  // namespace
}  // namespace annals::access
