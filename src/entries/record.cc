#include "entries/record.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "entries/entries.h"

namespace annals::entries {
namespace {

using base::Json;
using base::JsonWriter;

constexpr std::int64_t kLayout = 1;

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
  text_if(out, "source", record.source);
  text_if(out, "source_id", record.source_id);
  out.end_object();
}

std::string string_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr ? value->text() : std::string();
}

std::int64_t integer_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr ? value->as_int().value_or(0) : 0;
}

std::optional<base::Id> id_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr ? base::parse_id(value->text()) : std::nullopt;
}

bool flag_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr && value->as_bool();
}

void read_nested(const Json& json, Record& record) {
  if (const Json* actor = json.find("actor")) {
    record.actor = {string_of(*actor, "kind"), id_of(*actor, "id"), string_of(*actor, "name")};
  }
  if (const Json* by = json.find("recorded_by")) {
    record.recorded_by = {string_of(*by, "kind"), id_of(*by, "id").value_or(base::Id{}),
                          string_of(*by, "name")};
  }
  if (const Json* amount = json.find("amount")) {
    record.amount = Amount{integer_of(*amount, "value"), string_of(*amount, "currency")};
  }
  if (const Json* origin = json.find("origin")) {
    record.manual = string_of(*origin, "kind") == "manual";
    record.source = string_of(*origin, "source");
    record.source_id = string_of(*origin, "source_id");
  }
  if (const Json* changes = json.find("changes")) {
    for (const Json& change : changes->items()) {
      record.changes.push_back(
          {string_of(change, "field"), string_of(change, "old"), string_of(change, "new")});
    }
  }
  if (const Json* files = json.find("attachments")) {
    for (const Json& file : files->items()) {
      record.attachments.push_back({id_of(file, "id").value_or(base::Id{}), string_of(file, "name"),
                                    string_of(file, "media_type"), integer_of(file, "size"),
                                    string_of(file, "commitment")});
    }
  }
  if (const Json* views = json.find("views")) {
    for (const Json& view : views->items()) record.views.push_back(view.text());
  }
}

}  // namespace

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
  out.key("recorded_by").begin_object();
  if (!record.recorded_by.id.is_nil()) out.member("id", record.recorded_by.id.text());
  out.member("kind", record.recorded_by.kind);
  text_if(out, "name", record.recorded_by.name);
  out.end_object();
  if (record.task) out.member("task", record.task->text());
  text_if(out, "text", record.text);
  text_if(out, "time_zone", record.time_zone);
  text_if(out, "title", record.title);
  text_if(out, "type", record.type);
  out.member("v", kLayout);
  out.member("version", record.version);
  if (!record.views.empty()) {
    out.key("views").begin_array();
    for (const std::string& view : record.views) out.value(view);
    out.end_array();
  }
  out.end_object();
  return out.take();
}

Record parse_record(std::string_view text) {
  const Json json = base::parse_json(text);
  if (integer_of(json, "v") != kLayout) {
    throw base::Error(base::Code::kInternal, "A record in the journal has an unknown layout.");
  }
  Record record;
  record.business = id_of(json, "business").value_or(base::Id{});
  record.contact = id_of(json, "contact").value_or(base::Id{});
  record.id = id_of(json, "id").value_or(base::Id{});
  record.version = integer_of(json, "version");
  record.retraction = string_of(json, "kind") == "retraction";
  record.type = string_of(json, "type");
  record.category = string_of(json, "category");
  record.contact_type = string_of(json, "contact_type");
  record.method = string_of(json, "method");
  record.direction = string_of(json, "direction");
  record.occurred_at = integer_of(json, "occurred_at");
  record.recorded_at = integer_of(json, "recorded_at");
  record.time_zone = string_of(json, "time_zone");
  record.title = string_of(json, "title");
  record.text = string_of(json, "text");
  record.details = string_of(json, "details");
  record.is_private = flag_of(json, "private");
  record.about = id_of(json, "about");
  record.task = id_of(json, "task");
  record.reason = string_of(json, "reason");
  read_nested(json, record);
  return record;
}

std::string views_column(const std::vector<std::string>& views) {
  if (views.empty()) return {};
  std::string out = "|";
  for (const std::string& view : views) out += view + "|";
  return out;
}

}  // namespace annals::entries
