#include <optional>

#include "access/actor.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/entries.h"
#include "entries/load.h"
#include "entries/record.h"
#include "entries/visibility.h"

namespace annals::entries {

Standing standing(db::Tx& tx, const access::Actor& actor, const base::Id& entry) {
  catalog::Sight everything;
  everything.all = true;
  const History history = load_history(tx, entry, everything);
  const Record& shown = history.latest().record;
  const std::optional<base::Id> author =
      shown.is_private ? std::optional(history.first.record.recorded_by.id) : std::nullopt;
  return {.contact = {.id = history.first.record.contact, .tag = history.first.contact_tag},
          .is_private = shown.is_private,
          .views = shown.views.empty() ? catalog::views_of(tx, shown.type, shown.contact_type)
                                       : shown.views,
          .visible = visible(catalog::sight(tx, actor), shown.type, shown.contact_type,
                             views_column(shown.views), author)};
}

}  // namespace annals::entries
