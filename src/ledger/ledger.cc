#include "ledger/ledger.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/random.h"
#include "db/business.h"
#include "db/db.h"
#include "tlog/leaf.h"

namespace annals::ledger {
namespace {

// With this contact, `heads` holds where a business's log stands.
constexpr base::Id kWholeLog{};

struct HeadKey {
  db::BusinessKey business;
  base::Id contact;
  bool operator==(const HeadKey&) const = default;
};
struct HeadKeyHash {
  std::size_t operator()(const HeadKey& key) const noexcept {
    return std::hash<base::Id>()(key.contact) ^
           static_cast<std::size_t>(key.business) * 0x9E3779B9U;
  }
};
struct Head {
  std::int64_t seq = 0;
  base::Micros recorded_at = 0;
};

// Beyond this many the heads are forgotten once all of them are derived: about 20 MB.
constexpr std::size_t kHeadsMax = 200'000;

// What the writer knows of the heads: all that were touched since it began, and those of journal
// rows that were not derived then. What is not here is in the derived table `heads`.
struct Heads {
  std::unordered_map<HeadKey, Head, HeadKeyHash> known;
  std::int64_t last_pos = 0;
};

constexpr const char* kTail = R"(
  SELECT business, contact, contact_seq, recorded_at, leaf_index, pos
  FROM journal WHERE pos > $1 ORDER BY pos)";

std::shared_ptr<Heads> load_heads(db::Tx& tx) {
  auto heads = std::make_shared<Heads>();
  const std::int64_t from = applied_pos(tx);
  heads->last_pos = from;
  db::Rows rows = tx.query(kTail, {from});
  while (rows.next()) {
    const db::BusinessKey business = rows->integer(0);
    heads->known[{business, rows->id(1)}] = {rows->integer(2), rows->integer(3)};
    heads->known[{business, kWholeLog}] = {rows->integer(4) + 1, rows->integer(3)};
    heads->last_pos = rows->integer(5);
  }
  return heads;
}

Heads& heads_of(db::Tx& tx) {
  std::shared_ptr<void>& memory = tx.writer_memory();
  if (!memory) memory = load_heads(tx);
  return *static_cast<Heads*>(memory.get());
}

constexpr db::LookUp kHead{
    .one = "SELECT contact, seq, recorded_at FROM heads WHERE business = $1 AND contact = $2",
    .many = R"(
  SELECT f.contact, f.seq, f.recorded_at FROM unnest(CAST($2 AS bytea[])) AS k (contact)
  CROSS JOIN LATERAL (
    SELECT contact, seq, recorded_at FROM heads
    WHERE business = $1 AND contact = k.contact LIMIT 1) AS f)",
    .of_appended = true};

Head find_head(db::Tx& tx, Heads& heads, const base::Id& contact) {
  const auto it = heads.known.find({tx.business(), contact});
  if (it != heads.known.end()) return it->second;
  if (heads.known.size() > kHeadsMax && applied_pos(tx) >= heads.last_pos) heads.known.clear();
  // On SQLite derived tables are no part of the transaction.
  db::Rows rows = tx.engine() == db::Engine::kSqlite
                      ? tx.query_derived(kHead.one, {tx.business(), contact})
                      : tx.look_up(kHead, contact);
  if (!rows.next()) return {};
  return {rows->integer(1), rows->integer(2)};
}

void set_head(db::Tx& tx, Heads& heads, const base::Id& contact, const Head& old, const Head& now) {
  const HeadKey key{tx.business(), contact};
  heads.known[key] = now;
  tx.on_rollback([&heads, key, old] { heads.known[key] = old; });
}

}  // namespace

tlog::LeafType leaf_type(Kind kind) {
  switch (kind) {
    case Kind::kEntry:
      return tlog::LeafType::kEntry;
    case Kind::kCorrection:
    case Kind::kRetraction:
      return tlog::LeafType::kRevision;
    case Kind::kDelivery:
      return tlog::LeafType::kDelivery;
    case Kind::kShred:
      return tlog::LeafType::kShred;
    case Kind::kAnchor:
      return tlog::LeafType::kAnchor;
    case Kind::kSettings:
      return tlog::LeafType::kSettings;
  }
  throw base::Error(base::Code::kInternal, "A journal row is of an unknown kind.");
}

Place take_place(db::Tx& tx, const base::Id& contact) {
  Heads& heads = heads_of(tx);
  const Head own = find_head(tx, heads, contact);
  const Head log = find_head(tx, heads, kWholeLog);
  const Place place{.contact_seq = own.seq + 1,
                    .leaf_index = log.seq,
                    .recorded_at = std::max(tx.now(), own.recorded_at + 1)};
  set_head(tx, heads, contact, own, {place.contact_seq, place.recorded_at});
  set_head(tx, heads, kWholeLog, log, {place.leaf_index + 1, place.recorded_at});
  return place;
}

