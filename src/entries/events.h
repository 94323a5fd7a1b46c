// The journal as a stream of events.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "catalog/catalog.h"
#include "db/db.h"

namespace annals::entries {

/// What a journal row tells of, with what decides who may see it.
struct Event {
  std::int64_t pos = 0;
  base::Id contact;
  std::string name;  // entry, delivery, task
  std::string data;  // JSON; empty where there is nothing to be told
  std::string type;
  std::string contact_type;
  std::string views;               // as in the views column
  std::optional<base::Id> author;  // of a private entry
};

/// One event for each journal row of tx.business() after `after`, at most `limit`.
[[nodiscard]] std::vector<Event> events_after(db::Tx& tx, std::int64_t after, std::int64_t limit);

/// Whether a reader may be told of it.
[[nodiscard]] bool may_see(const catalog::Sight& sight, const Event& event);

/// The journal's last position.
[[nodiscard]] std::int64_t journal_end(db::Tx& tx);

}  // namespace annals::entries
