#include "evidence/row_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json_scan.h"
#include "db/db.h"
#include "entries/check.h"
#include "entries/delivery.h"
#include "evidence/beside.h"
#include "ledger/ledger.h"
#include "tlog/leaf.h"
#include "tlog/tree.h"

namespace annals::evidence {
namespace {

using ledger::Kind;

constexpr const char* kLeaves = R"(
  SELECT pos, contact, entry, version, kind, contact_seq, leaf_index, recorded_at, occurred_at, leaf
  FROM journal WHERE business = $1 AND pos > $2 AND pos <= $3 ORDER BY pos)";
constexpr const char* kRecords = R"(
  SELECT pos, contact, entry, version, kind, contact_seq, leaf_index, recorded_at, occurred_at,
         leaf, record, salt
  FROM journal WHERE business = $1 AND pos > $2 AND pos <= $3 ORDER BY pos)";
constexpr const char* kWhole = R"(
  SELECT j.pos, j.contact, j.entry, j.version, j.kind, j.contact_seq, j.leaf_index, j.recorded_at,
         j.occurred_at, j.leaf, j.record, j.salt, s.pos, s.kind, s.recorded_at, v.pos,
         t.pos, t.recorded_at, t.category, t.type, t.contact_type, t.method, t.direction, t.status,
         t.actor_kind, t.staff, t.manual, t.has_attachment, t.author, t.views,
         a.pos, a.recorded_at, a.category, a.type, a.contact_type, a.method, a.direction, a.status,
         a.actor_kind, a.staff, a.manual, a.has_attachment, a.author, a.views,
         a.contact, t.hidden_at, a.hidden_at, n.recorded_at, n.kind, t.retracted_at, a.retracted_at,
         (SELECT max(d.pos) FROM delivery_events d
          WHERE d.business = j.business AND d.entry = j.entry)
  FROM journal j
  LEFT JOIN supersession s
    ON s.business = j.business AND s.entry = j.entry AND s.version = j.version
  LEFT JOIN supersession n
    ON n.business = j.business AND n.entry = j.entry AND n.version = j.version + 1
  LEFT JOIN entry_versions v
    ON v.business = j.business AND v.entry = j.entry AND v.version = j.version
  LEFT JOIN timeline t ON t.business = j.business AND t.contact = j.contact
    AND t.occurred_at = j.occurred_at AND t.pos = j.pos
  LEFT JOIN timeline_all a ON a.business = j.business AND a.occurred_at = j.occurred_at
    AND a.pos = j.pos
  WHERE j.business = $1 AND j.pos > $2 AND j.pos <= $3 ORDER BY j.pos)";
// Columns of these.
constexpr int kOccurredAt = 8;
constexpr int kLeaf = 9;
constexpr int kRecord = 10;
constexpr int kSalt = 11;
constexpr int kLater = 12;
constexpr int kVersions = 15;
constexpr int kTimeline = 16;
constexpr int kTimelineAll = 30;
constexpr int kAllContact = 44;
constexpr int kHidden = 45;
constexpr int kLastEvent = 51;

constexpr const char* kFile = R"(
  SELECT name, media_type, size, sha256 FROM attachments WHERE business = $1 AND id = $2)";

base::ByteSpan salt_of(base::ByteSpan salts, std::size_t number) {
  const std::size_t begin = number * tlog::kSaltBytes;
  if (salts.size() < begin + tlog::kSaltBytes) return {};
  return salts.subspan(begin, tlog::kSaltBytes);
}

