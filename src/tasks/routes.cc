#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/directory.h"
#include "access/route.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/entries.h"
#include "http/cursor.h"
#include "http/message.h"
#include "tasks/change.h"
#include "tasks/store.h"
#include "tasks/tasks.h"

namespace annals::tasks {
namespace {

// Whether who reads may see the task: as its entry, and besides what is assigned to them.
bool visible(const Task& task, const catalog::Sight& sight) {
  if (sight.all || task.assignee == sight.reader) return true;
  const base::Json by = base::parse_json(task.created_by);
  if (by.find("id")->text() == sight.reader.text()) return true;
  if (task.is_private) return false;
  return std::any_of(task.views.begin(), task.views.end(),
                     [&](const std::string& view) { return sight.views.contains(view); });
}

}  // namespace

std::int64_t open_count(db::Tx& tx, const access::Actor& actor,
                        const std::vector<base::Id>& contacts) {
  if (contacts.empty()) return 0;
  const catalog::Sight sight = catalog::sight(tx, actor);
  std::int64_t count = 0;
  Filter filter;
  filter.contacts = contacts;
  filter.statuses = {"open"};
  each(tx, filter, [&](const Task& task) {
    if (visible(task, sight)) ++count;
    return true;
  });
  return count;
}

namespace {

// The names of staff members, each looked up once.
class Names {
 public:
  explicit Names(db::Tx& tx) : tx_(tx) {}
  std::optional<std::string> of(const std::optional<base::Id>& staff) {
    if (!staff) return std::nullopt;
    auto it = known_.find(*staff);
    if (it == known_.end()) it = known_.emplace(*staff, access::staff_name(tx_, *staff)).first;
    return it->second;
  }

