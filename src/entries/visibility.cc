#include "entries/visibility.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "catalog/catalog.h"
#include "entries/sql.h"

namespace annals::entries {
namespace {

bool has_view(std::string_view views, const std::string& view) {
  return views.find("|" + view + "|") != std::string_view::npos;
}

}  // namespace

// An entry's views are the stated ones; else those of its type and contact type; else general.
void add_views(SqlText& sql, std::string_view alias, const catalog::Sight& sight) {
  const std::string t(alias);
  sql << " AND (CASE WHEN " << t << ".views IS NOT NULL AND " << t << ".views <> '' THEN (1 = 0";
  for (const std::string& view : sight.views) {
    sql << " OR " << t << ".views LIKE ";
    sql.value("%|" + view + "|%");
  }
  sql << ") ELSE (" << t << ".type IN ";
  sql.list(sight.typed_seen);
  sql << " OR coalesce(" << t << ".contact_type, '') IN ";
  sql.list(sight.labelled_seen);
  if (sight.general) {
    sql << " OR (1 = 1";
    if (!sight.typed.empty()) {
      sql << " AND " << t << ".type NOT IN ";
      sql.list(sight.typed);
    }
    if (!sight.labelled.empty()) {
      sql << " AND coalesce(" << t << ".contact_type, '') NOT IN ";
      sql.list(sight.labelled);
    }
    sql << ")";
  }
  sql << ") END)";
}

void add_visibility(SqlText& sql, std::string_view alias, const catalog::Sight& sight) {
  if (sight.all) return;
  const std::string author = std::string(alias) + ".author";
  sql << " AND (" << author << " IS NULL OR length(" << author << ") = 0 OR " << author << " = ";
  sql.value(sight.reader);
  sql << ")";
  add_views(sql, alias, sight);
}

bool visible(const catalog::Sight& sight, std::string_view type, std::string_view contact_type,
             std::string_view views, const std::optional<base::Id>& author) {
  if (sight.all) return true;
  if (author && *author != sight.reader) return false;
  if (!views.empty()) {
    return std::any_of(sight.views.begin(), sight.views.end(),
                       [&](const std::string& view) { return has_view(views, view); });
  }
  const std::string type_name(type);
  const std::string label(contact_type);
  if (sight.typed_seen.contains(type_name) || sight.labelled_seen.contains(label)) return true;
  return sight.general && !sight.typed.contains(type_name) && !sight.labelled.contains(label);
}

}  // namespace annals::entries