// What is to be looked up once the statement that reads the rows is done.
struct NamedFile {
  std::size_t step;
  entries::FileClaim claim;
  base::Bytes salt;
};
// A line of the timelines whose author the entry's first version tells.
struct LaterPrivate {
  std::size_t step;
  std::string record;
  base::Micros occurred_at;
};
struct NamedEvent {
  std::size_t step;
  entries::Delivery delivery;
};
// What the lines of an entry that has delivery events say of its status.
struct NamedStatus {
  std::size_t step;
  std::string timeline;
  std::string timeline_all;
};
struct Asked {
  std::vector<NamedFile> files;
  std::vector<std::size_t> later;  // corrections and retractions
  std::vector<LaterPrivate> authors;
  std::vector<std::size_t> shreds;
  std::vector<NamedEvent> events;
  std::vector<NamedStatus> statuses;
};

Step read_step(const db::Row& row) {
  const auto kind = static_cast<Kind>(row.integer(4));
  Step step{.pos = row.integer(0),
            .contact = row.id(1),
            .entry = row.id(2),
            .version = row.integer(3),
            .contact_seq = row.integer(5),
            .leaf_index = row.integer(6),
            .recorded_at = row.integer(7),
            .contact_tag = {},
            .leaf_hash = tlog::leaf_hash(row.blob(kLeaf)),
            .kind = kind,
            .faults = {},
            .files = {}};
  const auto parts = tlog::decode_leaf(row.blob(kLeaf));
  if (!parts) {
    step.faults.emplace_back("leaf: is none");
    return step;
  }
  step.contact_tag = parts->contact_tag;
  const auto compare = [&](const char* name, bool same) {
    if (!same) step.faults.emplace_back(name).append(": is not what the leaf says");
  };
  compare("contact_seq", parts->contact_seq == step.contact_seq);
  compare("recorded_at", parts->recorded_at == step.recorded_at);
  const auto number = static_cast<std::int64_t>(kind);
  const bool known = number >= 1 && number <= static_cast<std::int64_t>(Kind::kSettings);
  compare("kind", known && parts->type == ledger::leaf_type(kind));
  return step;
}

// The line whose `pos` is in column `at`.
void check_timeline(const db::Row& row, int at, const char* name, entries::TimelineColumns expected,
                    bool with_author, Step& step) {
  const bool with_status = row.is_null(kLastEvent);
  if (row.is_null(at)) {
    step.faults.emplace_back(name).append(": lacks it");
    return;
  }
  const entries::TimelineColumns found = timeline_at(row, at + 1);
  if (!with_author) expected.author = found.author;
  if (!with_status) expected.status = found.status;
  if (!found.same_as(expected)) {
    step.faults.emplace_back(name).append(": differs from the record");
  }
}

// Which later version hides or strikes this one, and since when.
void check_later(const db::Row& row, Step& step) {
  std::vector<std::string>& faults = step.faults;
  const Kind kind = step.kind;
  const bool is_later = step.version > 1;
  if (is_later != !row.is_null(kLater) ||
      (is_later && (row.integer(kLater) != step.pos ||
                    row.integer(kLater + 1) != static_cast<std::int64_t>(kind) ||
                    row.integer(kLater + 2) != step.recorded_at))) {
    faults.emplace_back("supersession: differs from the journal");
  }
  if (kind == Kind::kRetraction) return;
  const bool followed = !row.is_null(kHidden + 2);
  const bool by_retraction =
      followed && row.integer(kHidden + 3) == static_cast<std::int64_t>(Kind::kRetraction);
  const std::optional<std::int64_t> since = row.maybe_integer(kHidden + 2);
  const std::optional<std::int64_t> none;
  const auto& hidden = followed && !by_retraction ? since : none;
  const auto& struck = by_retraction ? since : none;
  if (row.maybe_integer(kHidden) != hidden || row.maybe_integer(kHidden + 4) != struck) {
    faults.emplace_back("timeline: differs about later versions");
  }
  if (row.maybe_integer(kHidden + 1) != hidden || row.maybe_integer(kHidden + 5) != struck) {
    faults.emplace_back("timeline_all: differs about later versions");
  }
  if (row.integer(kVersions) != step.pos) faults.emplace_back("entry_versions: differs");
}

