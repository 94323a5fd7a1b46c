#include "entries/record.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "entries/entries.h"
#include "entries/record_text.h"

namespace annals::entries {
namespace {

using base::JsonScan;
using base::JsonWriter;

void text_if(JsonWriter& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out.member(name, text);
}

void write_attachments(JsonWriter& out, const Record& record) {
  if (record.attachments.empty()) return;
  out.key("attachments").begin_array();
  for (const RecordAttachment& file : record.attachments) {
    out.begin_object()
        .member("commitment", file.commitment)
        .member("id", file.id.text())
        .member("media_type", file.media_type)
        .member("name", file.name)
        .member("size", file.size)
        .end_object();
  }
  out.end_array();
}

void write_changes(JsonWriter& out, const Record& record) {
  if (record.changes.empty()) return;
  out.key("changes").begin_array();
  for (const RecordChange& change : record.changes) {
    out.begin_object()
        .member("field", change.field)
        .member("new", change.new_json)
        .member("old", change.old_json)
        .end_object();
  }
  out.end_array();
}

void write_actor(JsonWriter& out, const Record& record) {
  if (record.actor.kind.empty()) return;
  out.key("actor").begin_object();
  if (record.actor.id) out.member("id", record.actor.id->text());
  out.member("kind", record.actor.kind);
  text_if(out, "name", record.actor.name);
  out.end_object();
}

void write_origin(JsonWriter& out, const Record& record) {
  if (record.retraction) return;
  out.key("origin").begin_object().member("kind", record.manual ? "manual" : "automatic");
  if (record.rule) out.member("rule", record.rule->text());
  text_if(out, "source", record.source);
  text_if(out, "source_id", record.source_id);
  out.end_object();
}

std::optional<base::Id> read_id(std::string_view written) {
  if (written.empty()) return std::nullopt;
  return base::parse_id(base::json_string(written));
}

ActorClaim read_actor(std::string_view written) {
  ActorClaim actor;
  JsonScan scan(written);
  while (scan.next_member()) {
    if (scan.key() == "id") actor.id = read_id(scan.value());
    if (scan.key() == "kind") actor.kind = base::json_string(scan.value());
    if (scan.key() == "name") actor.name = base::json_string(scan.value());
  }
  return actor;
}

Amount read_amount(std::string_view written) {
  Amount amount;
  JsonScan scan(written);
  while (scan.next_member()) {
    if (scan.key() == "currency") amount.currency = base::json_string(scan.value());
    if (scan.key() == "value") amount.value = base::json_integer(scan.value()).value_or(0);
  }
  return amount;
}

void read_origin(std::string_view written, Record& record) {
  JsonScan scan(written);
  while (scan.next_member()) {
    if (scan.key() == "kind") record.manual = base::json_string(scan.value()) == "manual";
    if (scan.key() == "rule") record.rule = read_id(scan.value());
    if (scan.key() == "source") record.source = base::json_string(scan.value());
    if (scan.key() == "source_id") record.source_id = base::json_string(scan.value());
  }
}

}  // namespace

void write_recorded_by(JsonWriter& out, const RecordedBy& by) {
  out.key("recorded_by").begin_object();
  if (!by.id.is_nil()) out.member("id", by.id.text());
  out.member("kind", by.kind);
  text_if(out, "name", by.name);
  out.end_object();
}

RecordedBy read_recorded_by(std::string_view written) {
  RecordedBy by;
  JsonScan scan(written);
  while (scan.next_member()) {
    if (scan.key() == "id") by.id = read_id(scan.value()).value_or(base::Id{});
    if (scan.key() == "kind") by.kind = base::json_string(scan.value());
    if (scan.key() == "name") by.name = base::json_string(scan.value());
  }
  return by;
}

std::vector<RecordChange> read_changes(std::string_view written) {
  std::vector<RecordChange> changes;
  JsonScan items(written);
  while (items.next_item()) {
    RecordChange& change = changes.emplace_back();
    JsonScan scan(items.value());
    while (scan.next_member()) {
      if (scan.key() == "field") change.field = base::json_string(scan.value());
      if (scan.key() == "new") change.new_json = base::json_string(scan.value());
      if (scan.key() == "old") change.old_json = base::json_string(scan.value());
    }
  }
  return changes;
}

std::vector<RecordAttachment> read_attachments(std::string_view written) {
  std::vector<RecordAttachment> files;
  JsonScan items(written);
  while (items.next_item()) {
    RecordAttachment& file = files.emplace_back();
    JsonScan scan(items.value());
    while (scan.next_member()) {
      if (scan.key() == "commitment") file.commitment = base::json_string(scan.value());
      if (scan.key() == "id") file.id = read_id(scan.value()).value_or(base::Id{});
      if (scan.key() == "media_type") file.media_type = base::json_string(scan.value());
      if (scan.key() == "name") file.name = base::json_string(scan.value());
      if (scan.key() == "size") file.size = base::json_integer(scan.value()).value_or(0);
    }
  }
  return files;
}

std::vector<std::string> read_views(std::string_view written) {
  std::vector<std::string> views;
  JsonScan scan(written);
  while (scan.next_item()) views.push_back(base::json_string(scan.value()));
  return views;
}

// The members stand in the order of their names, which RFC 8785 asks for.
std::string serialise(const Record& record) {
  JsonWriter out;
  out.begin_object();
  if (record.about) out.member("about", record.about->text());
  write_actor(out, record);
  if (record.amount) {
    out.key("amount")
        .begin_object()
        .member("currency", record.amount->currency)
        .member("value", record.amount->value)
        .end_object();
  }
  write_attachments(out, record);
  out.member("business", record.business.text());
  text_if(out, "category", record.category);
  write_changes(out, record);
  out.member("contact", record.contact.text());
  text_if(out, "contact_type", record.contact_type);
  text_if(out, "details", record.details);
  text_if(out, "direction", record.direction);
  out.member("id", record.id.text());
  if (record.retraction) out.member("kind", "retraction");
  text_if(out, "method", record.method);
  if (!record.retraction) out.member("occurred_at", record.occurred_at);
  write_origin(out, record);
  if (record.is_private) out.member("private", true);
  text_if(out, "reason", record.reason);
  out.member("recorded_at", record.recorded_at);
  write_recorded_by(out, record.recorded_by);
  if (record.task) out.member("task", record.task->text());
  text_if(out, "text", record.text);
  text_if(out, "time_zone", record.time_zone);
  text_if(out, "title", record.title);
  text_if(out, "type", record.type);
  out.member("v", kRecordLayout);
  out.member("version", record.version);
  if (!record.views.empty()) {
    out.key("views").begin_array();
    for (const std::string& view : record.views) out.value(view);
    out.end_array();
  }
  out.end_object();
  return out.take();
}

Record parse_record(const RecordText& text) {
  using enum RecordMember;
  Record record;
  record.business = read_id(text.written(kBusiness)).value_or(base::Id{});
  record.contact = read_id(text.written(kContact)).value_or(base::Id{});
  record.id = read_id(text.written(kId)).value_or(base::Id{});
  record.version = text.integer(kVersion);
  record.retraction = text.string(kKind) == "retraction";
  record.type = text.string(kType);
  record.category = text.string(kCategory);
  record.contact_type = text.string(kContactType);
  record.method = text.string(kMethod);
  record.direction = text.string(kDirection);
  record.occurred_at = text.integer(kOccurredAt);
  record.recorded_at = text.integer(kRecordedAt);
  record.time_zone = text.string(kTimeZone);
  record.title = text.string(kTitle);
  record.text = text.string(kText);
  record.details = text.string(kDetails);
  record.is_private = text.written(kPrivate) == "true";
  record.about = read_id(text.written(kAbout));
  record.task = read_id(text.written(kTask));
  record.reason = text.string(kReason);
  if (text.has(kActor)) record.actor = read_actor(text.written(kActor));
  if (text.has(kRecordedBy)) record.recorded_by = read_recorded_by(text.written(kRecordedBy));
  if (text.has(kAmount)) record.amount = read_amount(text.written(kAmount));
  if (text.has(kOrigin)) read_origin(text.written(kOrigin), record);
  if (text.has(kChanges)) record.changes = read_changes(text.written(kChanges));
  if (text.has(kAttachments)) record.attachments = read_attachments(text.written(kAttachments));
  if (text.has(kViews)) record.views = read_views(text.written(kViews));
  return record;
}

Record parse_record(std::string_view text) { return parse_record(RecordText(std::string(text))); }

std::string views_column(const std::vector<std::string>& views) {
  if (views.empty()) return {};
  std::string out = "|";
  for (const std::string& view : views) out += view + "|";
  return out;
}

}  // namespace annals::entries
