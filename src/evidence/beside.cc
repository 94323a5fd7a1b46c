#include "evidence/beside.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <future>
#include <limits>
#include <string>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/short_hash.h"
#include "db/db.h"
#include "entries/check.h"
#include "ledger/ledger.h"

namespace annals::evidence {
namespace {

constexpr std::int64_t kRowsAtOnce = 50'000;  // of one read transaction, which has five seconds

constexpr const char* kLines = R"(
  SELECT contact, occurred_at, pos, hidden_at, retracted_at, recorded_at, category, type,
         contact_type, method, direction, status, actor_kind, staff, manual, has_attachment, author,
         views
  FROM timeline WHERE business = $1 AND (contact, occurred_at, pos) > ($2, $3, $4)
  ORDER BY contact, occurred_at, pos LIMIT $5)";
constexpr const char* kLinesOfAll = R"(
  SELECT contact, occurred_at, pos, hidden_at, retracted_at, recorded_at, category, type,
         contact_type, method, direction, status, actor_kind, staff, manual, has_attachment, author,
         views
  FROM timeline_all WHERE business = $1 AND (occurred_at, pos) > ($2, $3)
  ORDER BY occurred_at, pos LIMIT $4)";
constexpr const char* kVersions = R"(
  SELECT entry, version, pos FROM entry_versions
  WHERE business = $1 AND (entry, version) > ($2, $3) ORDER BY entry, version LIMIT $4)";
constexpr const char* kLater = R"(
  SELECT entry, version, pos, kind, recorded_at FROM supersession
  WHERE business = $1 AND (entry, version) > ($2, $3) ORDER BY entry, version LIMIT $4)";

constexpr const char* kEvents = R"(
  SELECT entry, pos, recorded_at, status_before FROM delivery_events
  WHERE business = $1 AND (entry, pos) > ($2, $3) ORDER BY entry, pos LIMIT $4)";

constexpr std::int64_t kBeforeAll = std::numeric_limits<std::int64_t>::min();

void add_line(const db::Row& row, RowHash& hash, RowSum& sum) {
  const std::int64_t pos = row.integer(2);
  const entries::TimelineColumns columns = timeline_at(row, 5);
  sum.add(hash.line(row.id(0), row.integer(1), pos, columns));
  sum.add(hash.status(pos, columns.status));
  if (!row.is_null(3)) sum.add(hash.mark(pos, false, row.integer(3)));
  if (!row.is_null(4)) sum.add(hash.mark(pos, true, row.integer(4)));
}

// Reads a table to its end, some rows a transaction: `part` reads those that follow on what it read
// before, and says how many there were.
void read_on(db::Database& database, db::BusinessKey business,
             const std::function<std::int64_t(db::Tx&)>& part) {
  while (database.read_as_is(business, part) == kRowsAtOnce) continue;
}

struct Reading {
  db::Database& database;
  db::BusinessKey business;
  base::ShortHashKey key;

  [[nodiscard]] RowSum timeline() const {
    RowSum sum;
    RowHash hash(key);
    base::Id contact;
    std::int64_t occurred_at = kBeforeAll;
    std::int64_t pos = 0;
    read_on(database, business, [&](db::Tx& tx) {
      std::int64_t n = 0;
      db::Rows rows = tx.query(kLines, {business, contact, occurred_at, pos, kRowsAtOnce});
      for (; rows.next(); ++n) {
        add_line(*rows, hash, sum);
        contact = rows->id(0);
        occurred_at = rows->integer(1);
        pos = rows->integer(2);
      }
      return n;
    });
    return sum;
  }

  [[nodiscard]] RowSum timeline_all() const {
    RowSum sum;
    RowHash hash(key);
    std::int64_t occurred_at = kBeforeAll;
    std::int64_t pos = 0;
    read_on(database, business, [&](db::Tx& tx) {
      std::int64_t n = 0;
      db::Rows rows = tx.query(kLinesOfAll, {business, occurred_at, pos, kRowsAtOnce});
      for (; rows.next(); ++n) {
        add_line(*rows, hash, sum);
        occurred_at = rows->integer(1);
        pos = rows->integer(2);
      }
      return n;
    });
    return sum;
  }

  [[nodiscard]] RowSum events() const {
    RowSum sum;
    RowHash hash(key);
    base::Id entry;
    std::int64_t pos = kBeforeAll;
    read_on(database, business, [&](db::Tx& tx) {
      std::int64_t n = 0;
      db::Rows rows = tx.query(kEvents, {business, entry, pos, kRowsAtOnce});
      for (; rows.next(); ++n) {
        entry = rows->id(0);
        pos = rows->integer(1);
        sum.add(hash.event(entry, pos, rows->integer(2), rows->text(3)));
      }
      return n;
    });
    return sum;
  }

