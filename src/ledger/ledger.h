// The ledger: every fact of a business is a leaf of one RFC 6962 Merkle log, and each contact has a
// gapless sequence of all its leaves. A leaf holds a commitment (a salted hash), so that content
// can be erased without breaking the log.
//
// The journal is where leaves and their records stand; it is written here and nowhere else.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "db/db.h"
#include "tlog/leaf.h"

namespace annals::ledger {

/// What a journal row is: to its entry, or, from kAnchor on, to the business itself. Rows after
/// kRetraction are leaves and no versions of an entry.
enum class Kind : std::uint8_t {
  kEntry = 1,
  kCorrection = 2,
  kRetraction = 3,
  kDelivery = 4,
  kShred = 5,
  kAnchor = 6,
  kSettings = 7,
};
[[nodiscard]] tlog::LeafType leaf_type(Kind kind);

using tlog::commitment;
using tlog::kSaltBytes;

/// The next place in a contact's sequence and in the business's log.
struct Place {
  std::int64_t contact_seq = 0;  // from 1
  std::int64_t leaf_index = 0;   // from 0
  base::Micros recorded_at = 0;  // max(tx.now(), the contact's last + 1 µs)
};

/// Takes the next place of `contact`. In the same transaction append() must follow, or the
/// transaction must be given up.
[[nodiscard]] Place take_place(db::Tx& tx, const base::Id& contact);

/// For Database::write(): that take_place() is going to be called.
void ask_ahead(db::Tx& tx, db::Asks& asks, const base::Id& contact);

struct Row {
  base::Id contact;
  base::Id contact_tag;
  base::Id entry;
  std::int64_t version = 1;
  Kind kind = Kind::kEntry;
  Place place;
  base::Micros occurred_at = 0;
  std::string_view record;  // RFC 8785
  base::ByteSpan salt;      // the record's, then each attachment's
  std::optional<base::Digest> draft_digest;
};

/// What append() writes, for Tx::appended().
inline constexpr db::InsertInto kJournal{
    .table =
        "journal (pos, business, contact, entry, version, kind, contact_seq, leaf_index, "
        "recorded_at, occurred_at, record, leaf, salt, draft_digest)",
    .types = "iibbiiiiiitbbb",
    .conflict = {}};

/// Writes the row and its leaf to the journal; returns its position.
std::int64_t append(db::Tx& tx, const Row& row);

/// Appends a fact about the business itself, whose id stands for the contact's: `facts` and, of all
/// such records, v, kind, business, id and recorded_at. `kind` is kAnchor or kSettings.
void append_own(db::Tx& tx, const base::Id& business, Kind kind, base::Json facts);

/// A row of Kind::kSettings.
struct SettingsLeaf {
  std::int64_t leaf_index = 0;
  std::string record;
};
/// The newest `limit` of those before leaf `before`, newest first.
[[nodiscard]] std::vector<SettingsLeaf> settings_leaves(db::Tx& tx, std::int64_t before,
                                                        std::size_t limit);

/// How far the derived tables have the journal.
[[nodiscard]] std::int64_t applied_pos(db::Tx& tx);

/// Where an entry's first version stands in the journal, also of one that is not derived yet.
[[nodiscard]] std::optional<std::int64_t> find_entry(db::Tx& tx, const base::Id& entry);

}  // namespace annals::ledger
