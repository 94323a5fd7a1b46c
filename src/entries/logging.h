// What logging rules (catalog/logging_rules.h) do to the history: to each automatic draft before it
// is recorded, and, as a trial, to what came in a past time.
#pragma once
#include <optional>

#include "access/actor.h"
#include "access/route.h"
#include "base/id.h"
#include "catalog/logging_rules.h"
#include "db/db.h"
#include "entries/entries.h"

namespace annals::entries {

/// Gives `draft` the contact type and the log views of its rule where it states none. Where the
/// rule says not to record it: its id, with the draft counted in `not_logged`. Throws kInvalid
/// where the draft's type or category is wrong all the same.
[[nodiscard]] std::optional<base::Id> follow_logging_rule(db::Tx& tx, Draft& draft,
                                                          catalog::NotLogged& not_logged);

/// Records what the server itself tells of, unless a rule says not to. Nobody corrects such an
/// entry by hand.
void record_own(db::Tx& tx, const access::Actor& actor, const ContactRef& contact, Draft draft);

/// POST /logging-rules/dry-run.
[[nodiscard]] access::Routes logging_trial_routes();

}  // namespace annals::entries
