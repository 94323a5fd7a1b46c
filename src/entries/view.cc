#include "entries/view.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/deliver.h"
#include "entries/delivery.h"
#include "entries/faults.h"
#include "entries/load.h"
#include "entries/record.h"
#include "entries/record_text.h"
#include "entries/revise.h"
#include "entries/search.h"
#include "entries/timeline.h"
#include "ledger/signer.h"
#include "ledger/tree.h"

namespace annals::entries {
namespace {

using base::JsonWriter;
using enum RecordMember;

constexpr const char* kFirst = R"(
  SELECT j.record, j.contact_seq, j.leaf_index
  FROM entry_versions v JOIN journal j ON j.business = v.business AND j.pos = v.pos
  WHERE v.business = $1 AND v.entry = $2 AND v.version = 1)";
constexpr const char* kRetraction = R"(
  SELECT j.record, j.contact_seq, j.leaf_index
  FROM supersession s JOIN journal j ON j.business = s.business AND j.pos = s.pos
  WHERE s.business = $1 AND s.entry = $2 AND s.kind = 3)";

std::optional<StoredText> load_one(db::Tx& tx, const char* sql, const base::Id& entry) {
  db::Rows rows = tx.query(sql, {tx.business(), entry});
  if (!rows.next()) return std::nullopt;
  return read_stored(*rows, 0);
}

// A member of the record as it is written there.
void as_written(JsonWriter& out, std::string_view name, const RecordText& text,
                RecordMember member) {
  const std::string_view written = text.written(member);
  out.key(name).raw(written.empty() ? "null" : written);
}

// An empty text where the record has none.
void written_text(JsonWriter& out, std::string_view name, const RecordText& text,
                  RecordMember member) {
  const std::string_view written = text.written(member);
  out.key(name).raw(written.empty() ? R"("")" : written);
}

void text_or_null(JsonWriter& out, std::string_view name, const std::string& text) {
  if (text.empty()) {
    out.member(name, nullptr);
  } else {
    out.member(name, text);
  }
}

base::Id id_of(const View& view) {
  const auto id = base::parse_id(view.latest.text.string(kId));
  CHECK(id);
  return *id;
}

void time_of(JsonWriter& out, std::string_view name, const RecordText& text, RecordMember member) {
  out.member(name, base::format_rfc3339(text.integer(member)));
}

void write_revision(JsonWriter& out, const RecordText& revision, bool versions) {
  out.begin_object();
  time_of(out, "at", revision, kRecordedAt);
  as_written(out, "by", revision, kRecordedBy);
  written_text(out, "reason", revision, kReason);
  if (versions) as_written(out, "versions", revision, kVersion);
  out.end_object();
}

void write_changes(JsonWriter& out, const RecordText& text) {
  out.key("changes").begin_array();
  if (text.has(kChanges)) {
    for (const RecordChange& change : read_changes(text.written(kChanges))) {
      out.begin_object().member("field", change.field);
      out.key("old").raw(change.old_json).key("new").raw(change.new_json).end_object();
    }
  }
  out.end_array();
}

void write_attachments(JsonWriter& out, const RecordText& text) {
  out.key("attachments").begin_array();
  if (text.has(kAttachments)) {
    for (const RecordAttachment& file : read_attachments(text.written(kAttachments))) {
      out.begin_object()
          .member("id", file.id.text())
          .member("name", file.name)
          .member("media_type", file.media_type)
          .member("size", file.size)
          .end_object();
    }
  }
  out.end_array();
}

// What a correction can change; an entry and each of its versions show it alike.
void write_content(JsonWriter& out, const RecordText& text) {
  as_written(out, "contact_type", text, kContactType);
  as_written(out, "method", text, kMethod);
  as_written(out, "direction", text, kDirection);
  out.key("actor").raw(text.has(kActor) ? text.written(kActor) : R"({"kind":""})");
  time_of(out, "occurred_at", text, kOccurredAt);
  written_text(out, "time_zone", text, kTimeZone);
  written_text(out, "title", text, kTitle);
  as_written(out, "text", text, kText);
  out.key("details").raw(text.has(kDetails) ? text.string(kDetails) : "null");
  write_changes(out, text);
  as_written(out, "amount", text, kAmount);
  write_attachments(out, text);
}

void write_ledger(JsonWriter& out, const StoredText& stored) {
  out.key("ledger")
      .begin_object()
      .member("contact_seq", stored.contact_seq)
      .member("leaf_index", stored.leaf_index)
      .end_object();
}

