// Recording delivery events, and reading those of entries.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "access/actor.h"
#include "base/clock.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/delivery.h"

namespace annals::entries {

struct Delivered {
  base::Id id;
  bool duplicate = false;
  bool erased = false;  // a duplicate whose content was erased
  base::Id contact;
  std::int64_t contact_seq = 0;
};

/// Appends a delivery event to a message. Of an automatic entry: a key that may record as its
/// source; of a manual one: whoever may write. Throws kNotFound (also where `sight` hides it),
/// kForbidden, kConflict (`automatic`, `no_message`, `erased`, `idempotency_conflict`,
/// `too_many`), kInvalid (`status`).
Delivered deliver(db::Tx& tx, const access::Actor& actor, const catalog::Sight& sight,
                  const base::Id& entry, const DeliveryDraft& draft);

/// A delivery event as it was recorded, and where.
struct StoredDelivery {
  Delivery delivery;
  std::int64_t pos = 0;
  std::int64_t contact_seq = 0;
  std::int64_t leaf_index = 0;
};
using Trail = std::vector<StoredDelivery>;  // as they happened

/// Of those of `entries` that have any, what was known at `as_of` where given.
[[nodiscard]] std::map<base::Id, Trail> trails(db::Tx& tx, std::span<const base::Id> entries,
                                               const std::optional<base::Micros>& as_of);

/// The status that an entry of `type` has after these; empty for none.
[[nodiscard]] std::string_view status_of(std::string_view type, const Trail& trail);

}  // namespace annals::entries