bool has_salt(const db::Row& row) {
  const base::ByteSpan salts = row.blob(kSalt);
  const base::ByteSpan leaf = row.blob(kLeaf);
  if (leaf.size() != tlog::kLeafBytes) return false;
  const base::Digest digest = tlog::commitment(salt_of(salts, 0), row.text(kRecord));
  return std::equal(digest.begin(), digest.end(), leaf.last(digest.size()).begin());
}

// Of a fact about no entry, or that an entry was erased: its members business, id, kind and
// recorded_at.
void check_own(const db::Row& row, const base::Id& business, const char* kind, Step& step) {
  base::JsonScan scan(row.text(kRecord));
  bool same_business = false;
  bool same_entry = false;
  bool same_kind = false;
  bool same_time = false;
  while (scan.next_member()) {
    const auto says = [&](const std::string& text) { return scan.value() == '"' + text + '"'; };
    if (scan.key() == "business") same_business = says(business.text());
    if (scan.key() == "id") same_entry = says(step.entry.text());
    if (scan.key() == "kind") same_kind = says(kind);
    if (scan.key() == "recorded_at") {
      same_time = base::json_integer(scan.value()) == step.recorded_at;
    }
  }
  const auto compare = [&](const char* name, bool same) {
    if (!same) step.faults.emplace_back(name).append(": is not what the record says");
  };
  compare("business", same_business);
  compare("contact", step.kind == Kind::kShred || step.contact == business);
  compare("entry", same_entry);
  compare("version", step.version == 1);
  compare("kind", same_kind);
  compare("recorded_at", same_time);
  compare("occurred_at", row.integer(kOccurredAt) == step.recorded_at);
}

/// Checks rows and gathers what is to be asked about them.
class RowChecker {
 public:
  RowChecker(const CheckWith& with, Depth depth) : with_(with), depth_(depth), hash_(with.key) {}

  void take(const db::Row& row) {
    Step& step = rows.steps.emplace_back(read_step(row));
    if (depth_ == Depth::kBeside) step.faults.clear();
    if (depth_ == Depth::kLeaves || row.blob(kLeaf).size() != tlog::kLeafBytes) return;
    try {
      check(row, step);
    } catch (const base::Error&) {
      if (depth_ != Depth::kBeside) step.faults.emplace_back("record: cannot be read");
    }
  }

  Rows rows;
  Asked asked;

 private:
  void check(const db::Row& row, Step& step);
  void check_entry(const db::Row& row, Step& step);
  void check_event(const db::Row& row, Step& step);
  void check_tag(Step& step) const;
  [[nodiscard]] entries::JournalColumns columns_of(const db::Row& row, const Step& step) const;
  void expect(const db::Row& row, const entries::RecordCheck& check, const Step& step);
  [[nodiscard]] std::size_t number() const { return rows.steps.size() - 1; }

  const CheckWith& with_;
  const Depth depth_;
  RowHash hash_;
};

void RowChecker::check(const db::Row& row, Step& step) {
  const bool of_entry = step.kind <= Kind::kRetraction;
  step.blank = row.text(kRecord).empty() && row.blob(kSalt).empty();
  if (!step.blank && !has_salt(row)) {
    // What stands beside it cannot be compared with anything.
    if (depth_ != Depth::kBeside) {
      step.faults.emplace_back("record or salt: is not what the leaf commits to");
    }
    return;
  }
  if (of_entry && depth_ == Depth::kRecords) {
    if (step.kind != Kind::kRetraction) {
      rows.beside.versions.add(hash_.version(step.entry, step.version, step.pos));
    }
    if (step.version > 1) {
      rows.beside.supersession.add(
          hash_.later(step.entry, step.version, step.pos, step.kind, step.recorded_at));
      asked.later.push_back(number());
    }
  }
  if (step.blank) return;
  if (of_entry) return check_entry(row, step);
  if (step.kind == Kind::kDelivery) return check_event(row, step);
  if (depth_ == Depth::kBeside) return;
  if (step.kind == Kind::kShred) {
    check_own(row, with_.business, "shred", step);
    asked.shreds.push_back(number());
  } else {
    check_own(row, with_.business, step.kind == Kind::kAnchor ? "anchor" : "settings", step);
  }
}

