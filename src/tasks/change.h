// What POST and PATCH of a task share. Private to tasks/.
#pragma once
#include <optional>
#include <string>

#include "access/actor.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/id.h"
#include "db/db.h"
#include "tasks/store.h"

namespace annals::tasks {

// Each reads one member; errors stay in `fields`.
[[nodiscard]] std::optional<std::string> parse_title(base::Fields& fields, bool required);
[[nodiscard]] std::optional<std::string> parse_description(base::Fields& fields);
[[nodiscard]] std::optional<std::string> parse_priority(base::Fields& fields);
[[nodiscard]] std::optional<base::Micros> parse_due(base::Fields& fields,
                                                    const std::string& time_zone);

/// Throws kInvalid where it is no active staff member of the business.
void check_assignee(db::Tx& tx, const std::optional<base::Id>& assignee, const std::string& path);

/// Records what happened to `task`, as it is now, in its contact's history; nothing where it has no
/// contact.
void document(db::Tx& tx, const access::Actor& actor, const Task& task, const std::string& type);

}  // namespace annals::tasks
