// The routes of the history: timelines, single entries, corrections, attachments, saved filters.
// `POST /entries`, which needs contacts and tasks too, is composed in app/.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "access/route.h"
#include "base/clock.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::entries {

/// What the history takes from slices above it.
struct Neighbours {
  /// Whose entries the history of a contact shows (contacts::members). Throws kNotFound.
  std::function<std::vector<base::Id>(db::Tx&, const base::Id&, std::optional<base::Micros>)>
      members;
  /// How many open tasks these contacts have that the actor may see (tasks::open_count).
  std::function<std::int64_t(db::Tx&, const access::Actor&, const std::vector<base::Id>&)>
      open_tasks;
  /// What a contact is called (contacts::name_of).
  std::function<std::string(db::Tx&, const base::Id&)> contact_name;
};

[[nodiscard]] access::Routes routes(Neighbours given);

}  // namespace annals::entries
