#include "tasks/store.h"

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "db/db.h"

namespace annals::tasks {
namespace {

// What stands for the due time of a task without one: they come last.
constexpr base::Micros kNever = std::numeric_limits<base::Micros>::max();

std::string views_json(const std::vector<std::string>& views) {
  base::JsonWriter json;
  json.begin_array();
  for (const std::string& view : views) json.value(view);
  json.end_array();
  return json.take();
}

std::vector<std::string> views_of_json(std::string_view text) {
  const base::Json json = base::parse_json(text);
  std::vector<std::string> views;
  for (const base::Json& view : json.items()) views.push_back(view.text());
  return views;
}

Task task_of(const db::Row& row) {
  Task task;
  task.id = row.id(0);
  task.contact = row.maybe_id(1);
  task.entry = row.maybe_id(2);
  task.is_private = row.flag(3);
  task.views = views_of_json(row.text(4));
  task.title = row.string(5);
  task.description = row.string(6);
  task.due_at = row.maybe_integer(7);
  task.assignee = row.maybe_id(8);
  task.priority = row.string(9);
  task.status = row.string(10);
  task.version = row.integer(11);
  task.created_by = row.string(12);
  task.created_at = row.integer(13);
  task.completed_at = row.maybe_integer(14);
  return task;
}

// SQL with its parameters, which it owns no texts of: they live in the filter.
class Query {
 public:
  explicit Query(std::string_view sql) : sql_(sql) {}
  Query& text(std::string_view sql) {
    sql_ += sql;
    return *this;
  }
  Query& param(const db::Param& value) {
    params_.push_back(value);
    sql_ += '$' + std::to_string(params_.size());
    return *this;
  }
  template <class Items>
  Query& list(const Items& items) {
    text("(");
    for (std::size_t i = 0; i < items.size(); ++i) text(i == 0 ? "" : ", ").param(items[i]);
    return text(")");
  }
  [[nodiscard]] db::Rows run(db::Tx& tx) const { return tx.query(sql_, params_); }

 private:
  std::string sql_;
  std::vector<db::Param> params_;
};

void add_due(Query& query, const Filter& filter) {
  if (filter.due_from) query.text(" AND due_at >= ").param(*filter.due_from);
  if (filter.due_to) query.text(" AND due_at < ").param(*filter.due_to);
}

void add_assignees(Query& query, const Filter& filter) {
  if (filter.assignees.empty() && !filter.unassigned) return;
  query.text(" AND (");
  if (!filter.assignees.empty()) query.text("assignee IN ").list(filter.assignees);
  if (!filter.assignees.empty() && filter.unassigned) query.text(" OR ");
  if (filter.unassigned) query.text("assignee IS NULL");
  query.text(")");
}

}  // namespace

constexpr std::string_view kInsert = R"(
  INSERT INTO tasks (business, id, contact, entry, private, views, title, description, due_at,
    assignee, priority, status, version, created_by, created_at, completed_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16))";

void insert(db::Tx& tx, const Task& task) {
  const std::string views = views_json(task.views);
  tx.execute(kInsert,
             {tx.business(), task.id, task.contact, task.entry, task.is_private, views, task.title,
              task.description, task.due_at, task.assignee, task.priority, task.status,
              task.version, task.created_by, task.created_at, task.completed_at});
}

constexpr std::string_view kUpdate = R"(
  UPDATE tasks SET title = $3, description = $4, due_at = $5, assignee = $6, priority = $7,
    status = $8, version = $9, completed_at = $10
  WHERE business = $1 AND id = $2)";

void update(db::Tx& tx, const Task& task) {
  tx.execute(kUpdate, {tx.business(), task.id, task.title, task.description, task.due_at,
                       task.assignee, task.priority, task.status, task.version, task.completed_at});
}

constexpr std::string_view kSelect = R"(
  SELECT id, contact, entry, private, views, title, description, due_at, assignee, priority, status,
    version, created_by, created_at, completed_at
  FROM tasks WHERE business = )";

std::optional<Task> find(db::Tx& tx, const base::Id& id) {
  auto rows = Query(kSelect).param(tx.business()).text(" AND id = ").param(id).run(tx);
  if (!rows.next()) return std::nullopt;
  return task_of(*rows);
}

Place place_of(const Task& task) { return {task.due_at.value_or(kNever), task.id}; }

void each(db::Tx& tx, const Filter& filter, const std::function<bool(Task)>& take) {
  Query query(kSelect);
  query.param(tx.business());
  if (!filter.contacts.empty()) query.text(" AND contact IN ").list(filter.contacts);
  add_assignees(query, filter);
  if (!filter.statuses.empty()) query.text(" AND status IN ").list(filter.statuses);
  add_due(query, filter);
  if (filter.after) {
    query.text(" AND (COALESCE(due_at, ").param(kNever).text("), id) > (");
    query.param(filter.after->due_at).text(", ").param(filter.after->id).text(")");
  }
  query.text(" ORDER BY COALESCE(due_at, ").param(kNever).text("), id");
  auto rows = query.run(tx);
  while (rows.next()) {
    if (!take(task_of(*rows))) return;
  }
}

}  // namespace annals::tasks
