#include "entries/derive.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "db/business.h"
#include "db/db.h"
#include "db/full_text.h"
#include "entries/delivery.h"
#include "entries/record.h"
#include "entries/search.h"
#include "ledger/ledger.h"
#include "ledger/tree.h"
#include "tlog/tree.h"

namespace annals::entries {
namespace {

// Rows of one transaction: large enough to spare commits, small enough for readers that wait.
constexpr std::int64_t kBatchRows = 1'000;
constexpr std::size_t kBatchBytes = 256 * 1024;  // of records; the row that passes it is the last
// While the index is made anew nobody is served.
constexpr std::int64_t kFarBehindBatchRows = 20'000;
constexpr std::size_t kFarBehindBatchBytes = std::size_t{16} * 1024 * 1024;

struct JournalRow {
  std::int64_t pos = 0;
  db::BusinessKey business = 0;
  base::Id contact;
  base::Id entry;
  std::int64_t version = 0;
  ledger::Kind kind = ledger::Kind::kEntry;
  std::int64_t contact_seq = 0;
  std::int64_t leaf_index = 0;
  base::Micros recorded_at = 0;
  base::Micros occurred_at = 0;
  std::string record;
  tlog::Hash leaf_hash{};
};

// What one combination of the tally's columns is counted by.
using TallyKey = std::tuple<db::BusinessKey, base::Day, std::string, std::string, std::string,
                            std::string, std::string, std::string, std::string, base::Bytes, bool,
                            bool, base::Bytes, std::string>;

struct HeadRow {
  std::int64_t seq = 0;
  base::Micros recorded_at = 0;
};

// An entry as the derived rows show it.
struct Shown {
  Record record;
  std::string status;
  std::optional<base::Id> staff;
  std::optional<base::Id> author;  // of a private entry: who recorded its first version
  std::string views;
};

// One batch.
struct Batch {
  explicit Batch(db::Tx& transaction) : tx(transaction) {}
  db::Tx& tx;
  // Rows to be inserted together. What their values refer to is kept in `shown` and `words`.
  std::vector<db::Param> timeline;
  std::vector<db::Param> versions;
  std::vector<db::Param> events;
  std::vector<db::Param> notes;
  std::vector<db::Param> uses;
  std::vector<db::Param> searched;
  std::deque<Shown> shown;
  std::deque<std::string> words;
  std::map<TallyKey, std::int64_t> tally;
  std::map<std::pair<db::BusinessKey, base::Id>, HeadRow> heads;
  std::set<std::pair<db::BusinessKey, base::Id>> contacts;
  std::map<db::BusinessKey, std::string> zones;
};

constexpr const char* kJournal = R"(
  SELECT pos, business, contact, entry, version, kind, contact_seq, leaf_index, recorded_at,
         occurred_at, record, leaf
  FROM journal WHERE pos > $1 ORDER BY pos LIMIT $2)";
constexpr const char* kJournalOfBusiness = R"(
  SELECT pos, business, contact, entry, version, kind, contact_seq, leaf_index, recorded_at,
         occurred_at, record, leaf
  FROM journal WHERE business = $3 AND pos > $1 ORDER BY pos LIMIT $2)";

constexpr const char* kJournalEnd = "SELECT coalesce(max(pos), 0) FROM journal";

JournalRow journal_row(const db::Row& row) {
  return {row.integer(0), row.integer(1), row.id(2),
          row.id(3),      row.integer(4), static_cast<ledger::Kind>(row.integer(5)),
          row.integer(6), row.integer(7), row.integer(8),
          row.integer(9), row.string(10), tlog::leaf_hash(row.blob(11))};
}

bool is_far_behind(db::Tx& tx, std::int64_t after) {
  db::Rows rows = tx.query(kJournalEnd, {});
  return rows.next() && rows->integer(0) - after >= base::limits::kFarBehindRows;
}

