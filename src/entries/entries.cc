#include "entries/entries.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "access/actor.h"
#include "access/directory.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/append.h"
#include "entries/load.h"
#include "entries/record.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

// What stands for (business, source, source_id) in the index: no clear text, and nothing that can
// be guessed without the business's secret.
struct KeyHash {
  std::int64_t h = 0;
  base::Bytes key;  // 24 bytes
};

KeyHash hash_key(const base::Bytes& secret, const Draft& draft) {
  static constexpr std::array<std::uint8_t, 1> kSeparator{0};
  const base::Digest digest = base::hmac_sha256(
      secret, {base::as_bytes(*draft.source), kSeparator, base::as_bytes(*draft.source_id)});
  KeyHash hash;
  std::memcpy(&hash.h, digest.data(), sizeof hash.h);
  hash.key.assign(digest.begin() + sizeof hash.h, digest.end());
  return hash;
}

base::Digest hash_draft(const base::Bytes& secret, const Draft& draft) {
  return base::hmac_sha256(secret, {base::as_bytes(draft.canonical)});
}

constexpr db::LookUp kIdempotency{.one = "SELECT h, key, pos FROM idempotency WHERE h = $2",
                                  .many = R"(
  SELECT f.h, f.key, f.pos FROM unnest(CAST($2 AS bigint[])) AS k (h)
  CROSS JOIN LATERAL (
    SELECT h, key, pos FROM idempotency WHERE business = $1 AND h = k.h LIMIT 1) AS f)",
                                  .of_appended = true};

// The slot of a key: where it stands (`pos`), or the first free h from its own on.
struct Slot {
  std::int64_t h = 0;
  std::optional<std::int64_t> pos;
};

Slot find_slot(db::Tx& tx, const KeyHash& hash) {
  Slot slot{.h = hash.h, .pos = {}};
  while (true) {
    db::Rows rows = tx.look_up(kIdempotency, slot.h);
    if (!rows.next()) return slot;
    const base::ByteSpan key = rows->blob(1);
    if (std::equal(key.begin(), key.end(), hash.key.begin(), hash.key.end())) {
      slot.pos = rows->integer(2);
      return slot;
    }
    // A true collision of 64 bits: the next place is probed.
    slot.h = static_cast<std::int64_t>(static_cast<std::uint64_t>(slot.h) + 1U);
  }
}

constexpr const char* kRecorded = R"(
  SELECT entry, contact, contact_seq, draft_digest, length(record) FROM journal
  WHERE business = $2 AND pos = $1)";

Recorded known(db::Tx& tx, std::int64_t pos, const base::Digest& draft) {
  db::Rows rows = tx.query(kRecorded, {pos, tx.business()});
  CHECK(rows.next());
  Recorded recorded{.id = rows->id(0),
                    .duplicate = true,
                    .erased = rows->integer(4) == 0,
                    .contact_id = rows->id(1),
                    .contact_seq = rows->integer(2)};
  const base::ByteSpan digest = rows->blob(3);
  if (!recorded.erased && !base::equal_constant_time(digest, draft)) {
    throw base::conflict(
        "source_id", "idempotency_conflict",
        "An entry with this source and source_id was recorded from another draft.");
  }
  return recorded;
}

constexpr db::InsertInto kRemember{
    .table = "idempotency (h, key, pos)", .types = "ibi", .conflict = {}};

void check_source(const access::Actor& actor, const Draft& draft) {
  if (actor.kind != access::Actor::Kind::kApiKey || !draft.source) return;
  const bool bound = std::any_of(actor.scopes.begin(), actor.scopes.end(),
                                 [](const std::string& s) { return s.starts_with("source:"); });
  if (bound && !actor.has_scope("source:" + *draft.source) && !actor.has_scope("admin")) {
    throw base::Error(base::Code::kForbidden, "This API key may not record as this source.",
                      {{"source", "scope", "The key has no scope source:" + *draft.source + "."}});
  }
}

void set_about(db::Tx& tx, const access::Actor& actor, Record& record, const base::Id& about) {
  try {
    static_cast<void>(load_history(tx, about, catalog::sight(tx, actor)));
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kNotFound) throw;
    throw base::invalid("about", "entry_not_found", "There is no entry with this id.");
  }
  record.about = about;
}

Record fill(db::Tx& tx, const access::Actor& actor, const ContactRef& contact, const Draft& draft) {
  const catalog::Resolved type = catalog::resolve_type(tx, draft.type, draft.category);
  Record record;
  record.business = actor.business_id;
  record.contact = contact.id;
  record.type = draft.type;
  record.category = type.category;
  set_contact_type(tx, record, draft.contact_type);
  set_method(record, draft.method.value_or(type.method) == "none"
                         ? std::string()
                         : draft.method.value_or(type.method));
  record.direction = draft.direction.value_or(type.direction);
  set_actor(tx, record, draft.actor);
  record.recorded_by = recorded_by(actor);
  record.occurred_at = draft.occurred_at.value_or(tx.now());
  record.time_zone = draft.time_zone.value_or(actor.time_zone);
  record.title = draft.title.value_or(type.title);
  record.text = draft.text.value_or("");
  record.details = draft.details.value_or("");
  set_changes(record, draft.changes);
  record.amount = draft.amount;
  set_attachments(tx, actor, record, draft.attachments);
  record.manual = draft.manual.value_or(!draft.source && !draft.source_id);
  record.source = draft.source.value_or("");
  record.source_id = draft.source_id.value_or("");
  record.is_private = draft.is_private;
  if (draft.views) set_views(tx, record, *draft.views);
  if (draft.about) set_about(tx, actor, record, *draft.about);
  record.task = draft.task;
  return record;
}

}  // namespace

void ask_ahead(db::Tx& tx, db::Asks& asks, const Draft& draft) {
  if (!draft.source_id) return;
  asks.add(kIdempotency, hash_key(access::business_secret(tx, tx.business()), draft).h);
}

std::optional<Recorded> find_duplicate(db::Tx& tx, const access::Actor& actor, const Draft& draft) {
  check_source(actor, draft);
  if (!draft.source_id) return std::nullopt;
  const base::Bytes secret = access::business_secret(tx, tx.business());
  const Slot slot = find_slot(tx, hash_key(secret, draft));
  if (!slot.pos) return std::nullopt;
  return known(tx, *slot.pos, hash_draft(secret, draft));
}

Recorded record(db::Tx& tx, const access::Actor& actor, const ContactRef& contact,
                const Draft& draft) {
  check_source(actor, draft);
  Slot slot;
  KeyHash hash;
  std::optional<base::Digest> digest;
  if (draft.source_id) {
    const base::Bytes secret = access::business_secret(tx, tx.business());
    hash = hash_key(secret, draft);
    digest = hash_draft(secret, draft);
    slot = find_slot(tx, hash);
    if (slot.pos) return known(tx, *slot.pos, *digest);
  }
  Record record = fill(tx, actor, contact, draft);
  record.id = base::make_id(tx.now());
  const ledger::Place place = ledger::take_place(tx, contact.id);
  const Recorded recorded{
      .id = record.id, .contact_id = contact.id, .contact_seq = place.contact_seq};
  const std::int64_t pos =
      write(tx, std::move(record), contact.tag, ledger::Kind::kEntry, place, digest);
  if (draft.source_id) {
    tx.append(kRemember, {slot.h, base::ByteSpan(hash.key), pos});
    tx.forget_answer(kIdempotency, slot.h);
  }
  return recorded;
}

}  // namespace annals::entries
