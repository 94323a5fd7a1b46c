// What can be done to a contact, each documented as an entry. Private to this slice.
#pragma once
#include <string>

#include "access/actor.h"
#include "base/id.h"
#include "base/json.h"
#include "contacts/store.h"
#include "db/db.h"

namespace annals::contacts {

/// As contacts::create(); errors name fields below `path`.
Contact create_at(db::Tx& tx, const access::Actor& actor, const base::Json& body,
                  const std::string& path);

/// Changes what `body` gives and records `contact.changed`; records nothing where all stays. Each
/// consent that is given or withdrawn is a `consent.signed` or `consent.withdrawn` beside it.
Contact change(db::Tx& tx, const access::Actor& actor, const Contact& before,
               const base::Json& body);

/// The survivor's history shows the loser's from now on; entries stay where they are. Throws
/// kConflict: `already_merged`, `merge_circle`, `too_many_members`.
Contact merge(db::Tx& tx, const access::Actor& actor, const Contact& loser, const base::Json& body);

/// Ends a merge. Throws kConflict (`not_merged`).
Contact unmerge(db::Tx& tx, const access::Actor& actor, const Contact& loser);

}  // namespace annals::contacts
