#include "entries/view.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/faults.h"
#include "entries/load.h"
#include "entries/record.h"
#include "entries/revise.h"
#include "entries/search.h"
#include "entries/timeline.h"
#include "ledger/signer.h"
#include "ledger/tree.h"

namespace annals::entries {
namespace {

using base::JsonWriter;

constexpr const char* kFirst = R"(
  SELECT pos FROM entry_versions WHERE business = $1 AND entry = $2 AND version = 1)";
constexpr const char* kRetraction = R"(
  SELECT pos FROM supersession WHERE business = $1 AND entry = $2 AND kind = 3)";

std::optional<Stored> load_one(db::Tx& tx, const char* sql, const base::Id& entry) {
  std::int64_t pos = 0;
  {
    db::Rows rows = tx.query(sql, {tx.business(), entry});
    if (!rows.next()) return std::nullopt;
    pos = rows->integer(0);
  }
  return load(tx, pos);
}

void text_or_null(JsonWriter& out, std::string_view name, const std::string& text) {
  if (text.empty()) {
    out.member(name, nullptr);
  } else {
    out.member(name, text);
  }
}

void id_or_null(JsonWriter& out, std::string_view name, const std::optional<base::Id>& id) {
  if (id) {
    out.member(name, id->text());
  } else {
    out.member(name, nullptr);
  }
}

void write_recorded_by(JsonWriter& out, const RecordedBy& by) {
  out.begin_object().member("kind", by.kind);
  if (!by.id.is_nil()) out.member("id", by.id.text());
  out.member("name", by.name).end_object();
}

void write_revision(JsonWriter& out, const Stored& revision, std::optional<std::int64_t> versions) {
  out.begin_object().member("at", base::format_rfc3339(revision.record.recorded_at));
  out.key("by");
  write_recorded_by(out, revision.record.recorded_by);
  out.member("reason", revision.record.reason);
  if (versions) out.member("versions", *versions);
  out.end_object();
}

// What a correction can change; an entry and each of its versions show it alike.
void write_content(JsonWriter& out, const Record& r) {
  text_or_null(out, "contact_type", r.contact_type);
  text_or_null(out, "method", r.method);
  text_or_null(out, "direction", r.direction);
  out.key("actor").begin_object().member("kind", r.actor.kind);
  if (r.actor.id) out.member("id", r.actor.id->text());
  if (!r.actor.name.empty()) out.member("name", r.actor.name);
  out.end_object();
  out.member("occurred_at", base::format_rfc3339(r.occurred_at));
  out.member("time_zone", r.time_zone);
  out.member("title", r.title);
  text_or_null(out, "text", r.text);
  out.key("details");
  if (r.details.empty()) {
    out.value(nullptr);
  } else {
    out.raw(r.details);
  }
  out.key("changes").begin_array();
  for (const RecordChange& change : r.changes) {
    out.begin_object().member("field", change.field);
    out.key("old").raw(change.old_json).key("new").raw(change.new_json).end_object();
  }
  out.end_array();
  out.key("amount");
  if (r.amount) {
    out.begin_object()
        .member("value", r.amount->value)
        .member("currency", r.amount->currency)
        .end_object();
  } else {
    out.value(nullptr);
  }
  out.key("attachments").begin_array();
  for (const RecordAttachment& file : r.attachments) {
    out.begin_object()
        .member("id", file.id.text())
        .member("name", file.name)
        .member("media_type", file.media_type)
        .member("size", file.size)
        .end_object();
  }
  out.end_array();
}

void write_ledger(JsonWriter& out, const Stored& stored) {
  out.key("ledger")
      .begin_object()
      .member("contact_seq", stored.contact_seq)
      .member("leaf_index", stored.leaf_index)
      .end_object();
}

void write_origin(JsonWriter& out, const Record& r) {
  out.key("origin").begin_object().member("kind", r.manual ? "manual" : "automatic");
  text_or_null(out, "source", r.source);
  text_or_null(out, "source_id", r.source_id);
  out.member("rule", nullptr).end_object();
}

void write_highlights(JsonWriter& out, const Record& r, const std::vector<std::string>& words) {
  out.key("highlights").begin_object();
  for (const auto& [name, text] : {std::pair("title", &r.title), std::pair("text", &r.text)}) {
    const std::vector<std::string> pieces = highlight(*text, words);
    if (pieces.empty()) continue;
    out.key(name).begin_array();
    for (const std::string& piece : pieces) out.value(piece);
    out.end_array();
  }
  out.end_object();
}

void write_version(JsonWriter& out, const Stored& stored, const char* kind) {
  const Record& r = stored.record;
  out.begin_object().member("version", r.version).member("kind", kind);
  out.member("recorded_at", base::format_rfc3339(r.recorded_at));
  out.key("recorded_by");
  write_recorded_by(out, r.recorded_by);
  text_or_null(out, "reason", r.reason);
  if (!r.retraction) {
    write_content(out, r);
    out.key("views").begin_array();
    for (const std::string& view : r.views) out.value(view);
    out.end_array();
  }
  write_ledger(out, stored);
  out.end_object();
}

