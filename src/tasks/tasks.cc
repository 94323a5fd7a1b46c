#include "tasks/tasks.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/directory.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/entries.h"
#include "entries/logging.h"
#include "tasks/change.h"
#include "tasks/store.h"

namespace annals::tasks {
namespace {

std::string created_by(const access::Actor& actor) {
  std::string_view kind = "system";
  if (actor.kind == access::Actor::Kind::kStaff) kind = "staff";
  if (actor.kind == access::Actor::Kind::kApiKey) kind = "api_key";
  base::JsonWriter json;
  json.begin_object()
      .member("kind", kind)
      .member("id", actor.id.text())
      .member("name", actor.name)
      .end_object();
  return json.take();
}

// What is frozen in the entry about the task as it is at that moment.
std::string details(db::Tx& tx, const Task& task) {
  base::JsonWriter json;
  json.begin_object().member("priority", task.priority);
  if (task.due_at) json.member("due", base::format_rfc3339(*task.due_at));
  if (task.assignee) {
    json.key("assignee").begin_object().member("id", task.assignee->text());
    json.member_if("name", access::staff_name(tx, *task.assignee)).end_object();
  }
  json.end_object();
  return json.take();
}

}  // namespace

std::optional<base::Micros> parse_due(base::Fields& fields, const std::string& time_zone) {
  const auto text = fields.text("due");
  if (!text || text->empty()) return std::nullopt;
  // A day is over when the next one begins.
  if (const auto day = base::parse_date(*text)) {
    return base::start_of_day(*day + 1, time_zone) - 1;
  }
  const auto instant = base::parse_rfc3339(*text);
  if (!instant) {
    fields.fail("due", "time",
                "must be a date (2016-05-02) or a time by RFC 3339 (2016-05-02T12:30:00Z)");
  }
  return instant;
}

std::optional<std::string> parse_title(base::Fields& fields, bool required) {
  return fields.text("title", {.required = required, .chars_max = base::limits::kTitleCharsMax});
}

std::optional<std::string> parse_description(base::Fields& fields) {
  return fields.text("description", {.multiline = true, .chars_max = base::limits::kTextBytesMax});
}

std::optional<std::string> parse_priority(base::Fields& fields) {
  return fields.one_of("priority", {"low", "normal", "high"});
}

NewTask parse_follow_up(base::Fields& fields, const std::string& time_zone) {
  NewTask draft;
  draft.title = parse_title(fields, true).value_or("");
  draft.description = parse_description(fields).value_or("");
  draft.due_at = parse_due(fields, time_zone);
  draft.assignee = fields.id("assignee");
  draft.priority = parse_priority(fields).value_or("normal");
  return draft;
}

void check_assignee(db::Tx& tx, const std::optional<base::Id>& assignee, const std::string& path) {
  if (!assignee || access::active_staff_name(tx, *assignee)) return;
  throw base::invalid(path + "assignee", "staff_not_found",
                      "must be the id of an active staff member of this business");
}

void document(db::Tx& tx, const access::Actor& actor, const Task& task, const std::string& type) {
  if (!task.contact) return;
  entries::Draft entry;
  entry.type = type;
  entry.category = "tasks";
  if (actor.kind == access::Actor::Kind::kStaff) {
    entry.actor = entries::ActorClaim{.kind = "staff", .id = actor.id, .name = actor.name};
  }
  entry.direction = "internal";
  entry.title = task.title;
  if (type == "task.created") entry.text = task.description;
  entry.details = details(tx, task);
  entry.task = task.id;
  entry.is_private = task.is_private;
  if (task.views != std::vector<std::string>{"general"}) entry.views = task.views;
  const contacts::Selector selector{.id = task.contact, .uid = {}, .email = {}, .phone = {}};
  entries::record_own(tx, actor, contacts::resolve(tx, actor, selector, nullptr, "contact"),
                      std::move(entry));
}

base::Id create(db::Tx& tx, const access::Actor& actor, const NewTask& wanted,
                const std::string& path) {
  check_assignee(tx, wanted.assignee, path);
  Task task;
  task.id = wanted.id.value_or(base::make_id(tx.now()));
  task.contact = wanted.contact;
  task.views = {"general"};
  if (wanted.entry) {
    const entries::Standing parent = entries::standing(tx, actor, *wanted.entry);
    if (!task.contact) task.contact = parent.contact.id;
    const std::vector<base::Id> history = contacts::members(tx, *task.contact);
    if (std::find(history.begin(), history.end(), parent.contact.id) == history.end()) {
      throw base::invalid(path + "entry", "other_contact",
                          "must be an entry of the task's contact");
    }
    task.entry = wanted.entry;
    task.is_private = parent.is_private;
    task.views = parent.views;
  }
  task.title = wanted.title;
  task.description = wanted.description;
  task.due_at = wanted.due_at;
  task.assignee = wanted.assignee;
  task.priority = wanted.priority;
  task.created_by = created_by(actor);
  task.created_at = tx.now();
  insert(tx, task);
  document(tx, actor, task, "task.created");
  return task.id;
}

}  // namespace annals::tasks