std::vector<JournalRow> read_journal(db::Tx& tx, std::int64_t after) {
  std::vector<JournalRow> rows_read;
  std::size_t bytes = 0;
  const bool all = tx.business() == db::kNoBusiness;
  const bool far = all && is_far_behind(tx, after);
  const std::int64_t rows_max = far ? kFarBehindBatchRows : kBatchRows;
  const std::size_t bytes_max = far ? kFarBehindBatchBytes : kBatchBytes;
  db::Rows rows = all ? tx.query(kJournal, {after, rows_max})
                      : tx.query(kJournalOfBusiness, {after, rows_max, tx.business()});
  while (bytes < bytes_max && rows.next()) {
    rows_read.push_back(journal_row(*rows));
    bytes += rows_read.back().record.size();
  }
  return rows_read;
}

// The same of what the transaction wrote itself, without reading it again; empty where that is not
// all that follows.
std::vector<JournalRow> take_appended(const db::Tx& tx, std::int64_t after) {
  std::vector<JournalRow> rows_taken;
  std::optional<db::Rows> rows = tx.appended(ledger::kJournal);
  std::size_t bytes = 0;
  while (rows && bytes < kBatchBytes && std::ssize(rows_taken) < kBatchRows && rows->next()) {
    const std::int64_t pos = (*rows)->integer(0);
    if (pos <= after) continue;
    if (pos != after + std::ssize(rows_taken) + 1) return {};
    rows_taken.push_back(journal_row(**rows));
    bytes += rows_taken.back().record.size();
  }
  return rows_taken;
}

constexpr db::LookUp kZone{.one =
                               "SELECT business, time_zone FROM tally_zones WHERE business = $2"};
constexpr const char* kBusinessZone = "SELECT time_zone FROM businesses WHERE business = $1";
constexpr const char* kKeepZone = "INSERT INTO tally_zones (business, time_zone) VALUES ($1, $2)";

const std::string& zone_of(Batch& batch, db::BusinessKey business) {
  const auto it = batch.zones.find(business);
  if (it != batch.zones.end()) return it->second;
  {
    db::Rows rows = batch.tx.look_up(kZone, business);
    if (rows.next()) return batch.zones.emplace(business, rows->string(1)).first->second;
  }
  db::Rows rows = batch.tx.query(kBusinessZone, {business});
  CHECK(rows.next());
  const std::string zone = rows->string(0);
  batch.tx.execute(kKeepZone, {business, zone});
  batch.tx.forget_answer(kZone, business);
  return batch.zones.emplace(business, zone).first->second;
}

constexpr const char* kFirstRecord = R"(
  SELECT j.record FROM entry_versions v JOIN journal j ON j.business = v.business AND j.pos = v.pos
  WHERE v.business = $1 AND v.entry = $2 AND v.version = 1)";

base::Id author_of(db::Tx& tx, const JournalRow& row, const Record& record) {
  if (row.version == 1) return record.recorded_by.id;
  db::Rows rows = tx.query(kFirstRecord, {row.business, row.entry});
  if (!rows.next() || rows->text(0).empty()) return record.recorded_by.id;
  return parse_record(rows->text(0)).recorded_by.id;
}

// `status` is what delivery events made of it, where the entry was there before.
Shown show(db::Tx& tx, const JournalRow& row, Record record,
           const std::optional<std::string>& status) {
  Shown shown;
  if (status) {
    shown.status = *status;
  } else if (const catalog::Type* type = catalog::builtin_type(record.type)) {
    shown.status = type->status;
  }
  if (record.actor.kind == "staff") shown.staff = record.actor.id;
  if (record.is_private) shown.author = author_of(tx, row, record);
  shown.views = views_column(record.views);
  shown.record = std::move(record);
  return shown;
}

base::Bytes bytes_of(const std::optional<base::Id>& id) {
  if (!id) return {};
  return {id->bytes.begin(), id->bytes.end()};
}

void count(Batch& batch, db::BusinessKey business, const Shown& shown, std::int64_t by) {
  const Record& r = shown.record;
  const base::Day day = base::day_in_zone(r.occurred_at, zone_of(batch, business));
  batch.tally[{business, day, r.category, r.type, r.contact_type, r.method, r.direction,
               shown.status, r.actor.kind, bytes_of(shown.staff), r.manual, !r.attachments.empty(),
               bytes_of(shown.author), shown.views}] += by;
}