void RowChecker::check_tag(Step& step) const {
  const auto tag = with_.tags.find(step.contact);
  if (tag == with_.tags.end() || tag->second != step.contact_tag) {
    step.faults.emplace_back("contact: is not whom the leaf's tag means");
  }
}

entries::JournalColumns RowChecker::columns_of(const db::Row& row, const Step& step) const {
  return {.business = with_.business,
          .contact = step.contact,
          .entry = step.entry,
          .version = step.version,
          .kind = step.kind,
          .recorded_at = step.recorded_at,
          .occurred_at = row.integer(kOccurredAt)};
}

void tell_differences(const std::vector<std::string>& names, Step& step) {
  for (const std::string& name : names) {
    step.faults.emplace_back(name).append(": is not what the record says");
  }
}

void RowChecker::check_event(const db::Row& row, Step& step) {
  entries::Delivery delivery = entries::parse_delivery(row.text(kRecord));
  if (depth_ != Depth::kBeside) {
    check_tag(step);
    tell_differences(entries::differences(delivery, columns_of(row, step)), step);
    if (row.blob(kSalt).size() != tlog::kSaltBytes) {
      step.faults.emplace_back("salt: is too long or too short");
    }
  }
  asked.events.push_back({number(), std::move(delivery)});
}

void RowChecker::check_entry(const db::Row& row, Step& step) {
  const entries::RecordCheck check(row.text(kRecord), columns_of(row, step));
  if (depth_ != Depth::kBeside) {
    check_tag(step);
    tell_differences(check.differences(), step);
    const base::ByteSpan salts = row.blob(kSalt);
    if (salts.size() != (1 + check.files().size()) * tlog::kSaltBytes) {
      step.faults.emplace_back("salt: is too long or too short");
    }
    for (std::size_t i = 0; i < check.files().size(); ++i) {
      const base::ByteSpan salt = salt_of(salts, i + 1);
      asked.files.push_back({number(), check.files()[i], {salt.begin(), salt.end()}});
    }
  }
  if (depth_ == Depth::kRecords) return expect(row, check, step);
  if (const auto& line = check.timeline()) {
    const bool with_author = !check.author_is_of_first();
    check_timeline(row, kTimeline, "timeline", *line, with_author, step);
    check_timeline(row, kTimelineAll, "timeline_all", *line, with_author, step);
    if (!row.is_null(kTimelineAll) && row.id(kAllContact) != step.contact) {
      step.faults.emplace_back("timeline_all: is of another contact");
    }
    if (!row.is_null(kLastEvent)) {
      asked.statuses.push_back({number(), std::string(timeline_at(row, kTimeline + 1).status),
                                std::string(timeline_at(row, kTimelineAll + 1).status)});
    }
  }
  check_later(row, step);
}

void RowChecker::expect(const db::Row& row, const entries::RecordCheck& check, const Step& step) {
  if (!check.timeline()) return;
  if (check.author_is_of_first()) {
    asked.authors.push_back({number(), row.string(kRecord), row.integer(kOccurredAt)});
    return;
  }
  const entries::TimelineColumns& line = *check.timeline();
  rows.beside.lines.add(hash_.line(step.contact, row.integer(kOccurredAt), step.pos, line));
  rows.beside.lines.add(hash_.status(step.pos, line.status));
}

