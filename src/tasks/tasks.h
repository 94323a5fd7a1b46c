// Tasks are follow-ups: what is to be done for a client, by whom, until when. Creating, completing
// and canceling one that has a client writes an entry into the client's history.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::tasks {

struct NewTask {
  std::optional<base::Id> id;  // default: a new one
  std::optional<base::Id> contact;
  std::optional<base::Id> entry;  // that it was created from
  std::string title;
  std::string description;
  std::optional<base::Micros> due_at;
  std::optional<base::Id> assignee;
  std::string priority = "normal";  // low, normal, high
};

/// Reads `task` of an entry's draft: title, due (a time, or a date: its end in `time_zone`),
/// assignee, description, priority. Faults go to `fields`.
[[nodiscard]] NewTask parse_follow_up(base::Fields& fields, const std::string& time_zone);

/// Creates a task, and records `task.created` where it has a contact (its own, else its entry's).
/// The entry's log views and privacy are the task's too. Throws kInvalid (assignee that does not
/// work here, entry of another contact), kNotFound (contact, entry); `path` stands before the names
/// of fields in errors: "task." for a draft's.
base::Id create(db::Tx& tx, const access::Actor& actor, const NewTask& wanted,
                const std::string& path = "");

/// How many open tasks these contacts have, of those that `actor` may see.
[[nodiscard]] std::int64_t open_count(db::Tx& tx, const access::Actor& actor,
                                      const std::vector<base::Id>& contacts);

/// /tasks and below.
[[nodiscard]] access::Routes routes();

}  // namespace annals::tasks
