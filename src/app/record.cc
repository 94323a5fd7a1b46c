#include "app/record.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "catalog/logging_rules.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/draft.h"
#include "entries/entries.h"
#include "entries/logging.h"
#include "http/message.h"
#include "tasks/tasks.h"

namespace annals::app {
namespace {

using access::Call;
using base::Code;
using base::Error;
using http::Response;

// Lines of NDJSON that share a transaction.
constexpr std::size_t kLinesPerCommit = 500;
constexpr std::size_t kBytesPerCommit = 256 * 1024;  // of them; the line that passes it is the last
constexpr std::int64_t kNdjsonDeadlineMs = 120'000;

// A draft with all that it asks for. Refers to the JSON that it was read from.
struct Item {
  entries::Draft draft;
  contacts::Selector contact;
  const base::Json* create_contact = nullptr;
  std::optional<tasks::NewTask> task;
};

// `path` stands before the fields in errors. Throws kInvalid with all that is wrong.
Item parse_item(const base::Json& json, const std::string& path, const std::string& time_zone) {
  base::Fields body(json, path);
  Item item;
  item.draft = entries::parse_draft(body, json);
  if (const base::Json* contact = body.any("contact", true)) {
    try {
      item.contact = contacts::parse_selector(*contact, body.path("contact"));
    } catch (const Error& error) {
      body.add(error.errors());
    }
  }
  item.create_contact = body.any("create_contact");
  if (auto task = body.object("task")) item.task = tasks::parse_follow_up(*task, time_zone);
  body.finish();
  return item;
}

struct Done {
  entries::Recorded recorded;
  std::optional<base::Id> task{};
  std::optional<base::Id> rule{};  // that says not to record it; nothing else is set then
};

Done record(db::Tx& tx, const access::Actor& actor, Item item, const std::string& path,
            catalog::NotLogged& not_logged) {
  if (const auto duplicate = entries::find_duplicate(tx, actor, item.draft)) return {*duplicate};
  if (const auto rule = entries::follow_logging_rule(tx, item.draft, not_logged)) {
    return {.recorded = {}, .rule = rule};
  }
  const std::string field = path.empty() ? "contact" : path + ".contact";
  const entries::ContactRef contact =
      contacts::resolve(tx, actor, item.contact, item.create_contact, field);
  if (!item.task) return {entries::record(tx, actor, contact, item.draft)};
  actor.require(access::Permission::kTasksWrite);
  item.task->id = base::make_id(tx.now());
  item.draft.task = item.task->id;
  const entries::Recorded recorded = entries::record(tx, actor, contact, item.draft);
  item.task->contact = contact.id;
  item.task->entry = recorded.id;
  tasks::create(tx, actor, *item.task, "task.");
  return {recorded, item.task->id};
}

void ask_ahead(db::Tx& tx, db::Asks& asks, const Item& item) {
  entries::ask_ahead(tx, asks, item.draft);
  contacts::ask_ahead(tx, asks, item.contact);
}

void write(base::JsonWriter& out, const Done& done) {
  if (done.rule) {
    out.begin_object().member("id", nullptr).member("status", "not_logged");
    out.member("rule_id", done.rule->text()).end_object();
    return;
  }
  out.begin_object().member("id", done.recorded.id.text());
  out.member("status", done.recorded.duplicate ? "duplicate" : "created");
  if (done.recorded.erased) out.member("erased", true);
  out.member("contact_id", done.recorded.contact_id.text());
  if (done.task) out.member("task_id", done.task->text());
  out.key("ledger").begin_object();
  out.member("contact_seq", done.recorded.contact_seq).end_object().end_object();
}

// What one draft needs until it is durable.
struct One {
  access::Actor actor;
  base::Json json;
  Item item;  // refers to `json`
  Done done{};
};

// No thread waits for the commit: half of what an entry cost was sending the threads of those who
// share a commit to sleep and waking them.
Response record_one(const Call& call, base::Json json) {
  auto one = std::make_shared<One>(One{call.actor, std::move(json), {}});
  one->item = parse_item(one->json, "", one->actor.time_zone);
  Response reply;
  reply.later = [&database = call.database, one](const auto& give) {
    const auto ended = [one, give](std::exception_ptr error) {
      give([one, error = std::move(error)] {
        if (error) std::rethrow_exception(error);
        base::JsonWriter out;
        write(out, one->done);
        const bool is_new = !one->done.recorded.duplicate && !one->done.rule;
        return Response::json(is_new ? 201 : 200, out.take());
      });
    };
    database.begin_write(
        one->actor.business,
        [one](db::Tx& tx) {
          catalog::NotLogged not_logged;
          one->done = record(tx, one->actor, one->item, "", not_logged);
          not_logged.keep(tx);
        },
        [one](db::Tx& tx, db::Asks& asks) { ask_ahead(tx, asks, one->item); }, ended);
  };
  return reply;
}

// ------------------------------------------------------------------------------------------ array

std::string index_path(std::size_t index) { return "[" + std::to_string(index) + "]"; }

// `error` of the item at `path`, whose own errors may not carry the path yet.
Error with_path(const Error& error, const std::string& path) {
  std::vector<base::FieldError> errors = error.errors();
  if (errors.empty()) errors.push_back({"", "refused", error.message()});
  for (base::FieldError& e : errors) {
    if (e.field.starts_with(path)) continue;
    e.field = e.field.empty() ? path : path + "." + e.field;
  }
  return {error.code(), path + ": " + error.message(), std::move(errors)};
}

// Runs `each` for every item; throws all that is kInvalid together, anything else at once.
template <class Each>
void for_all(std::size_t count, Each&& each) {
  std::vector<base::FieldError> errors;
  for (std::size_t i = 0; i < count; ++i) {
    try {
      each(i);
    } catch (const Error& error) {
      if (error.code() != Code::kInvalid) throw with_path(error, index_path(i));
      const Error named = with_path(error, index_path(i));
      errors.insert(errors.end(), named.errors().begin(), named.errors().end());
    }
  }
  if (!errors.empty()) throw base::invalid_fields(std::move(errors));
}

Response record_array(const Call& call, const base::Json& json) {
  const std::vector<base::Json>& drafts = json.items();
  if (drafts.empty() || drafts.size() > base::limits::kEntriesPerArrayMax) {
    throw base::invalid("", "count", "An array holds 1 to 1,000 drafts.");
  }
  std::vector<Item> items(drafts.size());
  for_all(drafts.size(), [&](std::size_t i) {
    items[i] = parse_item(drafts[i], index_path(i), call.actor.time_zone);
  });
  const std::vector<Done> all = call.database.write(
      call.actor.business,
      [&](db::Tx& tx) {
        std::vector<Done> done(items.size());
        catalog::NotLogged not_logged;
        for_all(items.size(), [&](std::size_t i) {
          done[i] = record(tx, call.actor, items[i], index_path(i), not_logged);
        });
        not_logged.keep(tx);
        return done;
      },
      [&](db::Tx& tx, db::Asks& asks) {
        for (const Item& item : items) ask_ahead(tx, asks, item);
      });
  base::JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (const Done& done : all) write(out, done);
  out.end_array().end_object();
  return Response::json(201, out.take());
}

// ----------------------------------------------------------------------------------------- NDJSON

struct Line {
  std::int64_t number = 0;
  std::string_view text;
};

std::vector<Line> split_lines(std::string_view body) {
  std::vector<Line> lines;
  std::int64_t number = 0;
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    ++number;
    if (!base::trim(line).empty()) lines.push_back({number, base::trim(line)});
  }
  return lines;
}

struct Rejected {
  std::int64_t line = 0;
  std::vector<base::FieldError> errors;
};

Rejected reject(std::int64_t line, const Error& error) {
  std::vector<base::FieldError> errors = error.errors();
  if (errors.empty()) errors.push_back({"", "refused", error.message()});
  return {line, std::move(errors)};
}

// A line that parsed.
struct Ready {
  std::int64_t line = 0;
  std::shared_ptr<const base::Json> json;  // the item refers to it
  Item item;
};

std::vector<Ready> parse_lines(std::span<const Line> lines, const std::string& time_zone,
                               std::vector<Rejected>& rejected) {
  std::vector<Ready> ready;
  for (const Line& line : lines) {
    try {
      auto json = std::make_shared<const base::Json>(base::parse_json(line.text));
      Item item = parse_item(*json, "", time_zone);
      ready.push_back({line.number, std::move(json), std::move(item)});
    } catch (const Error& error) {
      rejected.push_back(reject(line.number, error));
    }
  }
  return ready;
}

// Whether the error is about the line, so that the others may go on.
bool is_about_the_line(const Error& error) {
  switch (error.code()) {
    case Code::kInvalid:
    case Code::kMalformed:
    case Code::kConflict:
    case Code::kForbidden:
    case Code::kNotFound:
    case Code::kTooLarge:
      return true;
    default:
      return false;
  }
}

struct Outcome {
  std::vector<Done> done;
  std::vector<Rejected> rejected;
};

Outcome commit_lines(const Call& call, const std::vector<Ready>& ready) {
  const auto work = [&](db::Tx& tx) {
    Outcome outcome;
    catalog::NotLogged not_logged;
    for (const Ready& line : ready) {
      try {
        tx.nested(
            [&] { outcome.done.push_back(record(tx, call.actor, line.item, "", not_logged)); });
      } catch (const Error& error) {
        if (!is_about_the_line(error)) throw;
        outcome.rejected.push_back(reject(line.line, error));
      }
    }
    not_logged.keep(tx);
    return outcome;
  };
  return call.database.write(call.actor.business, work, [&](db::Tx& tx, db::Asks& asks) {
    for (const Ready& line : ready) ask_ahead(tx, asks, line.item);
  });
}

void write_rejected(base::JsonWriter& out, const std::vector<Rejected>& rejected) {
  out.key("rejected").begin_array();
  for (const Rejected& line : rejected) {
    out.begin_object().member("line", line.line).key("errors").begin_array();
    for (const base::FieldError& error : line.errors) {
      out.begin_object()
          .member("field", error.field)
          .member("code", error.code)
          .member("message", error.message);
      if (!error.ids.empty()) {
        out.key("ids").begin_array();
        for (const std::string& id : error.ids) out.value(id);
        out.end_array();
      }
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_array();
}

// The lines from `at` on that go into one transaction.
std::span<const Line> next_lines(const std::vector<Line>& lines, std::size_t at) {
  std::size_t bytes = 0;
  std::size_t end = at;
  while (end < lines.size() && end - at < kLinesPerCommit && bytes < kBytesPerCommit) {
    bytes += lines[end++].text.size();
  }
  return {lines.data() + at, end - at};
}

Response record_lines(const Call& call) {
  const std::vector<Line> lines = split_lines(call.request.body);
  std::vector<Rejected> rejected;
  base::JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (std::size_t at = 0; at < lines.size();) {
    const std::span<const Line> some = next_lines(lines, at);
    at += some.size();
    const std::vector<Ready> ready = parse_lines(some, call.actor.time_zone, rejected);
    if (ready.empty()) continue;
    Outcome outcome = commit_lines(call, ready);
    for (const Done& done : outcome.done) write(out, done);
    std::move(outcome.rejected.begin(), outcome.rejected.end(), std::back_inserter(rejected));
  }
  out.end_array();
  std::sort(rejected.begin(), rejected.end(),
            [](const Rejected& a, const Rejected& b) { return a.line < b.line; });
  write_rejected(out, rejected);
  return Response::json(201, out.end_object().take());
}

bool is_ndjson(const http::Request& request) {
  const std::string_view type = request.header("content-type");
  return base::ascii_lower(base::trim(type.substr(0, type.find(';')))) == "application/x-ndjson";
}

Response record_entries(const Call& call) {
  access::only_query(call.request, {});
  if (is_ndjson(call.request)) return record_lines(call);
  base::Json json = access::json_body(call.request);
  return json.is_array() ? record_array(call, json) : record_one(call, std::move(json));
}

}  // namespace

access::Routes record_routes() {
  return {{http::Method::kPost, "/entries", access::Permission::kEntriesWrite, record_entries,
           base::limits::kNdjsonBodyBytesMax, kNdjsonDeadlineMs}};
}

}  // namespace annals::app
