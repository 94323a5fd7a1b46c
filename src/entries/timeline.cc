#include "entries/timeline.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/id.h"
#include "db/db.h"
#include "db/full_text.h"
#include "entries/filter.h"
#include "entries/load.h"
#include "entries/sql.h"

namespace annals::entries {
namespace {

void add_after(SqlText& sql, const char* alias, const Filter& filter,
               const std::optional<Position>& after) {
  if (!after) return;
  sql << " AND (" << alias << ".occurred_at, " << alias << ".pos) "
      << (filter.ascending ? ">" : "<") << " (";
  sql.value(after->occurred_at);
  sql << ", ";
  sql.value(after->pos);
  sql << ")";
}

void add_order(SqlText& sql, const char* alias, const Filter& filter, std::size_t limit) {
  const char* direction = filter.ascending ? "ASC" : "DESC";
  sql << " ORDER BY " << alias << ".occurred_at " << direction << ", " << alias << ".pos "
      << direction << " LIMIT ";
  sql.value(static_cast<std::int64_t>(limit));
}

constexpr const char* kColumns = "SELECT t.occurred_at, t.pos, t.retracted_at FROM ";

// What the index finds, with the records, in one statement; in any order.
std::vector<Line> run(db::Tx& tx, SqlText& sql, const Filter& filter) {
  sql.wrap(
      "SELECT t.occurred_at, t.pos, t.retracted_at, p.entry, j.record, j.contact_seq, "
      "j.leaf_index FROM (",
      ") t JOIN journal j ON j.pos = t.pos AND j.business = ");
  sql.value(tx.business());
  sql << " LEFT JOIN pins p ON p.business = j.business AND p.entry = j.entry";
  std::vector<Line> lines;
  db::Rows rows = tx.query(sql.text(), sql.params());
  while (rows.next()) {
    const auto retracted_at = rows->maybe_integer(2);
    lines.push_back({.at = {rows->integer(0), rows->integer(1)},
                     .retracted = retracted_at && (!filter.as_of || *retracted_at <= *filter.as_of),
                     .pinned = !rows->is_null(3),
                     .shown = read_stored(*rows, 4)});
  }
  return lines;
}

void add_walk_all(SqlText& sql, db::Tx& tx, const Scope& scope) {
  sql << kColumns << "timeline_all t WHERE t.business = ";
  sql.value(tx.business());
  if (scope.contact) {
    sql << " AND t.contact IN ";
    sql.list(scope.members);
  }
}

// The first positions after `after` that the words are in.
std::vector<Position> find(db::Tx& tx, const Filter& filter, const Scope& scope,
                           const std::optional<Position>& after, std::size_t limit) {
  SqlText sql;
  add_found(tx, sql, filter, scope);
  add_after(sql, "j", filter, after);
  add_order(sql, "j", filter, limit);
  std::vector<Position> found;
  db::Rows rows = tx.query(sql.text(), sql.params());
  while (rows.next()) found.push_back({rows->integer(0), rows->integer(1)});
  return found;
}

// Those of the lines at `positions` that the filter and the reader's sight let through.
std::vector<Line> lines_at(db::Tx& tx, const Filter& filter, const Scope& scope,
                           const std::vector<Position>& positions) {
  SqlText sql;
  sql << kColumns << "(VALUES ";
  for (const Position& at : positions) {
    sql << (&at == &positions.front() ? "(CAST(" : ", (CAST(");
    sql.value(at.occurred_at);
    sql << " AS bigint), CAST(";
    sql.value(at.pos);
    sql << " AS bigint))";
  }
  sql << ") AS f " << db::entry_match_sql(tx.engine()).join
      << " timeline_all t ON t.occurred_at = f.column1 AND t.pos = f.column2";
  sql << " WHERE t.business = ";
  sql.value(tx.business());
  if (scope.contact && scope.members.size() > kWalksMax) {
    sql << " AND t.contact IN ";
    sql.list(scope.members);
  }
  add_conditions(sql, "t", filter, scope, Conditions::kAll);
  return run(tx, sql, filter);
}

// Which entries have the words is known soon, and that they are the newest as well; whether they
// are to be shown is asked of as many as fill the page.
std::vector<Line> search(db::Tx& tx, const Filter& filter, const Scope& scope,
                         std::optional<Position> after, std::size_t limit) {
  static constexpr std::size_t kPositionsMax = 2'000;  // of one question; SQLite binds 32,766
  std::vector<Line> lines;
  for (std::size_t step = limit; lines.size() < limit; step = std::min(4 * step, kPositionsMax)) {
    const std::vector<Position> found = find(tx, filter, scope, after, step);
    if (found.empty()) break;
    std::vector<Line> more = lines_at(tx, filter, scope, found);
    std::move(more.begin(), more.end(), std::back_inserter(lines));
    if (found.size() < step) break;
    after = found.back();
  }
  return lines;
}

void add_walk_contact(SqlText& sql, db::Tx& tx, const base::Id& contact) {
  sql << kColumns << "timeline t WHERE t.business = ";
  sql.value(tx.business());
  sql << " AND t.contact = ";
  sql.value(contact);
}

}  // namespace

std::vector<Line> page(db::Tx& tx, const Filter& filter, const Scope& scope,
                       const std::optional<Position>& after, std::size_t limit) {
  std::vector<Line> lines;
  const auto add_lines = [&](SqlText& sql) {
    add_after(sql, "t", filter, after);
    add_conditions(sql, "t", filter, scope, Conditions::kAll);
    add_order(sql, "t", filter, limit);
    std::vector<Line> more = run(tx, sql, filter);
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  };
  if (!filter.words.empty()) {
    lines = search(tx, filter, scope, after, limit);
  } else if (!scope.contact || scope.members.size() > kWalksMax) {
    SqlText sql;
    add_walk_all(sql, tx, scope);
    add_lines(sql);
  } else {
    for (const base::Id& member : scope.members) {
      SqlText sql;
      add_walk_contact(sql, tx, member);
      add_lines(sql);
    }
  }
  const auto first = [&](const Line& a, const Line& b) {
    const auto x = std::pair(a.at.occurred_at, a.at.pos);
    const auto y = std::pair(b.at.occurred_at, b.at.pos);
    return filter.ascending ? x < y : x > y;
  };
  // A join keeps no order; SQLite's comes as it was found.
  if (!std::is_sorted(lines.begin(), lines.end(), first)) {
    std::sort(lines.begin(), lines.end(), first);
  }
  if (lines.size() > limit)
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(limit), lines.end());
  return lines;
}

}  // namespace annals::entries