constexpr db::InsertInto kTimeline{
    .table =
        "timeline (business, contact, occurred_at, pos, recorded_at, category, type, "
        "contact_type, method, direction, status, actor_kind, staff, manual, has_attachment, "
        "author, views)",
    .types = "ibiiitttttttbiibt",
    .conflict = {}};
constexpr db::InsertInto kTimelineAll{
    .table =
        "timeline_all (business, contact, occurred_at, pos, recorded_at, category, type, "
        "contact_type, method, direction, status, actor_kind, staff, manual, has_attachment, "
        "author, views)",
    .types = kTimeline.types,
    .conflict = {}};
constexpr db::InsertInto kVersion{
    .table = "entry_versions (business, entry, version, pos)", .types = "ibii", .conflict = {}};
constexpr db::InsertInto kEvent{
    .table = "delivery_events (business, entry, pos, recorded_at, status_before)",
    .types = "ibiit",
    .conflict = {}};
constexpr db::InsertInto kNote{.table = "entry_notes (business, about, entry)",
                               .types = "ibb",
                               .conflict = "ON CONFLICT (business, about, entry) DO NOTHING"};
constexpr db::InsertInto kUse{.table = "attachment_uses (business, attachment, entry)",
                              .types = "ibb",
                              .conflict = "ON CONFLICT (business, attachment, entry) DO NOTHING"};

std::optional<std::string_view> maybe(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

void add(std::vector<db::Param>& rows, std::initializer_list<db::Param> row) {
  rows.insert(rows.end(), row.begin(), row.end());
}

void insert(Batch& batch, const JournalRow& row, const Shown& shown) {
  const Record& r = shown.record;
  add(batch.timeline, {row.business, row.contact, row.occurred_at, row.pos, row.recorded_at,
                       r.category, r.type, maybe(r.contact_type), maybe(r.method),
                       maybe(r.direction), maybe(shown.status), r.actor.kind, shown.staff, r.manual,
                       !r.attachments.empty(), shown.author, maybe(shown.views)});
  if (r.about) add(batch.notes, {row.business, *r.about, row.entry});
  for (const RecordAttachment& file : r.attachments) {
    add(batch.uses, {row.business, file.id, row.entry});
  }
  add(batch.searched, {row.pos, batch.words.emplace_back(index_words(row.business, r))});
}

// Writes what was gathered, so that queries see it.
void flush(Batch& batch) {
  db::Tx& tx = batch.tx;
  tx.insert(kTimeline, batch.timeline);
  tx.insert(kTimelineAll, batch.timeline);
  tx.insert(kVersion, batch.versions);
  tx.insert(kEvent, batch.events);
  tx.insert(kNote, batch.notes);
  tx.insert(kUse, batch.uses);
  tx.insert(db::words_into(tx.engine(), db::WordIndex::kEntries), batch.searched);
  for (auto* rows : {&batch.timeline, &batch.versions, &batch.events, &batch.notes, &batch.uses,
                     &batch.searched}) {
    rows->clear();
  }
}

constexpr const char* kShownBefore = R"(
  SELECT v.pos, j.occurred_at, j.record, j.version, t.status, t.retracted_at
  FROM entry_versions v JOIN journal j ON j.business = v.business AND j.pos = v.pos
  LEFT JOIN timeline_all t ON t.business = j.business AND t.occurred_at = j.occurred_at
    AND t.pos = j.pos
  WHERE v.business = $1 AND v.entry = $2
  ORDER BY v.version DESC LIMIT 1)";

// The version of an entry that is shown until another one comes.
struct ShownBefore {
  JournalRow row;
  std::optional<std::string> status;  // of its line, where it has one
  bool retracted = false;
};

ShownBefore shown_before(db::Tx& tx, const JournalRow& row) {
  db::Rows rows = tx.query(kShownBefore, {row.business, row.entry});
  CHECK(rows.next());
  ShownBefore before{.row = row, .status = std::nullopt, .retracted = !rows->is_null(5)};
  before.row.pos = rows->integer(0);
  before.row.occurred_at = rows->integer(1);
  before.row.record = rows->string(2);
  before.row.version = rows->integer(3);
  if (!before.row.record.empty()) before.status = rows->string(4);
  return before;
}

