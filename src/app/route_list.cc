#include "app/route_list.h"

#include <string>
#include <string_view>

#include "access/actor.h"
#include "access/route.h"
#include "http/message.h"

namespace annals::app {
namespace {

std::string_view name_of(access::Permission permission) {
  using enum access::Permission;
  // No default: the compiler tells of a permission that has no name here.
  switch (permission) {
    case kPublic:
      return "public";
    case kSignedIn:
      return "signed_in";
    case kEntriesRead:
      return "entries_read";
    case kEntriesWrite:
      return "entries_write";
    case kContactsRead:
      return "contacts_read";
    case kContactsWrite:
      return "contacts_write";
    case kTasksRead:
      return "tasks_read";
    case kTasksWrite:
      return "tasks_write";
    case kSettingsRead:
      return "settings_read";
    case kSettingsWrite:
      return "settings_write";
    case kSettingsHistory:
      return "settings_history";
    case kStaffRead:
      return "staff_read";
    case kStaffWrite:
      return "staff_write";
    case kExport:
      return "export";
    case kBusinessesWrite:
      return "businesses_write";
  }
  return "";
}

}  // namespace

std::string list_routes(const access::Routes& routes) {
  std::string out;
  for (const access::Route& route : routes) {
    out.append(http::name_of(route.method)).append(" /api/v1").append(route.path);
    out.append(" ").append(name_of(route.permission)).append("\n");
  }
  return out;
}

}  // namespace annals::app
