#include "catalog/setting_forms.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "access/route.h"
#include "access/settings.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/limits.h"
#include "catalog/store.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::catalog {

http::Response versioned_reply(int status, std::string body, std::int64_t version) {
  http::Response response = http::Response::json(status, std::move(body));
  response.headers.emplace_back("ETag", access::etag(version));
  return response;
}

void expect_room(std::size_t have, std::size_t max, const char* what) {
  if (have < max) return;
  throw base::conflict("", "too_many",
                       "A business has at most " + std::to_string(max) + " " + what + ".");
}

std::vector<std::string> read_views(db::Tx& tx, base::Fields& body) {
  std::vector<std::string> views;
  for (std::string& view : body.texts("views", base::limits::kLogViewsMax)) {
    if (std::find(views.begin(), views.end(), view) == views.end()) {
      views.push_back(std::move(view));
    }
  }
  for (const std::string& view : unknown_views(tx, views)) {
    body.fail("views", "unknown_view", "names " + view + ", which is no log view");
  }
  return views;
}

access::SettingsName name_of(const LogView& view) { return {"log_view", view.key}; }

access::Settings settings_of(const LogView& view) {
  return {{"name", base::Json::string(view.name)}, {"roles", access::json_strings(view.roles)}};
}

access::SettingsName name_of(const ContactType& type) { return {"contact_type", type.key}; }

access::Settings settings_of(const ContactType& type) {
  return {{"name", base::Json::string(type.name)},
          {"views", access::json_strings(type.views)},
          {"archived", base::Json::boolean(type.archived)}};
}

access::SettingsName name_of(const EntryType& type) { return {"entry_type", type.type}; }

access::Settings settings_of(const EntryType& type) {
  return {{"category", base::Json::string(type.category)},
          {"name", base::Json::string(type.name)},
          {"views", access::json_strings(type.views)}};
}

}  // namespace annals::catalog
