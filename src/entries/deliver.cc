#include "entries/deliver.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/directory.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/append.h"
#include "entries/delivery.h"
#include "entries/idempotency.h"
#include "entries/load.h"
#include "entries/record.h"
#include "entries/sql.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

// What no source can be called, since texts hold no control characters.
constexpr std::string_view kKeyOfDelivery =
    "\x1f"
    "delivery";

void check_may_deliver(const access::Actor& actor, const Record& message) {
  if (message.manual) return;
  if (actor.kind == access::Actor::Kind::kStaff) {
    throw base::conflict("", "automatic",
                         "What becomes of an automatic message is reported by the system that sent "
                         "it. Record a note that is `about` it instead.");
  }
  check_source(actor, message.source);
}

void check_is_message(const Stored& shown) {
  if (shown.erased) throw base::conflict("", "erased", "The content of this entry was erased.");
  const Record& message = shown.record;
  if (!is_sent_by(message.method) || message.direction != "outbound") {
    throw base::conflict("", "no_message",
                         "Only what was sent by email, sms, push or mail has delivery events.");
  }
}

void check_status(const Record& message, const DeliveryDraft& draft) {
  if (is_status_of(message.method, draft.status)) return;
  throw base::invalid("status", "status",
                      "What is sent by " + message.method + " cannot be " + draft.status + ".");
}

constexpr const char* kCount = R"(
  SELECT count(*) FROM delivery_events WHERE business = $1 AND entry = $2)";

void check_count(db::Tx& tx, const base::Id& entry) {
  db::Rows rows = tx.query_derived(kCount, {tx.business(), entry});
  if (!rows.next() || rows->integer(0) < base::limits::kDeliveryEventsMax) return;
  throw base::conflict("", "too_many",
                       "An entry holds at most " +
                           std::to_string(base::limits::kDeliveryEventsMax) + " delivery events.");
}

constexpr const char* kKnown = R"(
  SELECT contact, contact_seq, draft_digest, record FROM journal
  WHERE business = $1 AND pos = $2)";

Delivered known(db::Tx& tx, std::int64_t pos, const base::Digest& digest) {
  db::Rows rows = tx.query(kKnown, {tx.business(), pos});
  CHECK(rows.next());
  Delivered delivered{.id = {},
                      .duplicate = true,
                      .erased = rows->text(3).empty(),
                      .contact = rows->id(0),
                      .contact_seq = rows->integer(1)};
  if (delivered.erased) return delivered;
  if (!base::equal_constant_time(rows->blob(2), digest)) {
    throw base::conflict("source_id", "idempotency_conflict",
                         "Another delivery event with this source_id was recorded.");
  }
  delivered.id = parse_delivery(rows->text(3)).id;
  return delivered;
}

std::int64_t append(db::Tx& tx, Delivery delivery, const base::Id& contact_tag,
                    const ledger::Place& place, const std::optional<base::Digest>& digest) {
  delivery.recorded_at = place.recorded_at;
  base::Bytes salt(ledger::kSaltBytes);
  base::system_random().fill(salt);
  const std::string text = serialise(delivery);
  return ledger::append(tx, {.contact = delivery.contact,
                             .contact_tag = contact_tag,
                             .entry = delivery.entry,
                             .kind = ledger::Kind::kDelivery,
                             .place = place,
                             .occurred_at = delivery.occurred_at,
                             .record = text,
                             .salt = salt,
                             .draft_digest = digest});
}

