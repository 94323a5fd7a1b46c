#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/time.h"
#include "db/db.h"
#include "entries/filter.h"
#include "entries/sql.h"
#include "entries/timeline.h"

namespace annals::entries {
namespace {

// The columns that the sources below give, in this order; after them `n` and the day or the time.
constexpr std::array<std::string_view, 9> kDimensions = {"category", "type",      "contact_type",
                                                         "method",   "direction", "status",
                                                         "actor",    "origin",    "staff"};
constexpr int kCount = 9;
constexpr int kDay = 10;                          // of the tally: a day; else an instant
constexpr std::size_t kRowsBetweenLooks = 1'024;  // at the clock

struct Choice {
  std::vector<std::string> values;  // sorted; empty: no filter
  [[nodiscard]] bool takes(const std::string& value) const {
    return values.empty() || std::binary_search(values.begin(), values.end(), value);
  }
};

std::array<Choice, kDimensions.size()> choices_of(const Filter& filter) {
  std::vector<std::string> origin;
  if (filter.manual) origin = {*filter.manual ? "manual" : "automatic"};
  std::vector<std::string> staff;
  staff.reserve(filter.staff.size());
  for (const base::Id& id : filter.staff) staff.push_back(id.text());
  std::sort(staff.begin(), staff.end());
  return {Choice{filter.categories},  Choice{filter.types},      Choice{filter.contact_types},
          Choice{filter.methods},     Choice{filter.directions}, Choice{filter.statuses},
          Choice{filter.actor_kinds}, Choice{std::move(origin)}, Choice{std::move(staff)}};
}

// One pass counts all dimensions: a row that every choice takes counts everywhere; a row that just
// one choice refuses counts in that dimension, which ignores its own filter.
class Counter {
 public:
  Counter(const Filter& filter, const std::string& time_zone, bool from_tally)
      : choices_(choices_of(filter)), time_zone_(time_zone), from_tally_(from_tally) {}

  void add(const db::Row& row) {
    std::array<std::string, kDimensions.size()> values = read(row);
    std::size_t refused = kDimensions.size();
    std::size_t refusals = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (choices_[i].takes(values[i])) continue;
      refused = i;
      if (++refusals > 1) return;
    }
    const std::int64_t n = row.integer(kCount);
    if (refusals == 1) {
      bump(refused, values[refused], n);
      return;
    }
    for (std::size_t i = 0; i < values.size(); ++i) bump(i, values[i], n);
    const base::Day day = from_tally_ ? static_cast<base::Day>(row.integer(kDay))
                                      : base::day_in_zone(row.integer(kDay), time_zone_);
    days_[day] += n;
  }

  [[nodiscard]] Facets take(bool exact) {
    Facets facets;
    facets.exact = exact;
    for (const std::string_view name : kDimensions) facets.counts[std::string(name)];
    for (std::size_t i = 0; i < kDimensions.size(); ++i) {
      auto& counts = facets.counts[std::string(kDimensions[i])];
      for (auto& [value, n] : counts_[i]) {
        if (n != 0) counts[value] = n;
      }
    }
    auto& days = facets.counts["days"];
    for (const auto& [day, n] : days_) {
      if (n != 0) days[base::format_date(day)] = n;
    }
    return facets;
  }

 private:
  static std::array<std::string, kDimensions.size()> read(const db::Row& row) {
    std::array<std::string, kDimensions.size()> values;
    for (int i = 0; i < 7; ++i) values[static_cast<std::size_t>(i)] = row.string(i);
    if (values[3].empty()) values[3] = "none";
    values[7] = row.flag(7) ? "manual" : "automatic";
    if (!row.blob(8).empty()) values[8] = row.id(8).text();
    return values;
  }
  void bump(std::size_t dimension, const std::string& value, std::int64_t n) {
    if (!value.empty()) counts_[dimension][value] += n;
  }

  std::array<Choice, kDimensions.size()> choices_;
  const std::string& time_zone_;
  bool from_tally_;
  std::array<std::map<std::string, std::int64_t>, kDimensions.size()> counts_;
  std::map<base::Day, std::int64_t> days_;
};

constexpr std::string_view kTallyColumns = R"(
  SELECT t.category, t.type, t.contact_type, t.method, t.direction, t.status, t.actor_kind,
         t.manual, t.staff, t.n, t.day FROM tally t WHERE t.business = )";