 private:
  db::Tx& tx_;
  std::map<base::Id, std::optional<std::string>> known_;
};

std::optional<std::string> text_of(const std::optional<base::Id>& id) {
  return id ? std::optional(id->text()) : std::nullopt;
}

std::optional<std::string> text_of(const std::optional<base::Micros>& instant) {
  return instant ? std::optional(base::format_rfc3339(*instant)) : std::nullopt;
}

void write_task(base::JsonWriter& json, const Task& task, Names& names) {
  json.begin_object()
      .member("id", task.id.text())
      .member("version", task.version)
      .member("contact_id", text_of(task.contact))
      .member("entry_id", text_of(task.entry))
      .member("title", task.title)
      .member("description", task.description)
      .member("due", text_of(task.due_at))
      .member("assignee", text_of(task.assignee))
      .member("assignee_name", names.of(task.assignee))
      .member("priority", task.priority)
      .member("status", task.status)
      .key("created_by")
      .raw(task.created_by)
      .member("created_at", base::format_rfc3339(task.created_at))
      .member("completed_at", text_of(task.completed_at))
      .end_object();
}

http::Response task_reply(db::Tx& tx, int status, const Task& task) {
  base::JsonWriter json;
  Names names(tx);
  write_task(json, task, names);
  http::Response reply = http::Response::json(status, json.take());
  reply.headers.emplace_back("ETag", access::etag(task.version));
  return reply;
}

Task seen_task(db::Tx& tx, const access::Actor& actor, const base::Id& id) {
  auto task = find(tx, id);
  if (!task || !visible(*task, catalog::sight(tx, actor))) throw base::not_found("task");
  return std::move(*task);
}

base::Error bad_value(std::string_view name, std::string message) {
  return base::malformed(std::string(name), "value", std::move(message));
}

std::optional<base::Micros> instant_of(const access::Call& call, std::string_view name) {
  const auto text = call.request.query_value(name);
  if (!text) return std::nullopt;
  if (const auto day = base::parse_date(*text)) {
    return base::start_of_day(*day, call.actor.time_zone);
  }
  const auto instant = base::parse_rfc3339(*text);
  if (!instant) throw bad_value(name, "must be a date or a time by RFC 3339");
  return instant;
}

// `due=overdue|today|upcoming`: before now, later on this day of the business's zone, after it.
void read_due(const access::Call& call, std::string_view word, base::Micros now, Filter& filter) {
  const std::string& zone = call.actor.time_zone;
  const base::Micros tomorrow = base::start_of_day(base::day_in_zone(now, zone) + 1, zone);
  if (word == "overdue") {
    filter.due_to = now;
  } else if (word == "today") {
    filter.due_from = now;
    filter.due_to = tomorrow;
  } else if (word == "upcoming") {
    filter.due_from = tomorrow;
  } else {
    throw bad_value("due", "must be overdue, today or upcoming");
  }
}

void read_repeated(const access::Call& call, Filter& filter) {
  for (const auto& [name, value] : call.request.query) {
    if (name == "status") {
      if (value != "open" && value != "completed" && value != "canceled") {
        throw bad_value("status", "must be open, completed or canceled");
      }
      filter.statuses.push_back(value);
    } else if (name == "assignee" && value == "none") {
      filter.unassigned = true;
    } else if (name == "assignee") {
      const auto id = value == "me" ? std::optional(call.actor.id) : base::parse_id(value);
      if (!id) throw bad_value("assignee", "must be a staff member's id, me or none");
      filter.assignees.push_back(*id);
    }
    if (filter.assignees.size() + filter.statuses.size() > base::limits::kFiltersMax) {
      throw base::malformed(name, "too_many",
                            "At most " + std::to_string(base::limits::kFiltersMax) +
                                " values of filters can be given.");
    }
  }
}

// kMalformed names each parameter that this list does not know, or that may not be repeated.
void check_query(const access::Call& call) {
  http::Request single = call.request;
  std::erase_if(single.query, [](const auto& pair) {
    return pair.first == "status" || pair.first == "assignee";
  });
  access::only_query(single, {"contact", "due", "from", "to", "cursor", "limit"});
}

Filter read_filter(const access::Call& call, db::Tx& tx) {
  Filter filter;
  read_repeated(call, filter);
  filter.due_from = instant_of(call, "from");
  filter.due_to = instant_of(call, "to");
  if (const auto word = call.request.query_value("due")) {
    if (filter.due_from || filter.due_to) {
      throw bad_value("due", "cannot be given together with from or to");
    }
    read_due(call, *word, tx.now(), filter);
    if (filter.statuses.empty()) filter.statuses = {"open"};
  }
  if (const auto text = call.request.query_value("contact")) {
    const auto contact = base::parse_id(*text);
    if (!contact) throw bad_value("contact", "must be a contact's id");
    filter.contacts = contacts::members(tx, *contact);
  }
  return filter;
}

// All that a cursor stays bound to.
std::string list_name(const http::Request& request) {
  std::string name = "tasks";
  for (const auto& [key, value] : request.query) {
    if (key == "cursor" || key == "limit") continue;
    name.append("&").append(key).append("=").append(value);
  }
  return name;
}

std::string place_text(const Place& place) {
  return std::to_string(place.due_at) + ' ' + place.id.text();
}

std::optional<Place> place_from(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t space = text.find(' ');
  const auto due = base::Json::number_text(text.substr(0, space)).as_int();
  const auto id =
      space == std::string::npos ? std::nullopt : base::parse_id(text.substr(space + 1));
  if (!due || !id) {
    throw base::malformed("cursor", "cursor", "Give next_cursor of the page before.");
  }
  return Place{*due, *id};
}

http::Response list_tasks(const access::Call& call) {
  check_query(call);
  const std::size_t limit = access::page_limit(call.request);
  const std::string list = list_name(call.request);
  const auto after = place_from(http::open_cursor(call.request, list));
  return call.read([&](db::Tx& tx) {
    Filter filter = read_filter(call, tx);
    filter.after = after;
    const catalog::Sight sight = catalog::sight(tx, call.actor);
    std::vector<Task> page;
    each(tx, filter, [&](Task task) {
      if (visible(task, sight)) page.push_back(std::move(task));
      return page.size() <= limit;
    });
    const bool more = page.size() > limit;
    if (more) page.resize(limit);
    base::JsonWriter json;
    Names names(tx);
    json.begin_object().key("items").begin_array();
    for (const Task& task : page) write_task(json, task, names);
    json.end_array().key("next_cursor");
    if (more) {
      json.value(http::make_cursor(list, place_text(place_of(page.back()))));
    } else {
      json.value(nullptr);
    }
    json.end_object();
    return http::Response::json(200, json.take());
  });
}

void check_entry(db::Tx& tx, const access::Actor& actor, const base::Id& entry) {
  bool visible = false;
  try {
    visible = entries::standing(tx, actor, entry).visible;
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kNotFound) throw;
  }
  if (!visible) {
    throw base::invalid("entry", "entry_not_found", "There is no entry with this id.");
  }
}

http::Response new_task(const access::Call& call) {
  access::only_query(call.request, {});
  const base::Json body = access::json_body(call.request);
  base::Fields fields(body);
  const NewTask draft = parse_follow_up(fields, call.actor.time_zone);
  const base::Json* contact = fields.any("contact");
  const auto entry = fields.id("entry");
  fields.finish();
  return call.write([&](db::Tx& tx) {
    NewTask task = draft;
    if (contact != nullptr) {
      const auto selector = contacts::parse_selector(*contact, "contact");
      task.contact = contacts::resolve(tx, call.actor, selector, nullptr, "contact").id;
    }
    if (entry) check_entry(tx, call.actor, *entry);
    task.entry = entry;
    const base::Id id = create(tx, call.actor, task);
    return task_reply(tx, 201, *find(tx, id));
  });
}

http::Response show_task(const access::Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "task");
  return call.read([&](db::Tx& tx) { return task_reply(tx, 200, seen_task(tx, call.actor, id)); });
}