constexpr const char* kHide = R"(
  UPDATE timeline SET hidden_at = $5
  WHERE business = $1 AND contact = $2 AND occurred_at = $3 AND pos = $4)";
constexpr const char* kHideAll = R"(
  UPDATE timeline_all SET hidden_at = $4 WHERE business = $1 AND occurred_at = $2 AND pos = $3)";
constexpr const char* kStrike = R"(
  UPDATE timeline SET retracted_at = $5
  WHERE business = $1 AND contact = $2 AND occurred_at = $3 AND pos = $4)";
constexpr const char* kStrikeAll = R"(
  UPDATE timeline_all SET retracted_at = $4 WHERE business = $1 AND occurred_at = $2 AND pos = $3)";

// The version that was shown until `row` came: hidden by a correction, struck out by a retraction.
// Gives what its status was.
std::optional<std::string> supersede(Batch& batch, const JournalRow& row) {
  const ShownBefore before = shown_before(batch.tx, row);
  const bool retraction = row.kind == ledger::Kind::kRetraction;
  batch.tx.execute(retraction ? kStrike : kHide, {row.business, row.contact, before.row.occurred_at,
                                                  before.row.pos, row.recorded_at});
  batch.tx.execute(retraction ? kStrikeAll : kHideAll,
                   {row.business, before.row.occurred_at, before.row.pos, row.recorded_at});
  if (!before.row.record.empty()) {
    count(batch, row.business,
          show(batch.tx, before.row, parse_record(before.row.record), before.status), -1);
  }
  return before.status;
}

constexpr const char* kLines = R"(
  SELECT j.occurred_at, j.pos FROM entry_versions v
  JOIN journal j ON j.business = v.business AND j.pos = v.pos
  WHERE v.business = $1 AND v.entry = $2)";
constexpr const char* kSetStatus = R"(
  UPDATE timeline SET status = $5
  WHERE business = $1 AND contact = $2 AND occurred_at = $3 AND pos = $4)";
constexpr const char* kSetStatusAll = R"(
  UPDATE timeline_all SET status = $4 WHERE business = $1 AND occurred_at = $2 AND pos = $3)";

// All versions of an entry have its status, so that it is right whichever is shown.
void set_status(db::Tx& tx, const JournalRow& row, std::string_view status) {
  std::vector<std::pair<base::Micros, std::int64_t>> lines;
  {
    db::Rows rows = tx.query(kLines, {row.business, row.entry});
    while (rows.next()) lines.emplace_back(rows->integer(0), rows->integer(1));
  }
  for (const auto& [occurred_at, pos] : lines) {
    tx.execute(kSetStatus, {row.business, row.contact, occurred_at, pos, status});
    tx.execute(kSetStatusAll, {row.business, occurred_at, pos, status});
  }
}

void deliver(Batch& batch, const JournalRow& row) {
  if (row.record.empty()) return;  // erased
  flush(batch);
  const ShownBefore before = shown_before(batch.tx, row);
  if (!before.status) return;  // erased
  const std::string& status = batch.words.emplace_back(*before.status);
  add(batch.events, {row.business, row.entry, row.pos, row.recorded_at, maybe(status)});
  const Delivery delivery = parse_delivery(row.record);
  const std::string after(status_after(status, delivery.status, delivery.machine));
  if (after == status) return;
  set_status(batch.tx, row, after);
  if (before.retracted) return;
  const Record record = parse_record(before.row.record);
  count(batch, row.business, show(batch.tx, before.row, record, status), -1);
  count(batch, row.business, show(batch.tx, before.row, record, after), 1);
}

void note_contacts(Batch& batch, const JournalRow& row, const Record& record) {
  if (record.category == "profile" || record.category == "data_protection") {
    batch.contacts.emplace(row.business, row.contact);
  }
}

