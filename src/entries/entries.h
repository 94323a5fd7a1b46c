// Entries are the facts of a contact's history.
// Never updated: a correction or a retraction appends. A Tx belongs to one thread.
// This door knows contacts by id and tag only; contacts/ finds them, app/ composes both.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "db/db.h"

namespace annals::entries {

/// The contact that an entry belongs to. `tag` stands in the ledger's leaves in place of the id.
struct ContactRef {
  base::Id id;
  base::Id tag;
};

struct Change {
  std::string field;
  base::Json old_value;  // null where there was none
  base::Json new_value;
};

struct Amount {
  std::int64_t value = 0;  // minor units
  std::string currency;    // ISO 4217
};

/// Who did it, as the draft says.
struct ActorClaim {
  std::string kind;  // staff, contact, automation, none
  std::optional<base::Id> id;
  std::string name;
};

/// What a caller wants recorded. Fields are checked by record(), except those that only the parser
/// can check (it reports all of them at once; see draft.h).
struct Draft {
  std::string type;
  std::optional<std::string> category;
  std::optional<std::string> contact_type;
  std::optional<std::string> method;
  std::optional<std::string> direction;
  std::optional<ActorClaim> actor;
  std::optional<base::Micros> occurred_at;  // default: the transaction's now
  std::optional<std::string> time_zone;     // default: the business's
  std::optional<std::string> source;
  std::optional<std::string> source_id;
  std::optional<bool> manual;  // stated `origin`; default: neither source nor source_id
  std::optional<std::string> title;
  std::optional<std::string> text;
  std::optional<std::string> details;  // JSON as received, minified
  std::vector<Change> changes;
  std::optional<Amount> amount;
  std::vector<base::Id> attachments;
  std::optional<std::vector<std::string>> views;
  bool is_private = false;
  std::optional<base::Id> about;
  std::optional<base::Id> task;  // the follow-up that is made with it
  std::optional<base::Id> rule;  // the logging rule that gave contact type or views
  std::string canonical;         // the received draft, canonical; compared where source_id repeats
};

struct Recorded {
  base::Id id;
  bool duplicate = false;
  bool erased = false;  // a duplicate whose content was erased
  base::Id contact_id;
  std::int64_t contact_seq = 0;
};

/// For Database::write(): that the draft is going to be recorded.
void ask_ahead(db::Tx& tx, db::Asks& asks, const Draft& draft);

/// Looks for an entry of the draft's source and source_id. Throws kConflict
/// (`idempotency_conflict`) where that entry came from another draft. Nothing where the draft has
/// no source_id or it is new. Call it before finding the contact: a repeat needs none.
[[nodiscard]] std::optional<Recorded> find_duplicate(db::Tx& tx, const access::Actor& actor,
                                                     const Draft& draft);

/// Records `draft` for `contact` at `tx.now()` and appends its leaf to the ledger. Does what
/// find_duplicate() does first. Throws kInvalid (names the field), kForbidden (source not within
/// the key's scopes).
Recorded record(db::Tx& tx, const access::Actor& actor, const ContactRef& contact,
                const Draft& draft);

/// What an entry passes on to what is made from it.
struct Standing {
  ContactRef contact;
  bool is_private = false;
  std::vector<std::string> views;  // that it appears in
  bool visible = false;            // to `actor`
};
/// Throws kNotFound where there is no such entry.
[[nodiscard]] Standing standing(db::Tx& tx, const access::Actor& actor, const base::Id& entry);

}  // namespace annals::entries
