// The one predicate of what a reader may see, as SQL and as a function. Private to entries/.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "catalog/catalog.h"
#include "entries/sql.h"

namespace annals::entries {

/// Adds the condition about the columns type, contact_type, views and author of `alias`.
void add_visibility(SqlText& sql, std::string_view alias, const catalog::Sight& sight);

/// The part of it that is about views.
void add_views(SqlText& sql, std::string_view alias, const catalog::Sight& sight);

/// The whole predicate, of one entry. `views` as in the views column.
[[nodiscard]] bool visible(const catalog::Sight& sight, std::string_view type,
                           std::string_view contact_type, std::string_view views,
                           const std::optional<base::Id>& author);

}  // namespace annals::entries