void apply_row(Batch& batch, const JournalRow& row) {
  batch.heads[{row.business, row.contact}] = {row.contact_seq, row.recorded_at};
  batch.heads[{row.business, base::Id{}}] = {row.leaf_index + 1, row.recorded_at};
  if (row.kind == ledger::Kind::kDelivery) return deliver(batch, row);
  if (row.kind > ledger::Kind::kRetraction) return;  // a leaf, and no version of an entry
  std::optional<std::string> status;
  if (row.version > 1) {
    flush(batch);
    status = supersede(batch, row);
  }
  if (row.kind == ledger::Kind::kRetraction) return;
  add(batch.versions, {row.business, row.entry, row.version, row.pos});
  if (row.record.empty()) return;  // erased: its leaf stays, its content is nowhere
  const Shown& shown =
      batch.shown.emplace_back(show(batch.tx, row, parse_record(row.record), status));
  insert(batch, row, shown);
  count(batch, row.business, shown, 1);
  note_contacts(batch, row, shown.record);
}

constexpr db::InsertInto kHead{
    .table = "heads (business, contact, seq, recorded_at)",
    .types = "ibii",
    .conflict =
        "ON CONFLICT (business, contact) "
        "DO UPDATE SET seq = excluded.seq, recorded_at = excluded.recorded_at"};
constexpr db::InsertInto kTally{
    .table =
        "tally (business, day, category, type, contact_type, method, direction, status, "
        "actor_kind, staff, manual, has_attachment, author, views, n)",
    .types = "iitttttttbiibti",
    .conflict =
        "ON CONFLICT (business, day, category, type, contact_type, method, direction, "
        "status, actor_kind, staff, manual, has_attachment, author, views) "
        "DO UPDATE SET n = tally.n + excluded.n"};

void write_sums(Batch& batch) {
  std::vector<db::Param> heads;
  for (const auto& [key, head] : batch.heads) {
    add(heads, {key.first, key.second, head.seq, head.recorded_at});
  }
  batch.tx.insert(kHead, heads);
  std::vector<db::Param> tally;
  for (const auto& [key, n] : batch.tally) {
    if (n == 0) continue;
    const auto& [business, day, category, type, contact_type, method, direction, status, actor_kind,
                 staff, manual, has_attachment, author, views] = key;
    add(tally, {business, day, category, type, contact_type, method, direction, status, actor_kind,
                base::ByteSpan(staff), manual, has_attachment, base::ByteSpan(author), views, n});
  }
  batch.tx.insert(kTally, tally);
}

void grow_trees(db::Tx& tx, const std::vector<JournalRow>& rows) {
  struct New {
    std::int64_t first = 0;
    std::vector<tlog::Hash> hashes;
  };
  std::map<db::BusinessKey, New> grown;
  for (const JournalRow& row : rows) {
    New& of =
        grown.try_emplace(row.business, New{.first = row.leaf_index, .hashes = {}}).first->second;
    of.hashes.push_back(row.leaf_hash);
  }
  for (auto& [business, of] : grown) {
    ledger::grow_tree(tx, business, static_cast<std::uint64_t>(of.first), std::move(of.hashes));
  }
}

constexpr const char* kOutdated = R"(
  SELECT 1 FROM tally_zones z JOIN businesses b ON b.business = z.business
  WHERE b.time_zone <> z.time_zone LIMIT 1)";

}  // namespace

db::Derive derivation(IndexContact index_contact) {
  return [index_contact = std::move(index_contact)](db::Tx& tx, std::int64_t after) {
    std::vector<JournalRow> rows = take_appended(tx, after);
    if (rows.empty()) rows = read_journal(tx, after);
    if (rows.empty()) return after;
    Batch batch(tx);
    for (const JournalRow& row : rows) apply_row(batch, row);
    flush(batch);
    write_sums(batch);
    grow_trees(tx, rows);
    if (index_contact) {
      for (const auto& [business, contact] : batch.contacts) index_contact(tx, business, contact);
    }
    return rows.back().pos;
  };
}

bool derived_is_outdated(db::Tx& tx) {
  db::Rows rows = tx.query(kOutdated, {});
  return rows.next();
}

}  // namespace annals::entries
