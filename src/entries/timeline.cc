#include "entries/timeline.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/id.h"
#include "db/db.h"
#include "entries/filter.h"
#include "entries/sql.h"

namespace annals::entries {
namespace {

void add_after(SqlText& sql, const Filter& filter, const std::optional<Position>& after) {
  if (!after) return;
  sql << " AND (t.occurred_at, t.pos) " << (filter.ascending ? ">" : "<") << " (";
  sql.value(after->occurred_at);
  sql << ", ";
  sql.value(after->pos);
  sql << ")";
}

void add_order(SqlText& sql, const Filter& filter, std::size_t limit) {
  const char* direction = filter.ascending ? "ASC" : "DESC";
  sql << " ORDER BY t.occurred_at " << direction << ", t.pos " << direction << " LIMIT ";
  sql.value(static_cast<std::int64_t>(limit));
}

std::vector<Line> run(db::Tx& tx, const SqlText& sql, const Filter& filter) {
  std::vector<Line> lines;
  db::Rows rows = tx.query(sql.text(), sql.params());
  while (rows.next()) {
    const auto retracted_at = rows->maybe_integer(2);
    lines.push_back({{rows->integer(0), rows->integer(1)},
                     retracted_at && (!filter.as_of || *retracted_at <= *filter.as_of)});
  }
  return lines;
}

constexpr const char* kColumns = "SELECT t.occurred_at, t.pos, t.retracted_at FROM ";

std::vector<Line> walk_contact(db::Tx& tx, const Filter& filter, const Scope& scope,
                               const base::Id& contact, const std::optional<Position>& after,
                               std::size_t limit) {
  SqlText sql;
  sql << kColumns << "timeline t WHERE t.business = ";
  sql.value(tx.business());
  sql << " AND t.contact = ";
  sql.value(contact);
  add_after(sql, filter, after);
  add_conditions(sql, "t", filter, scope, Conditions::kAll);
  add_order(sql, filter, limit);
  return run(tx, sql, filter);
}

std::vector<Line> walk_all(db::Tx& tx, const Filter& filter, const Scope& scope,
                           const std::optional<Position>& after, std::size_t limit) {
  SqlText sql;
  sql << kColumns << "timeline_all t WHERE t.business = ";
  sql.value(tx.business());
  if (scope.contact) {
    sql << " AND t.contact IN ";
    sql.list(scope.members);
  }
  add_after(sql, filter, after);
  add_conditions(sql, "t", filter, scope, Conditions::kAll);
  add_order(sql, filter, limit);
  return run(tx, sql, filter);
}

std::vector<Line> search(db::Tx& tx, const Filter& filter, const Scope& scope,
                         const std::optional<Position>& after, std::size_t limit) {
  SqlText sql;
  sql << kColumns;
  add_search(tx, sql, filter, scope);
  add_after(sql, filter, after);
  add_conditions(sql, "t", filter, scope, Conditions::kAll);
  add_order(sql, filter, limit);
  return run(tx, sql, filter);
}

}  // namespace

std::vector<Line> page(db::Tx& tx, const Filter& filter, const Scope& scope,
                       const std::optional<Position>& after, std::size_t limit) {
  if (!filter.words.empty()) return search(tx, filter, scope, after, limit);
  if (!scope.contact || scope.members.size() > kWalksMax) {
    return walk_all(tx, filter, scope, after, limit);
  }
  std::vector<Line> lines;
  for (const base::Id& member : scope.members) {
    std::vector<Line> more = walk_contact(tx, filter, scope, member, after, limit);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  if (scope.members.size() > 1) {
    std::sort(lines.begin(), lines.end(), [&](const Line& a, const Line& b) {
      const auto x = std::pair(a.at.occurred_at, a.at.pos);
      const auto y = std::pair(b.at.occurred_at, b.at.pos);
      return filter.ascending ? x < y : x > y;
    });
  }
  if (lines.size() > limit) lines.resize(limit);
  return lines;
}

}  // namespace annals::entries