// Applies a PATCH to `task`. What the body leaves out stays, null clears.
void apply(base::Fields& fields, const std::string& time_zone, Task& task) {
  if (auto title = parse_title(fields, fields.given("title"))) task.title = std::move(*title);
  if (fields.given("description")) task.description = parse_description(fields).value_or("");
  if (fields.given("due")) task.due_at = parse_due(fields, time_zone);
  if (fields.given("assignee")) task.assignee = fields.id("assignee");
  if (fields.given("priority")) task.priority = parse_priority(fields).value_or("normal");
  if (auto status = fields.one_of("status", {"open", "canceled"}, fields.given("status"))) {
    task.status = std::move(*status);
  }
}

http::Response change_task(const access::Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "task");
  const base::Json body = access::json_body(call.request);
  return call.write([&](db::Tx& tx) {
    const Task before = seen_task(tx, call.actor, id);
    access::check_if_match(call.request, before.version);
    Task after = before;
    base::Fields fields(body);
    apply(fields, call.actor.time_zone, after);
    fields.finish();
    if (before.status == "completed" && after.status == "canceled") {
      throw base::conflict("status", "not_open",
                           "This task is completed. Open it again before you cancel it.");
    }
    if (after.assignee != before.assignee) check_assignee(tx, after.assignee, "");
    if (after.status == "open") after.completed_at.reset();
    ++after.version;
    update(tx, after);
    if (after.status != before.status) {
      document(tx, call.actor, after, after.status == "open" ? "task.reopened" : "task.canceled");
    }
    return task_reply(tx, 200, after);
  });
}

http::Response complete_task(const access::Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "task");
  if (!call.request.body.empty()) {
    const base::Json body = access::json_body(call.request);
    base::Fields(body).finish();
  }
  return call.write([&](db::Tx& tx) {
    Task task = seen_task(tx, call.actor, id);
    access::check_if_match(call.request, task.version);
    if (task.status != "open") {
      throw base::conflict("status", "not_open",
                           "This task is " + task.status + ", so it cannot be completed.");
    }
    task.status = "completed";
    task.completed_at = tx.now();
    ++task.version;
    update(tx, task);
    document(tx, call.actor, task, "task.completed");
    return task_reply(tx, 200, task);
  });
}

}  // namespace

access::Routes routes() {
  using enum http::Method;
  using enum access::Permission;
  return {
      {kGet, "/tasks", kTasksRead, list_tasks},
      {kPost, "/tasks", kTasksWrite, new_task},
      {kGet, "/tasks/{id}", kTasksRead, show_task},
      {kPatch, "/tasks/{id}", kTasksWrite, change_task},
      {kPost, "/tasks/{id}/complete", kTasksWrite, complete_task},
  };
}

}  // namespace annals::tasks