void write_origin(JsonWriter& out, const RecordText& text) {
  std::string_view kind = R"("automatic")";
  std::string_view source = "null";
  std::string_view source_id = "null";
  std::string_view rule = "null";
  if (text.has(kOrigin)) {
    base::JsonScan scan(text.written(kOrigin));
    while (scan.next_member()) {
      if (scan.key() == "kind") kind = scan.value();
      if (scan.key() == "source") source = scan.value();
      if (scan.key() == "source_id") source_id = scan.value();
      if (scan.key() == "rule") rule = scan.value();
    }
  }
  out.key("origin").begin_object().key("kind").raw(kind);
  out.key("source").raw(source).key("source_id").raw(source_id).key("rule").raw(rule).end_object();
}

void write_highlights(JsonWriter& out, const RecordText& text,
                      const std::vector<std::string>& words) {
  out.key("highlights").begin_object();
  for (const auto& [name, member] : {std::pair("title", kTitle), std::pair("text", kText)}) {
    const std::vector<std::string> pieces = highlight(text.string(member), words);
    if (pieces.empty()) continue;
    out.key(name).begin_array();
    for (const std::string& piece : pieces) out.value(piece);
    out.end_array();
  }
  out.end_object();
}

void write_status(JsonWriter& out, const View& view) {
  const std::string_view status = status_of(view);
  out.key("status");
  if (status.empty()) {
    out.value(nullptr);
  } else {
    out.value(status);
  }
  out.key("status_history").begin_array();
  for (const StoredDelivery& one : view.trail) {
    out.begin_object()
        .member("status", one.delivery.status)
        .member("at", base::format_rfc3339(one.delivery.occurred_at))
        .member("machine", one.delivery.machine);
    text_or_null(out, "reason", one.delivery.reason);
    out.end_object();
  }
  out.end_array();
}

void write_delivery(JsonWriter& out, const StoredDelivery& one) {
  const Delivery& delivery = one.delivery;
  out.begin_object()
      .member("id", delivery.id.text())
      .member("status", delivery.status)
      .member("machine", delivery.machine);
  text_or_null(out, "reason", delivery.reason);
  out.member("occurred_at", base::format_rfc3339(delivery.occurred_at))
      .member("recorded_at", base::format_rfc3339(delivery.recorded_at));
  write_recorded_by(out, delivery.recorded_by);
  text_or_null(out, "source_id", delivery.source_id);
  out.key("ledger")
      .begin_object()
      .member("contact_seq", one.contact_seq)
      .member("leaf_index", one.leaf_index)
      .end_object()
      .end_object();
}

void write_version(JsonWriter& out, const Stored& stored, const char* kind) {
  const RecordText& text = stored.shown.text;
  out.begin_object();
  as_written(out, "version", text, kVersion);
  out.member("kind", kind);
  time_of(out, "recorded_at", text, kRecordedAt);
  as_written(out, "recorded_by", text, kRecordedBy);
  as_written(out, "reason", text, kReason);
  if (!stored.record.retraction) {
    write_content(out, text);
    out.key("views").raw(text.has(kViews) ? text.written(kViews) : "[]");
  }
  write_ledger(out, stored.shown);
  out.end_object();
}

