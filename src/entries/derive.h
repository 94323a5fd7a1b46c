// The applier's work: from the journal to timeline, counters and search.
#pragma once
#include <functional>

#include "base/id.h"
#include "db/db.h"

namespace annals::entries {

/// Brings the search rows of a contact up to date (contacts::index).
using IndexContact = std::function<void(db::Tx&, db::BusinessKey, const base::Id&)>;

/// For db::Options. `index_contact` is called for each contact that an entry of the category
/// profile, or a merge, is about.
[[nodiscard]] db::Derive derivation(IndexContact index_contact);

/// Whether some business has another time zone than its counters are kept in, so that the derived
/// file is to be made anew.
[[nodiscard]] bool derived_is_outdated(db::Tx& tx);

}  // namespace annals::entries
