#include "evidence/row_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json_scan.h"
#include "db/db.h"
#include "entries/check.h"
#include "ledger/ledger.h"
#include "tlog/leaf.h"
#include "tlog/tree.h"

namespace annals::evidence {
namespace {

using entries::TimelineColumns;
using ledger::Kind;

constexpr const char* kQuick = R"(
  SELECT pos, contact, entry, version, kind, contact_seq, leaf_index, recorded_at, occurred_at, leaf
  FROM journal WHERE business = $1 AND pos > $2 AND pos <= $3 ORDER BY pos)";
constexpr const char* kWhole = R"(
  SELECT j.pos, j.contact, j.entry, j.version, j.kind, j.contact_seq, j.leaf_index, j.recorded_at,
         j.occurred_at, j.leaf, j.record, j.salt, c.tag, s.pos, s.kind, s.recorded_at, v.pos,
         t.pos, t.recorded_at, t.category, t.type, t.contact_type, t.method, t.direction, t.status,
         t.actor_kind, t.staff, t.manual, t.has_attachment, t.author, t.views,
         a.pos, a.recorded_at, a.category, a.type, a.contact_type, a.method, a.direction, a.status,
         a.actor_kind, a.staff, a.manual, a.has_attachment, a.author, a.views,
         a.contact, t.hidden_at, a.hidden_at, n.recorded_at, n.kind, t.retracted_at, a.retracted_at
  FROM journal j
  LEFT JOIN contacts c ON c.business = j.business AND c.id = j.contact
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
// Columns of kWhole.
constexpr int kRecord = 10;
constexpr int kSalt = 11;
constexpr int kTag = 12;
constexpr int kLater = 13;
constexpr int kVersions = 16;
constexpr int kTimeline = 17;
constexpr int kTimelineAll = 31;
constexpr int kAllContact = 45;
constexpr int kHidden = 46;

constexpr const char* kFile = R"(
  SELECT name, media_type, size, sha256 FROM attachments WHERE business = $1 AND id = $2)";

base::Bytes bytes(const db::Row& row, int column) {
  const base::ByteSpan blob = row.blob(column);
  return {blob.begin(), blob.end()};
}

// The row of a timeline whose `pos` is in column `at`.
TimelineColumns timeline_at(const db::Row& row, int at) {
  return {.recorded_at = row.integer(at + 1),
          .category = row.string(at + 2),
          .type = row.string(at + 3),
          .contact_type = row.string(at + 4),
          .method = row.string(at + 5),
          .direction = row.string(at + 6),
          .status = row.string(at + 7),
          .actor_kind = row.string(at + 8),
          .staff = bytes(row, at + 9),
          .manual = row.flag(at + 10),
          .has_attachment = row.flag(at + 11),
          .author = bytes(row, at + 12),
          .views = row.string(at + 13)};
}

base::ByteSpan salt_of(base::ByteSpan salts, std::size_t number) {
  const std::size_t begin = number * tlog::kSaltBytes;
  if (salts.size() < begin + tlog::kSaltBytes) return {};
  return salts.subspan(begin, tlog::kSaltBytes);
}

// A file of a record, to be looked up once the row's statement is done.
struct NamedFile {
  std::size_t step;
  entries::FileClaim claim;
  base::Bytes salt;
};