// Where the entry stands in the tree and whether it verifies, without the hashes that prove it.
void write_proof(JsonWriter& out, db::Tx& tx, const History& history) {
  std::vector<std::string> faults = faults_of(tx, history.first);
  const auto add = [&](const Stored& stored) {
    for (std::string& fault : faults_of(tx, stored)) faults.push_back(std::move(fault));
  };
  for (const Stored& correction : history.corrections) add(correction);
  if (history.retraction) add(*history.retraction);
  out.key("proof").begin_object().member("verified", faults.empty());
  out.key("faults").begin_array();
  for (const std::string& fault : faults) out.value(fault);
  out.end_array();
  out.member("leaf_index", history.first.leaf_index);
  out.member("tree_size", static_cast<std::int64_t>(ledger::tree_size(tx)));
  out.key("checkpoint");
  const auto checkpoint = ledger::last_checkpoint(tx);
  const Stored& last = history.retraction ? *history.retraction : history.latest();
  if (checkpoint && checkpoint->size > static_cast<std::uint64_t>(last.leaf_index)) {
    out.begin_object()
        .member("epoch", checkpoint->epoch)
        .member("size", static_cast<std::int64_t>(checkpoint->size))
        .member("signed_at", base::format_rfc3339(checkpoint->signed_at))
        .end_object();
  } else {
    out.value(nullptr);
  }
  out.end_object();
}

constexpr const char* kNotes = R"(
  SELECT entry FROM entry_notes WHERE business = $1 AND about = $2 ORDER BY entry)";

// Those that the reader may see.
std::vector<base::Id> notes_about(db::Tx& tx, const base::Id& entry, const catalog::Sight& sight) {
  std::vector<base::Id> notes;
  db::Rows rows = tx.query_derived(kNotes, {tx.business(), entry});
  while (rows.next()) {
    const base::Id note = rows->id(0);
    try {
      static_cast<void>(load_history(tx, note, sight));
      notes.push_back(note);
    } catch (const base::Error& error) {
      if (error.code() != base::Code::kNotFound) throw;
    }
  }
  return notes;
}

}  // namespace

std::string status_of(const Record& record) {
  const catalog::Type* type = catalog::builtin_type(record.type);
  return type != nullptr ? std::string(type->status) : std::string();
}

View view_of(db::Tx& tx, const Line& line) {
  View view;
  view.latest = load(tx, line.at.pos);
  const base::Id& entry = view.latest.record.id;
  view.first = view.latest.record.version == 1 ? view.latest
                                               : load_one(tx, kFirst, entry).value_or(view.latest);
  if (line.retracted) view.retraction = load_one(tx, kRetraction, entry);
  view.pinned = is_pinned(tx, entry);
  return view;
}

View view_of(db::Tx& tx, const History& history) {
  return {.latest = history.latest(),
          .first = history.first,
          .retraction = history.retraction,
          .pinned = is_pinned(tx, history.first.record.id)};
}

const std::vector<std::string>& ViewWriter::views(const Record& record) {
  if (!record.views.empty()) return record.views;
  const std::pair key(record.type, record.contact_type);
  const auto it = views_.find(key);
  if (it != views_.end()) return it->second;
  return views_.emplace(key, catalog::views_of(tx_, key.first, key.second)).first->second;
}

void ViewWriter::write_members(JsonWriter& out, const View& view,
                               const std::vector<std::string>& words) {
  const Record& r = view.latest.record;
  out.member("id", r.id.text()).member("version", r.version);
  out.member("contact_id", r.contact.text());
  out.member("type", r.type).member("category", r.category);
  write_content(out, r);
  out.key("recorded_by");
  write_recorded_by(out, view.first.record.recorded_by);
  out.member("recorded_at", base::format_rfc3339(view.first.record.recorded_at));
  text_or_null(out, "status", status_of(r));
  out.key("status_history").begin_array().end_array();
  write_origin(out, r);
  out.key("views").begin_array();
  for (const std::string& name : views(r)) out.value(name);
  out.end_array();
  out.member("private", r.is_private).member("pinned", view.pinned);
  id_or_null(out, "about", r.about);
  id_or_null(out, "task_id", r.task);
  for (const char* name : {"series_id", "campaign_id", "record", "message_id"}) {
    out.member(name, nullptr);
  }
  out.key("corrected");
  if (r.version > 1) {
    write_revision(out, view.latest, r.version);
  } else {
    out.value(nullptr);
  }
  out.key("retracted");
  if (view.retraction) {
    write_revision(out, *view.retraction, std::nullopt);
  } else {
    out.value(nullptr);
  }
  write_ledger(out, view.first);
  if (!words.empty()) write_highlights(out, r, words);
}

void ViewWriter::write(JsonWriter& out, const View& view, const std::vector<std::string>& words) {
  out.begin_object();
  write_members(out, view, words);
  out.end_object();
}

void ViewWriter::write_detail(JsonWriter& out, const History& history,
                              const catalog::Sight& sight) {
  out.begin_object();
  write_members(out, view_of(tx_, history));
  out.key("versions").begin_array();
  write_version(out, history.first, "entry");
  for (const Stored& correction : history.corrections) write_version(out, correction, "correction");
  if (history.retraction) write_version(out, *history.retraction, "retraction");
  out.end_array();
  out.key("notes").begin_array();
  for (const base::Id& note : notes_about(tx_, history.first.record.id, sight)) {
    out.value(note.text());
  }
  out.end_array();
  out.key("delivery_events").begin_array().end_array();
  out.member("message", nullptr);
  if (tx_.writable()) {
    out.member("proof", nullptr);  // the tree has it only after the commit
  } else {
    write_proof(out, tx_, history);
  }
  out.end_object();
}

}  // namespace annals::entries
