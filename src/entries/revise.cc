#include "entries/revise.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/append.h"
#include "entries/draft.h"
#include "entries/entries.h"
#include "entries/load.h"
#include "entries/record.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

using base::Code;
using base::Error;

void check_may_revise(const access::Actor& actor, const History& history) {
  const Record& first = history.first.record;
  if (history.first.erased) {
    throw base::conflict("", "erased", "The content of this entry was erased.");
  }
  if (history.retraction) {
    throw base::conflict("", "already_retracted",
                         "The entry is retracted; record a new one instead.");
  }
  if (!first.manual) {
    if (actor.kind == access::Actor::Kind::kApiKey && actor.has_scope("source:" + first.source)) {
      return;
    }
    throw base::conflict(
        "", "automatic",
        "An automatic entry is corrected only by an API key with the scope source:" + first.source +
            ". Record a note that is `about` it instead.");
  }
  const bool author = !actor.id.is_nil() && first.recorded_by.id == actor.id;
  const bool senior =
      actor.kind == access::Actor::Kind::kStaff
          ? actor.role == access::Role::kOwner || actor.role == access::Role::kManager
          : actor.sees_all();
  if (!author && !senior) {
    throw Error(Code::kForbidden, "Only its author, a manager or an owner may change this entry.");
  }
}

// The commitments belong to the version before; the new one makes its own.
std::vector<base::Id> attachment_ids(const Record& record) {
  std::vector<base::Id> ids;
  ids.reserve(record.attachments.size());
  for (const RecordAttachment& file : record.attachments) ids.push_back(file.id);
  return ids;
}

void patch_texts(db::Tx& tx, Record& record, const Correction& correction) {
  const Draft& values = correction.values;
  if (correction.has("title")) record.title = values.title.value_or("");
  if (correction.has("text")) record.text = values.text.value_or("");
  if (correction.has("details")) record.details = values.details.value_or("");
  if (correction.has("contact_type")) set_contact_type(tx, record, values.contact_type);
  if (correction.has("method")) {
    set_method(record, values.method.value_or("") == "none" ? "" : values.method.value_or(""));
  }
  if (correction.has("direction")) record.direction = values.direction.value_or("");
  if (correction.has("actor")) set_actor(tx, record, values.actor);
  if (correction.has("changes")) set_changes(record, values.changes);
  if (correction.has("amount")) record.amount = values.amount;
}

void patch(db::Tx& tx, const access::Actor& actor, Record& record, const Correction& correction) {
  const Draft& values = correction.values;
  patch_texts(tx, record, correction);
  if (correction.has("occurred_at")) {
    if (!values.occurred_at) {
      throw base::invalid("occurred_at", "required", "An entry needs the time when it happened.");
    }
    record.occurred_at = *values.occurred_at;
  }
  if (correction.has("time_zone")) record.time_zone = values.time_zone.value_or(actor.time_zone);
  if (correction.has("private")) record.is_private = values.is_private;
  if (correction.has("views")) {
    set_views(tx, record, values.views.value_or(std::vector<std::string>{}));
  }
  set_attachments(tx, actor, record,
                  correction.has("attachments") ? values.attachments : attachment_ids(record));
  record.reason = correction.reason;
}

constexpr const char* kSupersede = R"(
  INSERT INTO supersession (business, entry, version, pos, kind, recorded_at)
  VALUES ($1, $2, $3, $4, $5, $6))";

void append_revision(db::Tx& tx, const History& history, Record record, ledger::Kind kind) {
  record.version = history.latest().record.version + 1;
  const base::Id entry = record.id;
  const std::int64_t version = record.version;
  const ledger::Place place = ledger::take_place(tx, record.contact);
  const std::int64_t pos =
      write(tx, std::move(record), history.first.contact_tag, kind, place, std::nullopt);
  tx.execute(kSupersede, {tx.business(), entry, version, pos, static_cast<std::int64_t>(kind),
                          place.recorded_at});
}

}  // namespace

std::int64_t correct(db::Tx& tx, const access::Actor& actor, const catalog::Sight& sight,
                     const base::Id& entry, const Correction& correction) {
  const History history = load_history(tx, entry, sight);
  check_may_revise(actor, history);
  const Stored& latest = history.latest();
  Record record = latest.record;
  record.recorded_by = recorded_by(actor);
  patch(tx, actor, record, correction);
  append_revision(tx, history, std::move(record), ledger::Kind::kCorrection);
  return latest.record.version + 1;
}

void retract(db::Tx& tx, const access::Actor& actor, const catalog::Sight& sight,
             const base::Id& entry, const std::string& reason) {
  const History history = load_history(tx, entry, sight);
  check_may_revise(actor, history);
  const Record& first = history.first.record;
  Record record;
  record.business = first.business;
  record.contact = first.contact;
  record.id = first.id;
  record.occurred_at = history.latest().record.occurred_at;
  record.retraction = true;
  record.recorded_by = recorded_by(actor);
  record.reason = reason;
  append_revision(tx, history, std::move(record), ledger::Kind::kRetraction);
}

namespace {

constexpr const char* kPin = R"(
  INSERT INTO pins (business, entry, pinned_at) VALUES ($1, $2, $3)
  ON CONFLICT (business, entry) DO NOTHING)";
constexpr const char* kUnpin = "DELETE FROM pins WHERE business = $1 AND entry = $2";
constexpr const char* kPinned = "SELECT 1 FROM pins WHERE business = $1 AND entry = $2";

}  // namespace

void pin(db::Tx& tx, const catalog::Sight& sight, const base::Id& entry, bool pinned) {
  static_cast<void>(load_history(tx, entry, sight));
  if (pinned) {
    tx.execute(kPin, {tx.business(), entry, tx.now()});
  } else {
    tx.execute(kUnpin, {tx.business(), entry});
  }
}

bool is_pinned(db::Tx& tx, const base::Id& entry) {
  db::Rows rows = tx.query(kPinned, {tx.business(), entry});
  return rows.next();
}

}  // namespace annals::entries
