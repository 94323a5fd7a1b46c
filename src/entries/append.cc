#include "entries/append.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/directory.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/attachments.h"
#include "entries/entries.h"
#include "entries/record.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

constexpr const char* kAttachmentHash = R"(
  SELECT sha256 FROM attachments WHERE business = $1 AND id = $2)";

// Whoever may not see a file cannot show it to others by naming it either.
RecordAttachment name_attachment(db::Tx& tx, const access::Actor& actor, const base::Id& id,
                                 const std::string& field) {
  try {
    const Attachment file = find_attachment(tx, actor, catalog::sight(tx, actor), id);
    return {id, file.name, file.media_type, file.size, ""};
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kNotFound) throw;
    throw base::invalid(field, "attachment_not_found",
                        "There is no such attachment; upload it by POST /attachments first.");
  }
}

}  // namespace

RecordedBy recorded_by(const access::Actor& actor) {
  switch (actor.kind) {
    case access::Actor::Kind::kStaff:
      return {"staff", actor.id, actor.name};
    case access::Actor::Kind::kApiKey:
      return {"api_key", actor.id, actor.name};
    case access::Actor::Kind::kSystem:
      break;
  }
  return {"system", base::Id{}, ""};
}

void set_actor(db::Tx& tx, Record& record, const std::optional<ActorClaim>& claim) {
  record.actor = claim.value_or(ActorClaim{.kind = "none", .id = {}, .name = ""});
  if (record.actor.kind != "staff" || !record.actor.id) return;
  const auto name = access::staff_name(tx, *record.actor.id);
  if (!name) {
    throw base::invalid("actor.id", "staff_not_found",
                        "The business has no staff member with this id.");
  }
  record.actor.name = *name;
}

void set_contact_type(db::Tx& tx, Record& record, const std::optional<std::string>& name) {
  record.contact_type = name && !name->empty() ? catalog::resolve_contact_type(tx, *name) : "";
}

void set_method(Record& record, const std::string& method) {
  if (!method.empty() && !catalog::is_method(method)) {
    throw base::invalid("method", "method",
                        "This is no method; use email, in_person, mail, phone, push, sms, chat, "
                        "video, app or web, or leave it out.");
  }
  record.method = method;
}

void set_views(db::Tx& tx, Record& record, const std::vector<std::string>& views) {
  if (!views.empty()) catalog::check_views(tx, views);
  record.views = views;
  std::sort(record.views.begin(), record.views.end());
  record.views.erase(std::unique(record.views.begin(), record.views.end()), record.views.end());
}

void set_attachments(db::Tx& tx, const access::Actor& actor, Record& record,
                     const std::vector<base::Id>& ids) {
  const std::vector<RecordAttachment> before = std::exchange(record.attachments, {});
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string field = "attachments[" + std::to_string(i) + "]";
    if (std::count(ids.begin(), ids.end(), ids[i]) > 1) {
      throw base::invalid(field, "duplicate", "The attachment is named twice.");
    }
    const auto kept = std::find_if(before.begin(), before.end(),
                                   [&](const RecordAttachment& file) { return file.id == ids[i]; });
    if (kept != before.end()) {
      record.attachments.push_back({ids[i], kept->name, kept->media_type, kept->size, ""});
    } else {
      record.attachments.push_back(name_attachment(tx, actor, ids[i], field));
    }
  }
}

void set_changes(Record& record, const std::vector<Change>& changes) {
  record.changes.clear();
  for (const Change& change : changes) {
    record.changes.push_back({change.field, change.old_value.dump(), change.new_value.dump()});
  }
}

std::int64_t write(db::Tx& tx, Record record, const base::Id& contact_tag, ledger::Kind kind,
                   const ledger::Place& place, const std::optional<base::Digest>& draft_digest) {
  record.recorded_at = place.recorded_at;
  base::Bytes salts((1 + record.attachments.size()) * ledger::kSaltBytes);
  base::system_random().fill(salts);
  const base::ByteSpan all(salts);
  for (std::size_t i = 0; i < record.attachments.size(); ++i) {
    RecordAttachment& file = record.attachments[i];
    db::Rows rows = tx.query(kAttachmentHash, {tx.business(), file.id});
    CHECK(rows.next());
    // The commitment is over the file's SHA-256, so that a file need not be read to record it.
    const base::ByteSpan salt = all.subspan((i + 1) * ledger::kSaltBytes, ledger::kSaltBytes);
    file.commitment = base::hex(base::hmac_sha256(salt, {rows->blob(0)}));
  }
  const std::string text = serialise(record);
  return ledger::append(tx, {.contact = record.contact,
                             .contact_tag = contact_tag,
                             .entry = record.id,
                             .version = record.version,
                             .kind = kind,
                             .place = place,
                             .occurred_at = record.occurred_at,
                             .record = text,
                             .salt = salts,
                             .draft_digest = draft_digest});
}

}  // namespace annals::entries