// Where the journal has those of `entries`.
std::vector<std::int64_t> find_events(db::Tx& tx, std::span<const base::Id> entries,
                                      const std::optional<base::Micros>& as_of) {
  std::vector<std::int64_t> positions;
  // On the writer what is derived may lag behind: the rest is read from the journal's tail.
  const std::int64_t from = tx.writable() ? ledger::applied_pos(tx) : 0;
  const auto find = [&](std::string_view select, bool derived) {
    SqlText sql;
    sql << select;
    sql.value(tx.business());
    sql << " AND entry IN ";
    sql.list(entries);
    if (as_of) {
      sql << " AND recorded_at <= ";
      sql.value(*as_of);
    }
    if (!derived) {
      sql << " AND pos > ";
      sql.value(from);
    }
    db::Rows rows =
        derived ? tx.query_derived(sql.text(), sql.params()) : tx.query(sql.text(), sql.params());
    while (rows.next()) positions.push_back(rows->integer(0));
  };
  find("SELECT pos FROM delivery_events WHERE business = ", true);
  if (tx.writable()) find("SELECT pos FROM journal WHERE kind = 4 AND business = ", false);
  return positions;
}

}  // namespace

Delivered deliver(db::Tx& tx, const access::Actor& actor, const catalog::Sight& sight,
                  const base::Id& entry, const DeliveryDraft& draft) {
  const History history = load_history(tx, entry, sight);
  check_is_message(history.latest());
  check_may_deliver(actor, history.first.record);
  check_status(history.latest().record, draft);
  KeyHash hash;
  Slot slot;
  std::optional<base::Digest> digest;
  if (!draft.source_id.empty()) {
    const base::Bytes secret = access::business_secret(tx, tx.business());
    hash = hash_key(secret, {kKeyOfDelivery, entry.text(), draft.source_id});
    digest = hash_draft(secret, draft.canonical);
    slot = find_slot(tx, hash);
    if (slot.pos) return known(tx, *slot.pos, *digest);
  }
  check_count(tx, entry);
  Delivery delivery{.business = actor.business_id,
                    .contact = history.first.record.contact,
                    .entry = entry,
                    .id = base::make_id(tx.now()),
                    .status = draft.status,
                    .reason = draft.reason,
                    .machine = draft.machine,
                    .recorded_by = recorded_by(actor),
                    .occurred_at = draft.occurred_at.value_or(tx.now()),
                    .recorded_at = 0,
                    .source_id = draft.source_id};
  const ledger::Place place = ledger::take_place(tx, delivery.contact);
  const Delivered delivered{
      .id = delivery.id, .contact = delivery.contact, .contact_seq = place.contact_seq};
  const std::int64_t pos =
      append(tx, std::move(delivery), history.first.contact_tag, place, digest);
  if (!draft.source_id.empty()) take_slot(tx, slot, hash, pos);
  return delivered;
}

std::map<base::Id, Trail> trails(db::Tx& tx, std::span<const base::Id> entries,
                                 const std::optional<base::Micros>& as_of) {
  std::map<base::Id, Trail> trails;
  if (entries.empty()) return trails;
  const std::vector<std::int64_t> positions = find_events(tx, entries, as_of);
  if (positions.empty()) return trails;
  SqlText sql;
  sql << "SELECT entry, record, pos, contact_seq, leaf_index FROM journal WHERE business = ";
  sql.value(tx.business());
  sql << " AND pos IN ";
  sql.list(positions);
  db::Rows rows = tx.query(sql.text(), sql.params());
  while (rows.next()) {
    if (rows->text(1).empty()) continue;  // erased
    trails[rows->id(0)].push_back({.delivery = parse_delivery(rows->text(1)),
                                   .pos = rows->integer(2),
                                   .contact_seq = rows->integer(3),
                                   .leaf_index = rows->integer(4)});
  }
  for (auto& [entry, trail] : trails) {
    std::sort(trail.begin(), trail.end(), [](const StoredDelivery& a, const StoredDelivery& b) {
      return std::pair(a.delivery.occurred_at, a.pos) < std::pair(b.delivery.occurred_at, b.pos);
    });
  }
  return trails;
}

std::string_view status_of(std::string_view type, const Trail& trail) {
  const catalog::Type* known = catalog::builtin_type(type);
  std::string_view status = known != nullptr ? std::string_view(known->status) : "";
  for (const StoredDelivery& one : trail) {
    status = status_after(status, one.delivery.status, one.delivery.machine);
  }
  return status;
}

}  // namespace annals::entries
