#include "entries/events.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "access/actor.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/load.h"
#include "entries/record.h"

namespace annals::entries {
namespace {

constexpr const char* kAfter = R"(
  SELECT pos, contact, entry FROM journal WHERE pos > $1 AND business = $2 AND kind <= 3
  ORDER BY pos LIMIT $3)";
// On SQLite of all businesses: their rows have one numbering there.
constexpr const char* kEnd = "SELECT coalesce(max(pos), 0) FROM journal";

void show(db::Tx& tx, const catalog::Sight& sight, const base::Id& entry, Event& event) {
  const History history = load_history(tx, entry, sight);
  const Record& r = history.latest().record;
  const std::int64_t version = r.version + (history.retraction ? 1 : 0);
  base::JsonWriter out;
  out.begin_object();
  // Other entries name the task that follows on them.
  if (r.category == "tasks" && r.task) {
    event.name = "task";
    out.member("id", r.task->text()).member("contact_id", r.contact.text());
    out.end_object();
    event.data = out.take();
    return;
  }
  event.name = "entry";
  out.member("id", entry.text()).member("contact_id", r.contact.text());
  out.member("version", version).member("type", r.type).member("category", r.category);
  event.data = out.end_object().take();
}

}  // namespace

std::vector<Event> events_after(db::Tx& tx, const access::Actor& actor,
                                const std::vector<base::Id>& members, std::int64_t after,
                                std::int64_t limit) {
  std::vector<Event> events;
  const catalog::Sight sight = catalog::sight(tx, actor);
  db::Rows rows = tx.query(kAfter, {after, tx.business(), limit});
  while (rows.next()) {
    Event& event = events.emplace_back();
    event.pos = rows->integer(0);
    const base::Id contact = rows->id(1);
    const base::Id entry = rows->id(2);
    if (!members.empty() && std::find(members.begin(), members.end(), contact) == members.end()) {
      continue;
    }
    try {
      show(tx, sight, entry, event);
    } catch (const base::Error& error) {
      if (error.code() != base::Code::kNotFound) throw;
    }
  }
  return events;
}

std::int64_t journal_end(db::Tx& tx) {
  db::Rows rows = tx.query(kEnd, {});
  CHECK(rows.next());
  return rows->integer(0);
}

}  // namespace annals::entries