// Where the entry stands in the tree and whether it verifies, without the hashes that prove it.
void write_proof(JsonWriter& out, db::Tx& tx, const History& history, const Trail& trail) {
  std::vector<std::string> faults = faults_of(tx, history, trail);
  std::int64_t last = history.latest().shown.leaf_index;
  if (history.retraction) last = std::max(last, history.retraction->shown.leaf_index);
  for (const StoredDelivery& one : trail) last = std::max(last, one.leaf_index);
  out.key("proof").begin_object().member("verified", faults.empty());
  out.key("faults").begin_array();
  for (const std::string& fault : faults) out.value(fault);
  out.end_array();
  out.member("leaf_index", history.first.shown.leaf_index);
  out.member("tree_size", static_cast<std::int64_t>(ledger::tree_size(tx)));
  out.key("checkpoint");
  const auto checkpoint = ledger::last_checkpoint(tx);
  if (checkpoint && checkpoint->size > static_cast<std::uint64_t>(last)) {
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

namespace {

View view_of(db::Tx& tx, Line line) {
  View view;
  view.latest = std::move(line.shown);
  view.pinned = line.pinned;
  const bool corrected = view.latest.text.integer(kVersion) > 1;
  if (!corrected && !line.retracted) return view;
  const base::Id entry = id_of(view);
  if (corrected) view.earlier = load_one(tx, kFirst, entry);
  if (line.retracted) view.retraction = load_one(tx, kRetraction, entry);
  return view;
}

// Whether delivery events may be about it. A correction may have given it another method.
bool may_have_trail(const View& view) {
  const auto sent = [](const StoredText& shown) { return is_sent_by(shown.text.string(kMethod)); };
  return sent(view.latest) || (view.earlier && sent(*view.earlier)) ||
         view.latest.text.integer(kVersion) > 2;
}

}  // namespace

std::vector<View> views_of(db::Tx& tx, std::vector<Line> lines,
                           const std::optional<base::Micros>& as_of) {
  std::vector<View> views;
  std::vector<base::Id> sent;
  views.reserve(lines.size());
  for (Line& line : lines) {
    const View& view = views.emplace_back(view_of(tx, std::move(line)));
    if (may_have_trail(view)) sent.push_back(id_of(view));
  }
  std::map<base::Id, Trail> found = trails(tx, sent, as_of);
  if (found.empty()) return views;
  for (View& view : views) {
    const auto trail = found.find(id_of(view));
    if (trail != found.end()) view.trail = std::move(trail->second);
  }
  return views;
}

View view_of(db::Tx& tx, const History& history) {
  const base::Id& entry = history.first.record.id;
  View view{.latest = history.latest().shown,
            .earlier = std::nullopt,
            .retraction = std::nullopt,
            .pinned = is_pinned(tx, entry),
            .trail = std::move(trails(tx, {&entry, 1}, std::nullopt)[entry])};
  if (!history.corrections.empty()) view.earlier = history.first.shown;
  if (history.retraction) view.retraction = history.retraction->shown;
  return view;
}

std::string_view status_of(const View& view) {
  return status_of(view.latest.text.string(kType), view.trail);
}

const std::string& ViewWriter::views(const RecordText& text) {
  std::string key(text.written(kType));
  key += text.written(kContactType);
  const auto [it, is_new] = views_.try_emplace(std::move(key));
  if (is_new) {
    base::JsonWriter json;
    json.begin_array();
    for (const std::string& view :
         catalog::views_of(tx_, text.string(kType), text.string(kContactType))) {
      json.value(view);
    }
    it->second = json.end_array().take();
  }
  return it->second;
}

void ViewWriter::write_members(JsonWriter& out, const View& view,
                               const std::vector<std::string>& words) {
  const RecordText& text = view.latest.text;
  as_written(out, "id", text, kId);
  as_written(out, "version", text, kVersion);
  as_written(out, "contact_id", text, kContact);
  written_text(out, "type", text, kType);
  written_text(out, "category", text, kCategory);
  write_content(out, text);
  as_written(out, "recorded_by", view.first().text, kRecordedBy);
  time_of(out, "recorded_at", view.first().text, kRecordedAt);
  write_status(out, view);
  write_origin(out, text);
  out.key("views").raw(text.has(kViews) ? text.written(kViews) : std::string_view(views(text)));
  out.member("private", text.has(kPrivate)).member("pinned", view.pinned);
  as_written(out, "about", text, kAbout);
  as_written(out, "task_id", text, kTask);
  for (const char* name : {"series_id", "campaign_id", "record", "message_id"}) {
    out.member(name, nullptr);
  }
  out.key("corrected");
  if (view.earlier) {
    write_revision(out, text, true);
  } else {
    out.value(nullptr);
  }
  out.key("retracted");
  if (view.retraction) {
    write_revision(out, view.retraction->text, false);
  } else {
    out.value(nullptr);
  }
  write_ledger(out, view.first());
  if (!words.empty()) write_highlights(out, text, words);
}

void ViewWriter::write(JsonWriter& out, const View& view, const std::vector<std::string>& words) {
  out.begin_object();
  write_members(out, view, words);
  out.end_object();
}

void ViewWriter::write_detail(JsonWriter& out, const History& history,
                              const catalog::Sight& sight) {
  const View view = view_of(tx_, history);
  out.begin_object();
  write_members(out, view);
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
  out.key("delivery_events").begin_array();
  for (const StoredDelivery& one : view.trail) write_delivery(out, one);
  out.end_array();
  out.member("message", nullptr);
  if (tx_.writable()) {
    out.member("proof", nullptr);  // the tree has it only after the commit
  } else {
    write_proof(out, tx_, history, view.trail);
  }
  out.end_object();
}

}  // namespace annals::entries