void check_file(db::Tx& tx, const NamedFile& file, Step& step) {
  const std::string which = "attachment " + file.claim.id.text();
  db::Rows rows = tx.query(kFile, {tx.business(), file.claim.id});
  if (!rows.next()) {
    step.faults.push_back(which + ": is missing");
    return;
  }
  const base::ByteSpan sha256 = rows->blob(3);
  if (rows->text(0) != file.claim.name || rows->text(1) != file.claim.media_type ||
      rows->integer(2) != file.claim.size) {
    step.faults.push_back(which + ": is named or sized otherwise in the record");
  }
  if (base::hex(base::hmac_sha256(file.salt, {sha256})) != file.claim.commitment) {
    step.faults.push_back(which + ": its hash or salt is not what the record commits to");
  } else if (sha256.size() == sizeof(base::Digest)) {
    std::copy(sha256.begin(), sha256.end(), step.files.emplace_back().begin());
  }
}

constexpr const char* kShownBefore = R"(
  SELECT v.pos, j.record FROM entry_versions v
  JOIN journal j ON j.business = v.business AND j.pos = v.pos
  WHERE v.business = $1 AND v.entry = $2 AND v.version < $3 ORDER BY v.version DESC LIMIT 1)";

// What a later version did to the line of the one before it.
void expect_mark(db::Tx& tx, const Step& step, RowHash& hash, BesideSums& sums) {
  db::Rows before = tx.query(kShownBefore, {tx.business(), step.entry, step.version});
  if (!before.next() || before->text(1).empty()) return;
  const bool struck = step.kind == Kind::kRetraction;
  sums.lines.add(hash.mark(before->integer(0), struck, step.recorded_at));
}

constexpr const char* kFirstRecord = R"(
  SELECT j.record FROM entry_versions v JOIN journal j ON j.business = v.business AND j.pos = v.pos
  WHERE v.business = $1 AND v.entry = $2 AND v.version = 1)";

void expect_private(db::Tx& tx, const CheckWith& with, const LaterPrivate& later, const Step& step,
                    RowHash& hash, BesideSums& sums) {
  const entries::RecordCheck check(later.record, {.business = with.business,
                                                  .contact = step.contact,
                                                  .entry = step.entry,
                                                  .version = step.version,
                                                  .kind = step.kind,
                                                  .recorded_at = step.recorded_at,
                                                  .occurred_at = later.occurred_at});
  entries::TimelineColumns line = *check.timeline();
  db::Rows first = tx.query(kFirstRecord, {tx.business(), step.entry});
  base::Id author;
  if (first.next() && !first->text(0).empty()) {
    author = entries::author_of(first->text(0));
    line.author = author.bytes;
  }
  sums.lines.add(hash.line(step.contact, later.occurred_at, step.pos, line));
  sums.lines.add(hash.status(step.pos, line.status));
}

constexpr const char* kEventBefore = R"(
  SELECT d.status_before, j.record FROM delivery_events d
  JOIN journal j ON j.business = d.business AND j.pos = d.pos
  WHERE d.business = $1 AND d.entry = $2 AND d.pos < $3 ORDER BY d.pos DESC LIMIT 1)";

// The status of an entry before the journal's row at `pos`; nothing where its content was erased.
// What the table says of the event before is compared with the journal in its own turn.
std::optional<std::string> status_before(db::Tx& tx, const base::Id& entry, std::int64_t pos) {
  {
    db::Rows rows = tx.query(kEventBefore, {tx.business(), entry, pos});
    if (rows.next() && !rows->text(1).empty()) {
      const entries::Delivery before = entries::parse_delivery(rows->text(1));
      return std::string(entries::status_after(rows->text(0), before.status, before.machine));
    }
  }
  db::Rows first = tx.query(kFirstRecord, {tx.business(), entry});
  if (!first.next() || first->text(0).empty()) return std::nullopt;
  return entries::first_status(first->text(0));
}

constexpr const char* kVersionsOf = R"(
  SELECT pos FROM entry_versions WHERE business = $1 AND entry = $2)";

