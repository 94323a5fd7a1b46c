#include "entries/entries.h"

#include <algorithm>
#include <cstdint>
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
#include "entries/idempotency.h"
#include "entries/load.h"
#include "entries/record.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

KeyHash key_of(const base::Bytes& secret, const Draft& draft) {
  return hash_key(secret, {*draft.source, *draft.source_id});
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
  record.rule = draft.rule;
  return record;
}

}  // namespace

void check_source(const access::Actor& actor, const std::string& source) {
  if (actor.kind != access::Actor::Kind::kApiKey) return;
  const bool bound = std::any_of(actor.scopes.begin(), actor.scopes.end(),
                                 [](const std::string& s) { return s.starts_with("source:"); });
  if (bound && !actor.has_scope("source:" + source) && !actor.has_scope("admin")) {
    throw base::Error(base::Code::kForbidden, "This API key may not record as this source.",
                      {{"source", "scope", "The key has no scope source:" + source + "."}});
  }
}

void ask_ahead(db::Tx& tx, db::Asks& asks, const Draft& draft) {
  if (!draft.source_id) return;
  ask_for_slot(asks, key_of(access::business_secret(tx, tx.business()), draft));
}

std::optional<Recorded> find_duplicate(db::Tx& tx, const access::Actor& actor, const Draft& draft) {
  if (draft.source) check_source(actor, *draft.source);
  if (!draft.source_id) return std::nullopt;
  const base::Bytes secret = access::business_secret(tx, tx.business());
  const Slot slot = find_slot(tx, key_of(secret, draft));
  if (!slot.pos) return std::nullopt;
  return known(tx, *slot.pos, hash_draft(secret, draft.canonical));
}

Recorded record(db::Tx& tx, const access::Actor& actor, const ContactRef& contact,
                const Draft& draft) {
  if (draft.source) check_source(actor, *draft.source);
  Slot slot;
  KeyHash hash;
  std::optional<base::Digest> digest;
  if (draft.source_id) {
    const base::Bytes secret = access::business_secret(tx, tx.business());
    hash = key_of(secret, draft);
    digest = hash_draft(secret, draft.canonical);
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
  if (draft.source_id) take_slot(tx, slot, hash, pos);
  return recorded;
}

}  // namespace annals::entries
