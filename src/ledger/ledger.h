// The ledger: every fact of a business is a leaf of one RFC 6962 Merkle log, and each contact has a
// gapless sequence of all its leaves. A leaf holds a commitment (a salted hash), so that content
// can be erased without breaking the log.
//
// The journal is where leaves and their records stand; it is written here and nowhere else.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::ledger {

/// Byte 1 of a leaf.
enum class LeafType : std::uint8_t {
  kEntry = 1,
  kRevision = 2,  // a correction or a retraction
  kDelivery = 3,
  kShred = 4,
  kAnchor = 5,
  kSettings = 6,
};

/// What a journal row is to its entry.
enum class Kind : std::uint8_t { kEntry = 1, kCorrection = 2, kRetraction = 3 };

inline constexpr std::size_t kLeafBytes = 66;
inline constexpr std::size_t kSaltBytes = 32;
using Leaf = std::array<std::uint8_t, kLeafBytes>;

/// `01 | type | contact_tag(16) | contact_seq u64be | recorded_at µs u64be | commitment(32)`.
[[nodiscard]] Leaf encode_leaf(LeafType type, const base::Id& contact_tag, std::int64_t contact_seq,
                               base::Micros recorded_at, const base::Digest& commitment);
/// SHA-256(00 ‖ leaf), RFC 6962 §2.1.
[[nodiscard]] base::Digest leaf_hash(const Leaf& leaf);
/// HMAC-SHA256(salt, record).
[[nodiscard]] base::Digest commitment(base::ByteSpan salt, std::string_view record);

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

/// Writes the row and its leaf to the journal; returns its position.
std::int64_t append(db::Tx& tx, const Row& row);

/// How far the derived tables have the journal.
[[nodiscard]] std::int64_t applied_pos(db::Tx& tx);

/// Where an entry's first version stands in the journal, also of one that is not derived yet.
[[nodiscard]] std::optional<std::int64_t> find_entry(db::Tx& tx, const base::Id& entry);

}  // namespace annals::ledger
