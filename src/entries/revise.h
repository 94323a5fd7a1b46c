// Corrections, retractions and pins. None of them changes a row that is there.
#pragma once
#include <cstdint>

#include "access/actor.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/draft.h"

namespace annals::entries {

/// Appends a version; returns its number. Who may: the author, managers and owners; of an automatic
/// entry only a key with scope `source:<source>`. Throws kNotFound (also where `sight` hides it),
/// kForbidden, kConflict (`automatic`, `retracted`), kInvalid.
std::int64_t correct(db::Tx& tx, const access::Actor& actor, const catalog::Sight& sight,
                     const base::Id& entry, const Correction& correction);

/// Strikes an entry out. Same errors; twice is kConflict (`retracted`).
void retract(db::Tx& tx, const access::Actor& actor, const catalog::Sight& sight,
             const base::Id& entry, const std::string& reason);

/// Pins it for everybody, or takes the pin off. Both may be repeated.
void pin(db::Tx& tx, const catalog::Sight& sight, const base::Id& entry, bool pinned);
[[nodiscard]] bool is_pinned(db::Tx& tx, const base::Id& entry);

}  // namespace annals::entries