void ask_ahead(db::Tx& tx, db::Asks& asks, const base::Id& contact) {
  if (!heads_of(tx).known.contains({tx.business(), contact})) asks.add(kHead, contact);
}

std::int64_t append(db::Tx& tx, const Row& row) {
  CHECK(row.salt.size() >= kSaltBytes);
  const tlog::Leaf leaf = tlog::encode_leaf({
      .type = leaf_type(row.kind),
      .contact_tag = row.contact_tag,
      .contact_seq = row.place.contact_seq,
      .recorded_at = row.place.recorded_at,
      .commitment = commitment(row.salt.first(kSaltBytes), row.record),
  });
  std::optional<base::ByteSpan> draft_digest;
  if (row.draft_digest) draft_digest = *row.draft_digest;
  // SQLite counts the rows of all businesses together; on PostgreSQL each business has its own.
  Heads& heads = heads_of(tx);
  const std::int64_t before = heads.last_pos;
  const std::int64_t pos =
      tx.engine() == db::Engine::kSqlite ? before + 1 : row.place.leaf_index + 1;
  tx.append(kJournal, {pos, tx.business(), row.contact, row.entry, row.version,
                       static_cast<std::int64_t>(row.kind), row.place.contact_seq,
                       row.place.leaf_index, row.place.recorded_at, row.occurred_at, row.record,
                       base::ByteSpan(leaf), row.salt, draft_digest});
  heads.last_pos = pos;
  tx.on_rollback([&heads, before] { heads.last_pos = before; });
  tx.journal_reaches(pos, row.record.size());
  return pos;
}

void append_own(db::Tx& tx, const base::Id& business, Kind kind, base::Json facts) {
  CHECK(kind == Kind::kAnchor || kind == Kind::kSettings);
  const base::Id id = base::make_id(tx.now());
  const Place place = take_place(tx, business);
  facts.set("v", base::Json::number(1));
  facts.set("kind", base::Json::string(kind == Kind::kAnchor ? "anchor" : "settings"));
  facts.set("business", base::Json::string(business.text()));
  facts.set("id", base::Json::string(id.text()));
  facts.set("recorded_at", base::Json::number(place.recorded_at));
  const std::string record = facts.canonical();
  base::Bytes salt(kSaltBytes);
  base::system_random().fill(salt);
  append(tx, {.contact = business,
              .contact_tag = {},
              .entry = id,
              .kind = kind,
              .place = place,
              .occurred_at = place.recorded_at,
              .record = record,
              .salt = salt,
              .draft_digest = {}});
}

// The kind stands as a number: so the partial index is known to hold all of these.
constexpr const char* kSettingsRows = R"(
  SELECT leaf_index, record FROM journal
  WHERE business = $1 AND kind = 7 AND leaf_index < $2 ORDER BY leaf_index DESC LIMIT $3)";

std::vector<SettingsLeaf> settings_leaves(db::Tx& tx, std::int64_t before, std::size_t limit) {
  static_assert(static_cast<int>(Kind::kSettings) == 7);
  std::vector<SettingsLeaf> leaves;
  db::Rows rows = tx.query(kSettingsRows, {tx.business(), before, limit});
  while (rows.next()) leaves.push_back({rows->integer(0), rows->string(1)});
  return leaves;
}

constexpr const char* kApplied = "SELECT coalesce(max(pos), 0) FROM applied";

std::int64_t applied_pos(db::Tx& tx) {
  db::Rows rows = tx.query_derived(kApplied, {});
  CHECK(rows.next());
  return rows->integer(0);
}

namespace {

constexpr const char* kVersionOne = R"(
  SELECT pos FROM entry_versions WHERE business = $1 AND entry = $2 AND version = 1)";
constexpr const char* kTailEntry = R"(
  SELECT pos FROM journal WHERE pos > $1 AND business = $2 AND entry = $3 AND kind = 1)";

}  // namespace

std::optional<std::int64_t> find_entry(db::Tx& tx, const base::Id& entry) {
  // The tail is read from where the derived tables stood before they were asked.
  const std::int64_t from = applied_pos(tx);
  {
    db::Rows rows = tx.query_derived(kVersionOne, {tx.business(), entry});
    if (rows.next()) return rows->integer(0);
  }
  db::Rows rows = tx.query(kTailEntry, {from, tx.business(), entry});
  if (rows.next()) return rows->integer(0);
  return std::nullopt;
}

}  // namespace annals::ledger