// What a delivery event did: its own row, and the status of the entry's lines.
void expect_event(db::Tx& tx, const NamedEvent& named, const Step& step, RowHash& hash,
                  BesideSums& sums) {
  const auto before = status_before(tx, step.entry, step.pos);
  if (!before) return;
  sums.events.add(hash.event(step.entry, step.pos, step.recorded_at, *before));
  const std::string_view after =
      entries::status_after(*before, named.delivery.status, named.delivery.machine);
  if (after == *before) return;
  db::Rows rows = tx.query(kVersionsOf, {tx.business(), step.entry});
  while (rows.next()) {
    sums.lines.take_away(hash.status(rows->integer(0), *before));
    sums.lines.add(hash.status(rows->integer(0), after));
  }
}

constexpr const char* kEventRow = R"(
  SELECT recorded_at, status_before FROM delivery_events
  WHERE business = $1 AND entry = $2 AND pos = $3)";

void check_event_row(db::Tx& tx, Step& step) {
  const auto before = status_before(tx, step.entry, step.pos);
  if (!before) return;
  db::Rows rows = tx.query(kEventRow, {tx.business(), step.entry, step.pos});
  if (!rows.next()) {
    step.faults.emplace_back("delivery_events: lacks it");
  } else if (rows->integer(0) != step.recorded_at || rows->text(1) != *before) {
    step.faults.emplace_back("delivery_events: differs from the journal");
  }
}

void check_status(db::Tx& tx, const NamedStatus& named, Step& step) {
  const auto status = status_before(tx, step.entry, INT64_MAX);
  if (!status) return;
  if (named.timeline != *status) {
    step.faults.emplace_back("timeline: differs from the delivery events");
  }
  if (named.timeline_all != *status) {
    step.faults.emplace_back("timeline_all: differs from the delivery events");
  }
}

constexpr const char* kUnerased = R"(
  SELECT 1 FROM journal j
  WHERE j.business = $1 AND j.record <> '' AND j.pos < $3
    AND j.pos IN (SELECT pos FROM entry_versions WHERE business = $1 AND entry = $2
                  UNION ALL SELECT pos FROM supersession WHERE business = $1 AND entry = $2
                  UNION ALL SELECT pos FROM delivery_events WHERE business = $1 AND entry = $2)
  LIMIT 1)";

void ask(db::Tx& tx, const CheckWith& with, Depth depth, const Asked& asked, Rows& rows) {
  RowHash hash(with.key);
  for (const NamedEvent& named : asked.events) {
    Step& step = rows.steps[named.step];
    if (depth == Depth::kRecords) {
      expect_event(tx, named, step, hash, rows.beside);
    } else {
      check_event_row(tx, step);
    }
  }
  for (const NamedStatus& named : asked.statuses) check_status(tx, named, rows.steps[named.step]);
  for (const NamedFile& file : asked.files) check_file(tx, file, rows.steps[file.step]);
  for (const std::size_t number : asked.later) {
    expect_mark(tx, rows.steps[number], hash, rows.beside);
  }
  for (const LaterPrivate& later : asked.authors) {
    expect_private(tx, with, later, rows.steps[later.step], hash, rows.beside);
  }
  for (const std::size_t number : asked.shreds) {
    Step& step = rows.steps[number];
    if (tx.query(kUnerased, {tx.business(), step.entry, step.pos}).next()) {
      step.faults.emplace_back("record: is there, and this leaf says that it was erased");
    }
  }
}

}  // namespace

Rows check_rows(db::Tx& tx, const CheckWith& with, std::int64_t from, std::int64_t to,
                Depth depth) {
  RowChecker checker(with, depth);
  {
    const char* sql = depth == Depth::kLeaves    ? kLeaves
                      : depth == Depth::kRecords ? kRecords
                                                 : kWhole;
    db::Rows found = tx.query(sql, {tx.business(), from, to});
    while (found.next()) checker.take(*found);
  }
  ask(tx, with, depth, checker.asked, checker.rows);
  return std::move(checker.rows);
}

}  // namespace annals::evidence
