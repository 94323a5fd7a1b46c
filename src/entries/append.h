// Turning what a draft says into a record, and a record into a row of the journal. Private to
// entries/.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/hash.h"
#include "db/db.h"
#include "entries/entries.h"
#include "entries/record.h"
#include "ledger/ledger.h"

namespace annals::entries {

/// Whom the credential names.
[[nodiscard]] RecordedBy recorded_by(const access::Actor& actor);

/// Throws kForbidden where `actor` is a key that is bound to other sources.
void check_source(const access::Actor& actor, const std::string& source);

// Each sets the member of `record` from what a draft says, after looking at the database. They
// throw kInvalid with the member's name.
void set_actor(db::Tx& tx, Record& record, const std::optional<ActorClaim>& claim);
void set_contact_type(db::Tx& tx, Record& record, const std::optional<std::string>& name);
void set_method(Record& record, const std::string& method);
void set_views(db::Tx& tx, Record& record, const std::vector<std::string>& views);
/// Names and sizes; commitments come with the salts in write(). What `record` has not got yet must
/// be a file that `actor` may see.
void set_attachments(db::Tx& tx, const access::Actor& actor, Record& record,
                     const std::vector<base::Id>& ids);
void set_changes(Record& record, const std::vector<Change>& changes);

/// Draws the salts, commits to the attachments, serialises and appends. `record.recorded_at` comes
/// from `place`. Returns the journal's position.
std::int64_t write(db::Tx& tx, Record record, const base::Id& contact_tag, ledger::Kind kind,
                   const ledger::Place& place, const std::optional<base::Digest>& draft_digest);

}  // namespace annals::entries
