// Tasks as rows. Private to tasks/.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::tasks {

struct Task {
  base::Id id;
  std::optional<base::Id> contact;
  std::optional<base::Id> entry;
  bool is_private = false;
  std::vector<std::string> views;
  std::string title;
  std::string description;
  std::optional<base::Micros> due_at;
  std::optional<base::Id> assignee;
  std::string priority;
  std::string status = "open";
  std::int64_t version = 1;
  std::string created_by;  // JSON {kind, id, name}
  base::Micros created_at = 0;
  std::optional<base::Micros> completed_at;
};

void insert(db::Tx& tx, const Task& task);
/// Writes all that may change of it.
void update(db::Tx& tx, const Task& task);
[[nodiscard]] std::optional<Task> find(db::Tx& tx, const base::Id& id);

/// A place in the lists' order: by due time, those without one last, then by id.
struct Place {
  base::Micros due_at = 0;
  base::Id id;
};
[[nodiscard]] Place place_of(const Task& task);

/// Which tasks a list shows; what is empty allows all.
struct Filter {
  std::vector<base::Id> contacts;
  std::vector<base::Id> assignees;
  bool unassigned = false;  // those without one too
  std::vector<std::string> statuses;
  std::optional<base::Micros> due_from;  // at or after
  std::optional<base::Micros> due_to;    // before
  std::optional<Place> after;
};

/// Gives each task in order to `take`, until that returns false.
void each(db::Tx& tx, const Filter& filter, const std::function<bool(Task)>& take);

}  // namespace annals::tasks
