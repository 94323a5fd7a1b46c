#include "entries/events.h"

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/load.h"
#include "entries/record.h"
#include "entries/visibility.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

constexpr const char* kAfter = R"(
  SELECT pos, contact, entry, kind FROM journal WHERE pos > $1 AND business = $2 AND kind <= 4
  ORDER BY pos LIMIT $3)";
// On SQLite of all businesses: their rows have one numbering there.
constexpr const char* kEnd = "SELECT coalesce(max(pos), 0) FROM journal";

void show(db::Tx& tx, const base::Id& entry, ledger::Kind kind, Event& event) {
  catalog::Sight everything;
  everything.all = true;
  const History history = load_history(tx, entry, everything);
  const Record& r = history.latest().record;
  event.type = r.type;
  event.contact_type = r.contact_type;
  event.views = views_column(r.views);
  if (r.is_private) event.author = history.first.record.recorded_by.id;
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
  event.name = kind == ledger::Kind::kDelivery ? "delivery" : "entry";
  out.member("id", entry.text()).member("contact_id", r.contact.text());
  out.member("version", version).member("type", r.type).member("category", r.category);
  event.data = out.end_object().take();
}

}  // namespace

std::vector<Event> events_after(db::Tx& tx, std::int64_t after, std::int64_t limit) {
  std::vector<Event> events;
  db::Rows rows = tx.query(kAfter, {after, tx.business(), limit});
  while (rows.next()) {
    Event& event = events.emplace_back();
    event.pos = rows->integer(0);
    event.contact = rows->id(1);
    const base::Id entry = rows->id(2);
    try {
      show(tx, entry, static_cast<ledger::Kind>(rows->integer(3)), event);
    } catch (const base::Error& error) {
      if (error.code() != base::Code::kNotFound) throw;
    }
  }
  return events;
}

bool may_see(const catalog::Sight& sight, const Event& event) {
  return !event.data.empty() &&
         visible(sight, event.type, event.contact_type, event.views, event.author);
}

std::int64_t journal_end(db::Tx& tx) {
  db::Rows rows = tx.query(kEnd, {});
  CHECK(rows.next());
  return rows->integer(0);
}

}  // namespace annals::entries