  [[nodiscard]] RowSum by_entry(const char* sql, bool later) const {
    RowSum sum;
    RowHash hash(key);
    base::Id entry;
    std::int64_t version = kBeforeAll;
    read_on(database, business, [&](db::Tx& tx) {
      std::int64_t n = 0;
      db::Rows rows = tx.query(sql, {business, entry, version, kRowsAtOnce});
      for (; rows.next(); ++n) {
        entry = rows->id(0);
        version = rows->integer(1);
        const std::int64_t pos = rows->integer(2);
        sum.add(later ? hash.later(entry, version, pos, static_cast<ledger::Kind>(rows->integer(3)),
                                   rows->integer(4))
                      : hash.version(entry, version, pos));
      }
      return n;
    });
    return sum;
  }
};

}  // namespace

void RowSum::add(const RowSum& other) {
  low += other.low;
  high += other.high + (low < other.low ? 1U : 0U);
}

void RowSum::take_away(const RowSum& other) {
  high -= other.high + (low < other.low ? 1U : 0U);
  low -= other.low;
}

void BesideSums::add(const BesideSums& other) {
  lines.add(other.lines);
  versions.add(other.versions);
  supersession.add(other.supersession);
  events.add(other.events);
}

RowHash& RowHash::begin(char table) {
  row_.assign(1, table);
  return *this;
}

RowHash& RowHash::number(std::int64_t value) {
  std::array<char, sizeof value> raw{};
  std::memcpy(raw.data(), &value, raw.size());
  row_.append(raw.data(), raw.size());
  return *this;
}

// With its length before it, so that no two rows are written alike.
RowHash& RowHash::bytes(base::ByteSpan value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  std::array<char, sizeof size> raw{};
  std::memcpy(raw.data(), &size, raw.size());
  row_.append(raw.data(), raw.size()).append(base::as_text(value));
  return *this;
}

RowSum RowHash::end() const {
  const base::ShortHash hash = base::short_hash(key_, base::as_bytes(row_));
  return {.low = hash[0], .high = hash[1]};
}

RowSum RowHash::line(const base::Id& contact, base::Micros occurred_at, std::int64_t pos,
                     const entries::TimelineColumns& columns) {
  begin('l').number(occurred_at).number(pos).number(columns.recorded_at).bytes(contact.bytes);
  for (const std::string_view text :
       {columns.category, columns.type, columns.contact_type, columns.method, columns.direction,
        columns.actor_kind, columns.views}) {
    bytes(base::as_bytes(text));
  }
  bytes(columns.staff).bytes(columns.author);
  number((columns.manual ? 1 : 0) + (columns.has_attachment ? 2 : 0));
  return end();
}

RowSum RowHash::status(std::int64_t pos, std::string_view status) {
  if (status.empty()) return {};
  return begin('t').number(pos).bytes(base::as_bytes(status)).end();
}

RowSum RowHash::event(const base::Id& entry, std::int64_t pos, base::Micros recorded_at,
                      std::string_view status_before) {
  begin('e').bytes(entry.bytes).number(pos).number(recorded_at);
  return bytes(base::as_bytes(status_before)).end();
}

RowSum RowHash::mark(std::int64_t pos, bool struck, base::Micros since) {
  return begin(struck ? 'r' : 'c').number(pos).number(since).end();
}

RowSum RowHash::version(const base::Id& entry, std::int64_t version, std::int64_t pos) {
  return begin('v').bytes(entry.bytes).number(version).number(pos).end();
}

RowSum RowHash::later(const base::Id& entry, std::int64_t version, std::int64_t pos,
                      ledger::Kind kind, base::Micros recorded_at) {
  begin('s').bytes(entry.bytes).number(version).number(pos);
  return number(static_cast<std::int64_t>(kind)).number(recorded_at).end();
}

entries::TimelineColumns timeline_at(const db::Row& row, int at) {
  return {.recorded_at = row.integer(at),
          .category = row.text(at + 1),
          .type = row.text(at + 2),
          .contact_type = row.text(at + 3),
          .method = row.text(at + 4),
          .direction = row.text(at + 5),
          .status = row.text(at + 6),
          .actor_kind = row.text(at + 7),
          .staff = row.blob(at + 8),
          .manual = row.flag(at + 9),
          .has_attachment = row.flag(at + 10),
          .author = row.blob(at + 11),
          .views = row.text(at + 12)};
}

BesideFound read_beside(db::Database& database, db::BusinessKey business,
                        const base::ShortHashKey& key, int threads) {
  const Reading reading{.database = database, .business = business, .key = key};
  const auto how = threads > 1 ? std::launch::async : std::launch::deferred;
  auto lines = std::async(how, [&] { return reading.timeline(); });
  auto lines_of_all = std::async(how, [&] { return reading.timeline_all(); });
  BesideFound found;
  found.sums.versions = reading.by_entry(kVersions, false);
  found.sums.supersession = reading.by_entry(kLater, true);
  found.sums.events = reading.events();
  found.sums.lines = lines.get();
  found.same = lines_of_all.get() == found.sums.lines;
  return found;
}

}  // namespace annals::evidence