constexpr std::string_view kLineColumns =
    "SELECT t.category, t.type, t.contact_type, t.method, t.direction, ";
constexpr std::string_view kMoreLineColumns =
    ", t.actor_kind, t.manual, t.staff, 1, t.occurred_at FROM ";

constexpr const char* kTallyZone = "SELECT time_zone FROM tally_zones WHERE business = $1";

// The day that begins at `instant`, where one does.
std::optional<base::Day> whole_day(base::Micros instant, const std::string& time_zone) {
  const base::Day day = base::day_in_zone(instant, time_zone);
  if (base::start_of_day(day, time_zone) != instant) return std::nullopt;
  return day;
}

// Whether the tally answers: all clients, nothing but what its columns hold, whole days.
bool tally_answers(db::Tx& tx, const Filter& filter, const Scope& scope,
                   const std::string& time_zone) {
  if (scope.contact || !filter.words.empty() || filter.as_of || !filter.tags.empty()) return false;
  if (filter.from && !whole_day(*filter.from, time_zone)) return false;
  if (filter.to && !whole_day(*filter.to, time_zone)) return false;
  db::Rows rows = tx.query(kTallyZone, {tx.business()});
  return !rows.next() || rows->text(0) == time_zone;
}

SqlText tally_query(db::Tx& tx, Filter filter, const Scope& scope, const std::string& time_zone) {
  SqlText sql;
  sql << kTallyColumns;
  sql.value(tx.business());
  if (filter.from) {
    sql << " AND t.day >= ";
    sql.value(*whole_day(*filter.from, time_zone));
  }
  if (filter.to) {
    sql << " AND t.day < ";
    sql.value(*whole_day(*filter.to, time_zone));
  }
  add_tally_conditions(sql, "t", filter, scope);
  return sql;
}

SqlText line_query(db::Tx& tx, const Filter& filter, const Scope& scope,
                   const std::optional<base::Id>& contact) {
  SqlText sql;
  sql << kLineColumns << status_sql("t", filter) << kMoreLineColumns;
  if (!filter.words.empty()) {
    add_search(tx, sql, filter, scope);
  } else {
    sql << (contact ? "timeline t WHERE t.business = " : "timeline_all t WHERE t.business = ");
    sql.value(tx.business());
    if (contact) {
      sql << " AND t.contact = ";
      sql.value(*contact);
    } else if (scope.contact) {
      sql << " AND t.contact IN ";
      sql.list(scope.members);
    }
  }
  add_conditions(sql, "t", filter, scope, Conditions::kWithoutChoices);
  add_not_retracted(sql, "t", filter);
  return sql;
}

// Whether it came to the end in time.
bool count_rows(db::Tx& tx, const SqlText& sql, Counter& counter, base::Micros deadline) {
  db::Rows rows = tx.query(sql.text(), sql.params());
  std::size_t seen = 0;
  while (rows.next()) {
    counter.add(*rows);
    if (++seen % kRowsBetweenLooks == 0 && tx.clock().steady() > deadline) return false;
  }
  return true;
}

}  // namespace

Facets facets(db::Tx& tx, const Filter& filter, const Scope& scope, const std::string& time_zone) {
  const base::Micros deadline = tx.clock().steady() + base::limits::kFacetsMs * 1'000;
  if (tally_answers(tx, filter, scope, time_zone)) {
    Counter counter(filter, time_zone, true);
    static_cast<void>(count_rows(tx, tally_query(tx, filter, scope, time_zone), counter, deadline));
    return counter.take(true);
  }
  Counter counter(filter, time_zone, false);
  bool exact = true;
  const bool by_member = filter.words.empty() && scope.contact && scope.members.size() <= kWalksMax;
  if (!by_member) {
    exact = count_rows(tx, line_query(tx, filter, scope, std::nullopt), counter, deadline);
    return counter.take(exact);
  }
  for (const base::Id& member : scope.members) {
    exact = exact && count_rows(tx, line_query(tx, filter, scope, member), counter, deadline);
  }
  return counter.take(exact);
}

}  // namespace annals::entries
