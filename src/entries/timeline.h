// Pages of a history, newest (or oldest) first, and the counts beside them. Private to entries/.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/db.h"
#include "entries/filter.h"
#include "entries/load.h"

namespace annals::entries {

/// An entry's shown version.
struct Line {
  Position at;
  bool retracted = false;  // as of the filter's as_of
  bool pinned = false;
  StoredText shown;
};

/// At most `limit` lines after `after` (from the beginning where empty), in the filter's order.
[[nodiscard]] std::vector<Line> page(db::Tx& tx, const Filter& filter, const Scope& scope,
                                     const std::optional<Position>& after, std::size_t limit);

/// How many shown, not retracted entries there are a value of each dimension; each dimension
/// ignores its own filter. `staff` by id, `days` by date in the business's zone.
struct Facets {
  std::map<std::string, std::map<std::string, std::int64_t>> counts;
  bool exact = true;  // false: the time was up (limits::kFacetsMs)
};
[[nodiscard]] Facets facets(db::Tx& tx, const Filter& filter, const Scope& scope,
                            const std::string& time_zone);

}  // namespace annals::entries
