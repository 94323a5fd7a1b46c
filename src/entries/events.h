// The journal as a stream of events for one reader.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::entries {

struct Event {
  std::int64_t pos = 0;
  std::string name;  // entry, task
  std::string data;  // JSON; empty where the reader may not see it, or it is of other contacts
};

/// One event for each journal row of tx.business() after `after`, at most `limit`. With `members`,
/// those of other contacts are empty.
[[nodiscard]] std::vector<Event> events_after(db::Tx& tx, const access::Actor& actor,
                                              const std::vector<base::Id>& members,
                                              std::int64_t after, std::int64_t limit);

/// The journal's last position.
[[nodiscard]] std::int64_t journal_end(db::Tx& tx);

}  // namespace annals::entries