Step read_step(const db::Row& row, Kind kind) {
  Step step{.pos = row.integer(0),
            .contact = row.id(1),
            .entry = row.id(2),
            .version = row.integer(3),
            .contact_seq = row.integer(5),
            .leaf_index = row.integer(6),
            .recorded_at = row.integer(7),
            .contact_tag = {},
            .leaf_hash = tlog::leaf_hash(row.blob(9)),
            .faults = {},
            .files = {}};
  const auto parts = tlog::decode_leaf(row.blob(9));
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

void check_timeline(const db::Row& row, int at, const char* name, bool with_author,
                    TimelineColumns expected, Step& step) {
  if (row.is_null(at)) {
    step.faults.emplace_back(name).append(": lacks it");
    return;
  }
  const TimelineColumns found = timeline_at(row, at);
  if (!with_author) expected.author = found.author;
  if (found != expected) step.faults.emplace_back(name).append(": differs from the record");
}

// Which later version hides or strikes this one, and since when.
void check_later(const db::Row& row, Kind kind, const Step& step,
                 std::vector<std::string>& faults) {
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

// Of a fact about the business itself: its members business, id, kind and recorded_at.
void check_own(const db::Row& row, std::string_view record, const base::Id& business, Kind kind,
               Step& step) {
  base::JsonScan scan(record);
  bool same_business = false;
  bool same_entry = false;
  bool same_kind = false;
  bool same_time = false;
  while (scan.next_member()) {
    const auto says = [&](const std::string& text) { return scan.value() == '"' + text + '"'; };
    if (scan.key() == "business") same_business = says(business.text());
    if (scan.key() == "id") same_entry = says(step.entry.text());
    if (scan.key() == "kind") same_kind = says(kind == Kind::kAnchor ? "anchor" : "settings");
    if (scan.key() == "recorded_at")
      same_time = base::json_integer(scan.value()) == step.recorded_at;
  }
  const auto compare = [&](const char* name, bool same) {
    if (!same) step.faults.emplace_back(name).append(": is not what the record says");
  };
  compare("business", same_business);
  compare("contact", step.contact == business);
  compare("entry", same_entry);
  compare("version", step.version == 1);
  compare("kind", same_kind);
  compare("recorded_at", same_time);
  compare("occurred_at", row.integer(8) == step.recorded_at);
}

void check_content(const db::Row& row, const base::Id& business, Kind kind, Step& step,
                   std::vector<NamedFile>& files, std::size_t number) {
  const std::string_view record = row.text(kRecord);
  const base::ByteSpan salts = row.blob(kSalt);
  const base::ByteSpan leaf = row.blob(9);
  if (leaf.size() != tlog::kLeafBytes) return;
  const base::Digest digest = tlog::commitment(salt_of(salts, 0), record);
  if (!std::equal(digest.begin(), digest.end(), leaf.last(digest.size()).begin())) {
    step.faults.emplace_back("record or salt: is not what the leaf commits to");
    return;  // what stands beside it cannot be compared with anything
  }
  if (kind == Kind::kAnchor || kind == Kind::kSettings) {
    return check_own(row, record, business, kind, step);
  }
  if (kind > Kind::kRetraction) return;
  if (row.is_null(kTag) || row.id(kTag) != step.contact_tag) {
    step.faults.emplace_back("contact: is not whom the leaf's tag means");
  }
  const entries::RecordCheck check = entries::check_record(record, {.business = business,
                                                                    .contact = step.contact,
                                                                    .entry = step.entry,
                                                                    .version = step.version,
                                                                    .kind = kind,
                                                                    .recorded_at = step.recorded_at,
                                                                    .occurred_at = row.integer(8)});
  for (const std::string& name : check.differences) {
    step.faults.emplace_back(name).append(": is not what the record says");
  }
  if (check.timeline) {
    check_timeline(row, kTimeline, "timeline", step.version == 1, *check.timeline, step);
    check_timeline(row, kTimelineAll, "timeline_all", step.version == 1, *check.timeline, step);
    if (!row.is_null(kTimelineAll) && row.id(kAllContact) != step.contact) {
      step.faults.emplace_back("timeline_all: is of another contact");
    }
  }
  check_later(row, kind, step, step.faults);
  if (salts.size() != (1 + check.files.size()) * tlog::kSaltBytes) {
    step.faults.emplace_back("salt: is too long or too short");
  }
  for (std::size_t i = 0; i < check.files.size(); ++i) {
    const base::ByteSpan salt = salt_of(salts, i + 1);
    files.push_back({number, check.files[i], {salt.begin(), salt.end()}});
  }
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

}  // namespace

std::vector<Step> check_rows(db::Tx& tx, const base::Id& business, std::int64_t from,
                             std::int64_t to, bool quick) {
  std::vector<Step> steps;
  std::vector<NamedFile> files;
  {
    db::Rows rows = tx.query(quick ? kQuick : kWhole, {tx.business(), from, to});
    while (rows.next()) {
      const auto kind = static_cast<Kind>(rows->integer(4));
      Step& step = steps.emplace_back(read_step(*rows, kind));
      if (quick) continue;
      try {
        check_content(*rows, business, kind, step, files, steps.size() - 1);
      } catch (const base::Error&) {
        step.faults.emplace_back("record: cannot be read");
      }
    }
  }
  for (const NamedFile& file : files) check_file(tx, file, steps[file.step]);
  return steps;
}

}  // namespace annals::evidence
