// Whether the tables that stand beside the journal hold what follows from it, all of it and nothing
// else: by adding up keyed hashes of their rows, of those that they should have and of those that
// they have. Sums that are equal mean that the rows are; which row differs they do not tell.
// Reading each table from end to end takes a third of the time that looking up each row takes.
// Private to evidence/.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/short_hash.h"
#include "db/db.h"
#include "entries/check.h"
#include "ledger/ledger.h"

namespace annals::evidence {

/// Some rows, in whatever order: the sum of their hashes modulo 2^128.
struct RowSum {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  void add(const RowSum& other);
  void take_away(const RowSum& other);
  bool operator==(const RowSum&) const = default;
};

struct BesideSums {
  RowSum lines;         // of either timeline
  RowSum versions;      // of entry_versions
  RowSum supersession;  // of the table of that name
  RowSum events;        // of delivery_events
  void add(const BesideSums& other);
  bool operator==(const BesideSums&) const = default;
};

/// Hashes of single rows, under a key that nobody knows beforehand. One thread.
class RowHash {
 public:
  explicit RowHash(const base::ShortHashKey& key) : key_(key) {}

  /// A line of a timeline, without its status and what later versions did to it …
  [[nodiscard]] RowSum line(const base::Id& contact, base::Micros occurred_at, std::int64_t pos,
                            const entries::TimelineColumns& columns);
  /// … and these: nothing for no status …
  [[nodiscard]] RowSum status(std::int64_t pos, std::string_view status);
  /// … hidden by a correction or struck by a retraction.
  [[nodiscard]] RowSum mark(std::int64_t pos, bool struck, base::Micros since);
  [[nodiscard]] RowSum event(const base::Id& entry, std::int64_t pos, base::Micros recorded_at,
                             std::string_view status_before);
  [[nodiscard]] RowSum version(const base::Id& entry, std::int64_t version, std::int64_t pos);
  [[nodiscard]] RowSum later(const base::Id& entry, std::int64_t version, std::int64_t pos,
                             ledger::Kind kind, base::Micros recorded_at);

 private:
  RowHash& begin(char table);
  RowHash& number(std::int64_t value);
  RowHash& bytes(base::ByteSpan value);
  [[nodiscard]] RowSum end() const;

  base::ShortHashKey key_;
  std::string row_;
};

/// The line of a timeline that begins with column `at`: recorded_at, category, type, contact_type,
/// method, direction, status, actor_kind, staff, manual, has_attachment, author, views. It refers
/// to the row.
[[nodiscard]] entries::TimelineColumns timeline_at(const db::Row& row, int at);

struct BesideFound {
  BesideSums sums;
  bool same = false;  // whether both timelines have the same
};
/// What the tables of `business` have. On three threads where `threads` allows it. What is written
/// meanwhile makes sums differ too.
[[nodiscard]] BesideFound read_beside(db::Database& database, db::BusinessKey business,
                                      const base::ShortHashKey& key, int threads);

}  // namespace annals::evidence
